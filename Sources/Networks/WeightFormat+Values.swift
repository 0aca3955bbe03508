// Which integers a weight format can hold.

extension WeightFormat {
    /// Largest magnitude that the format holds.
    public var largestMagnitude: Int32 {
        switch self {
        case .powerOfTwo(let bits): Int32(1) << Int32(max(1, (1 << (bits - 1)) - 1) - 1)
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
        case .fixed: return true
        }
    }
}
