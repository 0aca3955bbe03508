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
    public init(_ kind: Kind, _ name: String, mhz: Double, low: Double, high: Double, source: String) {
        self.kind = kind
        self.name = name
        self.mhz = mhz
        self.low = low
        self.high = high
        self.source = source
    }

    /// Zynq UltraScale+, -2 at 0.85 V; low -1 at 0.85 V, high -3 at 0.90 V. The designs' DSP48E2 have all registers, their
    /// block RAMs read first.
    static let zynqUltraScalePlus2 = [
        PrimitiveSpeed(
            .clockBuffer, "BUFGCE", mhz: 775, low: 667, high: 891, source: "AMD DS925, clock buffers and networks"),
        PrimitiveSpeed(
            .dsp48e2, "DSP48E2 with all registers", mhz: 775, low: 645, high: 891,
            source: "AMD DS925, DSP48 slice switching characteristics"),
        PrimitiveSpeed(
            .blockMemory, "RAMB36E2 in mode READ_FIRST", mhz: 637, low: 575, high: 718,
            source: "AMD DS925, block RAM switching characteristics"),
    ]
}
