// Random numbers that are the same on every platform: SplitMix64 (Steele, Lea, Flood, OOPSLA 2014), and a
// normal distribution made of exact arithmetic only, since `log` and `cos` differ in the last bit.

/// A seeded generator of 64-bit words.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Equal seeds give equal sequences.
    public init(seed: UInt64) { state = seed }

    /// The next 64 bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    /// Uniform in 0 ..< 1, in steps of 2^-24.
    public mutating func uniform() -> Float { Float(next() >> 40) * 0x1p-24 }

    /// Uniform in a range.
    public mutating func uniform(in range: ClosedRange<Float>) -> Float {
        range.lowerBound + (range.upperBound - range.lowerBound) * uniform()
    }

    /// Mean 0, variance 1: the centred sum of eight 16-bit uniforms (Irwin-Hall), range +-4.9.
    public mutating func normal() -> Float {
        let standardDeviation: Float = 53509.92  // sqrt(8 / 12 * (2^32 - 1))
        let pairs = Self.sumsOfPairs(next()) &+ Self.sumsOfPairs(next())
        let sum = Int(pairs & 0xFFFF_FFFF) + Int(pairs >> 32)
        return Float(sum - 4 * 0xFFFF) / standardDeviation
    }

    /// The next normal values, each times `deviation`.
    public mutating func normals(_ count: Int, deviation: Float) -> [Float] {
        var generator = self
        let values = [Float](unsafeUninitializedCapacity: count) { values, initialized in
            for index in 0..<count { values[index] = deviation * generator.normal() }
            initialized = count
        }
        self = generator
        return values
    }

    /// The four quarters of a word, added in pairs: two sums of 17 bits, each in a half of its own.
    private static func sumsOfPairs(_ word: UInt64) -> UInt64 {
        (word & 0x0000_FFFF_0000_FFFF) &+ (word >> 16 & 0x0000_FFFF_0000_FFFF)
    }
}
