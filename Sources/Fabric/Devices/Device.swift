// What an FPGA has, as a table of facts with units and sources.

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

/// The resources of an FPGA.
public struct Device: Sendable, Hashable, Codable {
    /// As a configuration names it.
    public var name: String
    /// Part with package, speed grade and temperature grade, as Vivado names it.
    public var orderingCode: String
    /// Six-input lookup tables.
    public var lut: DeviceFact
    /// Flip-flops.
    public var ff: DeviceFact
    /// DSP48E2 slices.
    public var dsp: DeviceFact
    /// DSP48E2 of the longest column: PCOUT reaches no farther.
    public var dspColumn: DeviceFact
    /// In whole RAMB36E2 sites; each holds two RAMB18E2.
    public var bram36: DeviceFact
    /// How fast its primitives may be clocked.
    public var speeds: [PrimitiveSpeed]

    /// XCZU9EG-2FFVB1156E of the ZCU102 board.
    public static let xczu9eg = Device(
        name: "xczu9eg", orderingCode: "xczu9eg-ffvb1156-2-e",
        lut: DeviceFact(274_080, unit: "LUT6", source: "AMD DS891, table of Zynq UltraScale+ EG devices"),
        ff: DeviceFact(548_160, unit: "flip-flops", source: "AMD DS891, table of Zynq UltraScale+ EG devices"),
        dsp: DeviceFact(2_520, unit: "DSP48E2", source: "AMD DS891, table of Zynq UltraScale+ EG devices"),
        dspColumn: DeviceFact(
            168, unit: "DSP48E2",
            source: "seven clock regions of 24 (AMD UG579, device resources), the sites DSP48E2_XnY0...XnY167"),
        bram36: DeviceFact(912, unit: "RAMB36E2", source: "AMD DS891, table of Zynq UltraScale+ EG devices"),
        speeds: PrimitiveSpeed.zynqUltraScalePlus2)

    /// Every device that a configuration may name.
    public static let all = [xczu9eg]
}
