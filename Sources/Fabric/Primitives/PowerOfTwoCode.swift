// The weights of an `svpe` lane. The level sets are those of n-BQ-NN (Chen, Liu, Liu and Zeng, TNNLS 2020, arXiv
// 2004.02396, section III-A, equations 4 to 6) times the largest magnitude, so that every product is a left shift. The
// paper prints no bit layout; the one below is this simulator's.

/// n-bit codes of signed powers of two.
///
/// Bit n-1 is the sign, the low n-1 bits are f. f = 0 is zero, f = 1...r is the magnitude 2^(r-f), r = 2^(n-1)-1.
/// n = 1 has no zero: 0 is +1 and 1 is -1.
public enum PowerOfTwoCode {
    /// Values of n: six bits would already be shifts by up to 30.
    public static let bits = 1...5

    /// Number of non-zero magnitudes.
    @inlinable public static func magnitudes(bits: Int) -> Int { (1 << (bits - 1)) - 1 }

    /// Largest magnitude, as a power of two's exponent.
    @inlinable public static func largestExponent(bits: Int) -> Int { max(0, magnitudes(bits: bits) - 1) }

    /// The integer that a code stands for.
    @inlinable public static func value(_ code: Int64, bits: Int) -> Int64 {
        let sign = (code >> Int64(bits - 1)) & 1
        if bits == 1 { return sign == 1 ? -1 : 1 }
        let field = code & ((1 << Int64(bits - 1)) - 1)
        if field == 0 { return 0 }
        let magnitude = Int64(1) << (Int64(magnitudes(bits: bits)) - field)
        return sign == 1 ? -magnitude : magnitude
    }

    /// The code of 0 or +-2^k, nil when there is none.
    @inlinable public static func encode(_ value: Int, bits: Int) -> Int? {
        if bits == 1 { return value == 1 ? 0 : value == -1 ? 1 : nil }
        if value == 0 { return 0 }
        let magnitude = abs(value)
        guard magnitude & (magnitude - 1) == 0 else { return nil }
        let field = magnitudes(bits: bits) - magnitude.trailingZeroBitCount
        guard field >= 1 else { return nil }
        return field | (value < 0 ? 1 << (bits - 1) : 0)
    }
}
