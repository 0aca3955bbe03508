// RAMB36E2/RAMB18E2 shapes in simple dual port use (AMD UG573): 512x72, 1Kx36, 2Kx18, 4Kx9, 8Kx4, 16Kx2, 32Kx1 and half
// of each width for the 18 Kb half. Deeper memories are not modelled.

/// How a memory of some depth and width is laid over block RAMs.
public struct BlockMemoryShape: Sendable, Equatable, Codable {
    /// Bits that one RAMB36E2 contributes at this depth.
    public var width36: Int
    /// Bits that one RAMB18E2 contributes; 0 when the depth needs a whole RAMB36E2.
    public var width18: Int
    /// RAMB36E2 that the width takes.
    public var count36: Int
    /// RAMB18E2 that the width takes beside them, 0 or 1.
    public var count18: Int

    /// Words of the deepest memory.
    public static let maximumDepth = 32768

    /// Address bits of a memory of `depth` words, at least one. Addresses are taken modulo 2 to the power of this.
    public static func addressBits(depth: Int) -> Int { max(1, Int.bitWidth - (depth - 1).leadingZeroBitCount) }

    /// Lays `width` bits, one or more, over block RAMs; nil when the depth is over 32,768 words.
    public init?(depth: Int, width: Int) {
        let shapes: [(depth: Int, width36: Int, width18: Int)] = [
            (512, 72, 36), (1024, 36, 18), (2048, 18, 9), (4096, 9, 4), (8192, 4, 2), (16384, 2, 1), (32768, 1, 0),
        ]
        guard let shape = shapes.first(where: { depth <= $0.depth }) else { return nil }
        width36 = shape.width36
        width18 = shape.width18
        count36 = width / shape.width36
        count18 = 0
        let rest = width % shape.width36
        if rest > 0 {
            if rest <= shape.width18 { count18 = 1 } else { count36 += 1 }
        }
    }

    /// RAMB36E2 sites taken, in halves of a site.
    public var halves: Int { 2 * count36 + count18 }
}
