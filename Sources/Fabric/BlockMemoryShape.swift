// RAMB36E2/RAMB18E2 shapes in simple dual port use (UG573): 512x72, 1Kx36, 2Kx18, 4Kx9, 8Kx4, 16Kx2, 32Kx1 and half
// of each width for the 18 Kb half. Deeper memories are not modelled.

/// How a memory of some depth and width is laid over block RAMs.
public struct BlockMemoryShape: Sendable, Equatable, Codable {
    /// Bits that one RAMB36E2 contributes at this depth.
    public var width36: Int
    /// Bits that one RAMB18E2 contributes; 0 when the depth needs a whole RAMB36E2.
    public var width18: Int
    public var count36: Int
    public var count18: Int

    /// Words that the block RAMs really have; addresses are taken modulo this.
    public var physicalDepth: Int

    /// Largest depth of a block RAM.
    public static let maximumDepth = 32768

    /// nil when the depth is over 32,768 words.
    public init?(depth: Int, width: Int) {
        let shapes: [(depth: Int, width36: Int, width18: Int)] = [
            (512, 72, 36), (1024, 36, 18), (2048, 18, 9), (4096, 9, 4), (8192, 4, 2), (16384, 2, 1), (32768, 1, 0),
        ]
        guard let shape = shapes.first(where: { depth <= $0.depth }) else { return nil }
        physicalDepth = shape.depth
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
