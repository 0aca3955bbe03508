// Fabric as a sum: what cells, scopes and designs take.

/// Fabric that a design takes.
public struct ResourceCount: Sendable, Hashable, Codable {
    /// LUT1 to LUT6 cells as Yosys counts them: before Vivado packs two small ones into one LUT6. Without the LUTs used
    /// as shift registers (`srl`) and without inverters.
    public var lut = 0
    /// Flip-flops (FDRE).
    public var ff = 0
    /// DSP48E2 slices.
    public var dsp = 0
    /// Whole RAMB36E2.
    public var ramb36 = 0
    /// RAMB18E2, halves of a RAMB36E2 site.
    public var ramb18 = 0
    /// CARRY8 cells, eight bits of a carry chain each.
    public var carry8 = 0
    /// SRL16E or SRLC32E cells.
    public var srl = 0

    /// Nothing.
    public init() {}

    /// RAMB36E2 sites; a RAMB18E2 takes half of one.
    public var bram36: Double { Double(ramb36) + Double(ramb18) / 2 }

    /// Both together, resource by resource.
    public static func + (a: ResourceCount, b: ResourceCount) -> ResourceCount {
        var sum = a
        sum.lut += b.lut
        sum.ff += b.ff
        sum.dsp += b.dsp
        sum.ramb36 += b.ramb36
        sum.ramb18 += b.ramb18
        sum.carry8 += b.carry8
        sum.srl += b.srl
        return sum
    }

    /// `count` copies.
    public static func * (a: ResourceCount, count: Int) -> ResourceCount {
        var product = a
        product.lut *= count
        product.ff *= count
        product.dsp *= count
        product.ramb36 *= count
        product.ramb18 *= count
        product.carry8 *= count
        product.srl *= count
        return product
    }
}
