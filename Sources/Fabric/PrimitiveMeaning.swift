// The scalar meaning of every logic primitive: the definition that the kernel's vector steps and the emitted
// SystemVerilog are tested against. State primitives have theirs in RegisterMeaning, BlockMemory and DSP48E2.

/// n-bit codes of signed powers of two, the weights of an `svpe` lane (papers.md 1.1, "n-BQ-NN").
///
/// Bit n-1 is the sign, the low n-1 bits are f. f = 0 is zero, f = 1...r is the magnitude 2^(r-f), r = 2^(n-1)-1.
/// n = 1 has no zero: 0 is +1 and 1 is -1.
public enum PowerOfTwoCode {
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
    public static func encode(_ value: Int, bits: Int) -> Int? {
        if bits == 1 { return value == 1 ? 0 : value == -1 ? 1 : nil }
        if value == 0 { return 0 }
        let magnitude = abs(value)
        guard magnitude & (magnitude - 1) == 0 else { return nil }
        let field = magnitudes(bits: bits) - magnitude.trailingZeroBitCount
        guard field >= 1 else { return nil }
        return field | (value < 0 ? 1 << (bits - 1) : 0)
    }
}

/// Integer meaning of logic primitives on operands in canonical form (sign- or zero-extended to 64 bits).
public enum PrimitiveMeaning {
    /// Truncates to `width` bits and sign- or zero-extends: the canonical form of a net's value. width is 1...62.
    @inlinable public static func canonical(_ value: Int64, width: Int, signed: Bool) -> Int64 {
        let unused = Int64(64 - width)
        return signed
            ? (value << unused) >> unused
            : Int64(bitPattern: (UInt64(bitPattern: value) << UInt64(unused)) >> UInt64(unused))
    }

    /// The unbounded result of a lane-wise logic primitive; the caller makes it canonical.
    /// `pack`, `unpack` and `laneSelect` move lanes and are defined where lanes are known.
    @inlinable public static func evaluate(
        _ kind: PrimitiveKind, _ a: Int64, _ b: Int64, _ c: Int64, parameter: Int, width: Int
    ) -> Int64 {
        switch kind {
        case .not: ~a
        case .and: a & b
        case .or: a | b
        case .xor: a ^ b
        case .add: a &+ b
        case .subtract: a &- b
        case .equal: a == b ? 1 : 0
        case .lessThan: a < b ? 1 : 0
        case .multiplex: a != 0 ? b : c
        case .slice: a >> Int64(parameter)
        case .shiftLeftConstant: a << Int64(parameter)
        case .shiftRight: a >> (b & 63)
        case .shiftLeft: a << (b & 63)
        case .roundShift: roundHalfEven(a, b & 63)
        case .saturate: clamp(a, width: width)
        case .maximum: max(a, b)
        case .powerOfTwoShift: a &* PowerOfTwoCode.value(b, bits: parameter)
        case .unpack, .pack, .laneSelect, .register, .shiftRegister, .blockMemory, .dsp48e2:
            preconditionFailure("\(kind) is not a lane-wise logic primitive")
        }
    }

    /// a / 2^shift, halves to even: the one rounding rule.
    @inlinable public static func roundHalfEven(_ a: Int64, _ shift: Int64) -> Int64 {
        if shift == 0 { return a }
        let floor = a >> shift
        let remainder = a &- (floor << shift)
        let half = Int64(1) << (shift - 1)
        return remainder > half || (remainder == half && floor & 1 == 1) ? floor &+ 1 : floor
    }

    /// The nearest value of a signed number of `width` bits.
    @inlinable public static func clamp(_ a: Int64, width: Int) -> Int64 {
        let high = (Int64(1) << Int64(width - 1)) - 1
        return min(max(a, -high - 1), high)
    }
}
