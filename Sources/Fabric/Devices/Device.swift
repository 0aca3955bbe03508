// What an FPGA has, as a table of facts with units and sources. A part is a row; `device.part` of a configuration selects it.

/// One physical fact.
public struct DeviceFact: Sendable, Hashable, Codable {
    /// How many.
    public var value: Int
    /// Of what.
    public var unit: String
    /// The document that says so.
    public var source: String

    /// A fact with its unit and the document that states it.
    public init(_ value: Int, unit: String, source: String) {
        self.value = value
        self.unit = unit
        self.source = source
    }
}

/// The DSP slice of a family, where it differs from the DSP48E2 that a Design is made of.
public struct DSPSlice: Sendable, Hashable, Codable {
    /// The primitive, as the vendor names it.
    public var name: String
    /// Bits of the multiplier's wide operand, signed; the other has 18.
    public var multiplierBits: Int
    /// The document that says so.
    public var source: String

    /// UltraScale and UltraScale+.
    public static let dsp48e2 = DSPSlice(name: "DSP48E2", multiplierBits: 27, source: "AMD UG579, overview")
    /// 7 series: no W multiplexer (no product, C and PCIN in one sum), 25 x 18 multiplier.
    public static let dsp48e1 = DSPSlice(name: "DSP48E1", multiplierBits: 25, source: "AMD UG479, overview")
}

/// The resources of an FPGA.
public struct Device: Sendable, Hashable, Codable {
    /// As a configuration names it.
    public var name: String
    /// A board that carries it.
    public var board: String
    /// Part with package, speed grade and temperature grade, as Vivado names it.
    public var orderingCode: String
    /// Six-input lookup tables.
    public var lut: DeviceFact
    /// Flip-flops.
    public var ff: DeviceFact
    /// DSP slices.
    public var dsp: DeviceFact
    /// DSP slices of the longest column: PCOUT reaches no farther.
    public var dspColumn: DeviceFact
    /// In whole 36 Kb sites; each holds two of 18 Kb.
    public var bram36: DeviceFact
    /// UltraRAM blocks of 288 Kb; no Design is made of them yet.
    public var uram: DeviceFact
    /// Its hard processor cores; nil: none.
    public var cores: String?
    /// What its DSP slices are.
    public var slice: DSPSlice
    /// How fast its primitives may be clocked.
    public var speeds: [PrimitiveSpeed]

    /// Whether it has the DSP48E2 and RAMB36E2 that the text of a Design instantiates.
    public var takesEmittedText: Bool { slice == .dsp48e2 }

    /// Every device that a configuration may name.
    public static let all = [xczu9eg, xczu7ev, xck26, xcu250, xc7z045]

    /// The device of a name; nil: no row has it.
    public static func named(_ name: String) -> Device? { all.first { $0.name == name } }
}
