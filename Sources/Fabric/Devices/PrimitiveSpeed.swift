// How fast the primitives of a part may be clocked: switching characteristics of its data sheet. Routing is not in them;
// what a design reaches in Vivado lies below.

/// The largest clock of one primitive in one use.
public struct PrimitiveSpeed: Sendable, Hashable, Codable {
    /// What a primitive is, for the question whether a design has it.
    public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        /// Every design has a clock net.
        case clockBuffer
        case dsp48e2
        case blockMemory
    }

    /// Which primitive.
    public var kind: Kind
    /// The primitive and its use, for messages.
    public var name: String
    /// Largest clock in MHz, of the part's speed grade.
    public var mhz: Double
    /// Of the slowest grade.
    public var low: Double
    /// Of the fastest grade.
    public var high: Double
    /// The document that says so.
    public var source: String

    /// A row of the data sheet.
    public init(_ kind: Kind, _ name: String, mhz: Double, in range: ClosedRange<Double>, source: String) {
        self.kind = kind
        self.name = name
        self.mhz = mhz
        (low, high) = (range.lowerBound, range.upperBound)
        self.source = source
    }

    private static let buffers = "AMD DS925, clock buffers and networks"
    private static let slices = "AMD DS925, DSP48 slice switching characteristics"
    private static let blocks = "AMD DS925, block RAM switching characteristics"

    /// UltraScale+, -2 at 0.85 V; low -1 at 0.85 V, high -3 at 0.90 V. Zynq's, Virtex's and Kintex's data sheets have the
    /// same numbers. The designs' DSP48E2 have all registers, their block RAMs read first.
    static let ultraScalePlus2 = [
        PrimitiveSpeed(.clockBuffer, "BUFGCE", mhz: 775, in: 667...891, source: buffers),
        PrimitiveSpeed(.dsp48e2, "DSP48E2 with all registers", mhz: 775, in: 645...891, source: slices),
        PrimitiveSpeed(.blockMemory, "RAMB36E2 in mode READ_FIRST", mhz: 637, in: 575...718, source: blocks),
    ]

    /// UltraScale+, -2 at 0.72 V; low -1 at 0.72 V, high -2 at 0.85 V.
    static let ultraScalePlus2LowVoltage = [
        PrimitiveSpeed(.clockBuffer, "BUFGCE", mhz: 725, in: 667...775, source: buffers),
        PrimitiveSpeed(.dsp48e2, "DSP48E2 with all registers", mhz: 644, in: 600...775, source: slices),
        PrimitiveSpeed(.blockMemory, "RAMB36E2 in mode READ_FIRST", mhz: 510, in: 460...637, source: blocks),
    ]

    /// Zynq-7000 with the fabric of Kintex-7, -2 at 1.0 V; low -1, high -3.
    static let series7Kintex2 = [
        PrimitiveSpeed(.clockBuffer, "BUFG", mhz: 710, in: 625...741, source: "AMD DS191, clock buffers and networks"),
        PrimitiveSpeed(
            .dsp48e2, "DSP48E1 with all registers", mhz: 650, in: 547...741,
            source: "AMD DS191, DSP48E1 switching characteristics"),
        PrimitiveSpeed(
            .blockMemory, "RAMB36E1 in mode READ_FIRST", mhz: 477, in: 400...528,
            source: "AMD DS191, block RAM and FIFO switching characteristics, addresses free"),
    ]
}
