// Which parts of the plan must look again, one bit each. A bit is set when something that the part reads has changed,
// and cleared when the part runs; what is not set is not even visited.

/// Words 0 and 1: segments of logic. Word 2: groups of scalar registers. Word 3: banks.
typealias DirtyBits = SIMD4<UInt64>

extension DirtyBits {
    static let segments = 128
    static let groups = 64
    static let banks = 64

    /// Segments past the last bit have none: they always run.
    static func segment(_ index: Int) -> DirtyBits {
        var bits = DirtyBits.zero
        if index < segments { bits[index / 64] = 1 << UInt64(index % 64) }
        return bits
    }

    /// Groups past the last bit share it.
    static func group(_ index: Int) -> DirtyBits { DirtyBits(0, 0, 1 << UInt64(Swift.min(index, groups - 1)), 0) }

    /// Neighbours share a bit where there are more than 64 banks.
    static func bank(_ index: Int, perBit: Int) -> DirtyBits { DirtyBits(0, 0, 0, 1 << UInt64(index / perBit)) }
}
