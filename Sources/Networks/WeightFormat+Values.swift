// Which integers a weight format can hold.

extension WeightFormat {
    /// Octaves of n-bit power-of-two codes: 0 and +-2^k, k in 0 ..< octaves.
    public static func octaves(bits: Int) -> Int { max(1, (1 << (bits - 1)) - 1) }

    /// Largest magnitude that the format holds.
    public var largestMagnitude: Int32 {
        switch self {
        case .powerOfTwo(let bits): Int32(1) << Int32(WeightFormat.octaves(bits: bits) - 1)
        case .powerOfTwoSum(let bits, let terms):
            (0..<terms).map { WeightFormat.octaves(bits: bits) - 1 - 2 * $0 }.filter { $0 >= 0 }
                .reduce(Int32(0)) { $0 + Int32(1) << Int32($1) }
        case .fixed(let bits): (Int32(1) << Int32(bits - 1)) - 1
        }
    }

    /// Whether the format holds this integer. The fixed formats are symmetric: the most negative two's
    /// complement value is not used.
    public func holds(_ weight: Int32) -> Bool {
        let magnitude = weight.magnitude
        guard magnitude <= UInt32(largestMagnitude) else { return false }
        switch self {
        case .powerOfTwo(let bits): return magnitude == 0 ? bits > 1 : magnitude & (magnitude - 1) == 0
        case .powerOfTwoSum(_, let terms): return WeightFormat.terms(of: weight) <= terms
        case .fixed: return true
        }
    }

    /// Smallest number of signed powers of two whose sum is the weight: the non-zero digits of its non-adjacent
    /// form, which are the binary digits in which the weight and its triple differ.
    public static func terms(of weight: Int32) -> Int {
        let value = UInt64(weight.magnitude)
        return (value ^ (3 * value)).nonzeroBitCount
    }
}

extension QuantizedLayer {
    /// Terms of each filter (output channel) of a convolution: the most that one of its weights needs, 0 for a
    /// filter of zeros. A filter of k terms takes k passes of an `svpe` array. Empty for poolings and for
    /// fixed-point weights. Cost: one look at every weight.
    public var filterTerms: [Int] {
        guard case .convolution(let weights, let format, _) = operation, outputShape.channels > 0 else { return [] }
        if case .fixed = format { return [] }
        let row = weights.count / outputShape.channels
        return (0..<outputShape.channels).map { filter in
            weights[filter * row..<(filter + 1) * row].reduce(0) { max($0, WeightFormat.terms(of: $1)) }
        }
    }
}
