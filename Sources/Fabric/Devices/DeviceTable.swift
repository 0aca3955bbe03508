// The parts. Counts of UltraScale+ are those of AMD's product tables, which were at hand in copies; docs/sources.md says
// of each number how well it is known.

extension Device {
    private static let ds891 = "AMD DS891, table of Zynq UltraScale+ EG devices"
    private static let ds891ev = "AMD DS891, table of Zynq UltraScale+ EV devices"
    private static let ds987 = "AMD DS987, programmable logic of the K26 SOM"
    private static let ds890 = "AMD DS890, table of Virtex UltraScale+ devices, XCVU13P, which the card's XCU250 is"
    private static let ds190 = "AMD DS190, table of Zynq-7000 devices"

    /// What the families call their sites.
    private static let (ramb36e2, ramb36e1, uram288) = ("RAMB36E2", "RAMB36E1", "URAM288")

    /// XCZU9EG-2FFVB1156E of the ZCU102 board.
    public static let xczu9eg = Device(
        name: "xczu9eg", board: "ZCU102", orderingCode: "xczu9eg-ffvb1156-2-e",
        lut: DeviceFact(274_080, unit: "LUT6", source: ds891),
        ff: DeviceFact(548_160, unit: "flip-flops", source: ds891),
        dsp: DeviceFact(2_520, unit: "DSP48E2", source: ds891),
        dspColumn: DeviceFact(
            168, unit: "DSP48E2",
            source: "seven clock regions of 24 (AMD UG579, device resources), the sites DSP48E2_XnY0...XnY167"),
        bram36: DeviceFact(912, unit: ramb36e2, source: ds891),
        uram: DeviceFact(0, unit: uram288, source: ds891),
        cores: "Cortex-A53", slice: .dsp48e2, speeds: PrimitiveSpeed.ultraScalePlus2)

    /// XCZU7EV-2FFVC1156E of the ZCU104 board.
    public static let xczu7ev = Device(
        name: "xczu7ev", board: "ZCU104", orderingCode: "xczu7ev-ffvc1156-2-e",
        lut: DeviceFact(230_400, unit: "LUT6", source: ds891ev),
        ff: DeviceFact(460_800, unit: "flip-flops", source: ds891ev),
        dsp: DeviceFact(1_728, unit: "DSP48E2", source: ds891ev),
        dspColumn: DeviceFact(
            144, unit: "DSP48E2",
            source: "24 a clock region (AMD UG579) times six rows of them, inferred: 12 such columns are its 1,728"),
        bram36: DeviceFact(312, unit: ramb36e2, source: ds891ev),
        uram: DeviceFact(96, unit: uram288, source: ds891ev),
        cores: "Cortex-A53", slice: .dsp48e2, speeds: PrimitiveSpeed.ultraScalePlus2)

    /// XCK26-SFVC784-2LV of the Kria K26 SOM, on a KV260: the logic of an XCZU5EV, at 0.72 V.
    public static let xck26 = Device(
        name: "xck26", board: "KV260", orderingCode: "xck26-sfvc784-2LV-c",
        lut: DeviceFact(117_120, unit: "LUT6", source: ds987),
        ff: DeviceFact(234_240, unit: "flip-flops", source: ds987),
        dsp: DeviceFact(1_248, unit: "DSP48E2", source: ds987),
        dspColumn: DeviceFact(
            96, unit: "DSP48E2",
            source: "24 a clock region (AMD UG579) times four rows of them, inferred: 13 such columns are its 1,248"),
        bram36: DeviceFact(144, unit: ramb36e2, source: ds987),
        uram: DeviceFact(64, unit: uram288, source: ds987),
        cores: "Cortex-A53", slice: .dsp48e2, speeds: PrimitiveSpeed.ultraScalePlus2LowVoltage)

    /// XCU250-FIGD2104-2L of the Alveo U250 card, all four super logic regions; the card's shell is not taken off, nor are
    /// crossings between regions modelled.
    public static let xcu250 = Device(
        name: "xcu250", board: "Alveo U250", orderingCode: "xcu250-figd2104-2L-e",
        lut: DeviceFact(1_728_000, unit: "LUT6", source: ds890),
        ff: DeviceFact(3_456_000, unit: "flip-flops", source: ds890),
        dsp: DeviceFact(12_288, unit: "DSP48E2", source: ds890),
        dspColumn: DeviceFact(
            96, unit: "DSP48E2",
            source:
                "24 a clock region (AMD UG579) times four rows in a super logic region, inferred: 128 such columns are its 12,288"
        ),
        bram36: DeviceFact(2_688, unit: ramb36e2, source: ds890),
        uram: DeviceFact(1_280, unit: uram288, source: ds890),
        cores: nil, slice: .dsp48e2, speeds: PrimitiveSpeed.ultraScalePlus2)

    /// XC7Z045-2FFG900C of the ZC706 board, the part of many papers. Its slices and block RAMs are those of the 7 series:
    /// a Design is counted and run for it, but its text, which instantiates those of UltraScale+, is not written for it.
    public static let xc7z045 = Device(
        name: "xc7z045", board: "ZC706", orderingCode: "xc7z045ffg900-2",
        lut: DeviceFact(218_600, unit: "LUT6", source: ds190),
        ff: DeviceFact(437_200, unit: "flip-flops", source: ds190),
        dsp: DeviceFact(900, unit: "DSP48E1", source: ds190),
        dspColumn: DeviceFact(
            140, unit: "DSP48E1",
            source:
                "20 a clock region (AMD UG479) times seven rows of them, inferred; columns above the processors are shorter"
        ),
        bram36: DeviceFact(545, unit: ramb36e1, source: ds190),
        uram: DeviceFact(0, unit: uram288, source: ds190),
        cores: "Cortex-A9", slice: .dsp48e1, speeds: PrimitiveSpeed.series7Kintex2)
}
