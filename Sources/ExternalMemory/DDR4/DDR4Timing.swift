// The rules of a DDR4 memory in clocks of its bus, one row per rule with the value in each set and where it is from.
// Sets: `zcu102` is what the board's start-up code writes into the controller of a ZCU102 (rev. 1.1: eight x8 devices of
// 4 Gb); a register that counts controller clocks counts two DRAM clocks, so its values are even. The others are JEDEC
// speed bins as DRAMsim3 and Ramulator 2 have them, with JEDEC's 350 ns of tRFC for 8 Gb (Ramulator 2 has 360).
// Not here: commands that a controller with one rank in normal operation never sends (power-down, self-refresh, ZQ).

/// The rules of one DDR4 memory: distances between commands in DRAM clocks, and the clock.
public struct DDR4Timing: Sendable, Hashable, Codable {
    /// The DRAM clock in kHz; data move on both edges.
    public var clockKHz = 0
    /// CL: a read command to its first data.
    public var cl = 0
    /// CWL: a write command to its first data.
    public var cwl = 0
    /// Clocks of data per access: half the burst length of 8.
    public var burst = 0
    /// tRCD: activate to read or write, the same bank.
    public var tRCD = 0
    /// tRP: precharge to activate, the same bank.
    public var tRP = 0
    /// tRAS: activate to precharge, the same bank.
    public var tRAS = 0
    /// tRC: activate to activate, the same bank.
    public var tRC = 0
    /// tRRD_S: activate to activate, another bank group.
    public var tRRDS = 0
    /// tRRD_L: activate to activate, the same bank group.
    public var tRRDL = 0
    /// tFAW: an activate to the fourth after it.
    public var tFAW = 0
    /// tCCD_S: read to read, or write to write, another bank group.
    public var tCCDS = 0
    /// tCCD_L: read to read, or write to write, the same bank group.
    public var tCCDL = 0
    /// tWTR_S: end of written data to a read, another bank group.
    public var tWTRS = 0
    /// tWTR_L: end of written data to a read, the same bank group.
    public var tWTRL = 0
    /// tRTP: read to precharge, the same bank.
    public var tRTP = 0
    /// tWR: end of written data to precharge, the same bank.
    public var tWR = 0
    /// Read command to write command, any bank: CL + burst + 2 - CWL, or what a controller is programmed with.
    public var tRTW = 0
    /// tRFC: refresh to activate, any bank.
    public var tRFC = 0
    /// tREFI: mean distance of refreshes.
    public var tREFI = 0

    /// Write command to read command, the same bank group or another.
    public func writeToRead(sameGroup: Bool) -> Int { cwl + burst + (sameGroup ? tWTRL : tWTRS) }

    /// Bytes per second at the pins of a 64-bit bus: two times eight bytes per clock.
    public var pinBytesPerSecond: Int { clockKHz * 1000 * 16 }
}

extension DDR4Timing {
    /// A rule: its value in each of the sets, in the order of `sets`, and the sources.
    public struct Row: Sendable {
        /// JEDEC's name, as tests and documents have it.
        public let name: String
        /// Of the values.
        public let unit: String
        /// In the order of `sets`.
        public let values: [Int]
        /// Where the first value is from; then the others.
        public let source: String
        fileprivate typealias Field = WritableKeyPath<DDR4Timing, Int> & Sendable
        fileprivate let field: Field

        fileprivate init(
            _ name: String, _ field: Field, _ values: [Int], unit: String = "tCK",
            _ source: String
        ) {
            (self.name, self.field, self.values, self.unit, self.source) = (name, field, values, unit, source)
        }
    }

    /// Names of the columns of `rows`.
    public static let sets = ["zcu102", "ddr4_2133", "ddr4_2133x8", "ddr4_2400", "ddr4_2400x8"]

    /// All rules. R2: Ramulator 2, DDR4 presets; D3: DRAMsim3 configs; U: psu_init_gpl.c of zynqmp-zcu102-rev1.1 in U-Boot,
    /// the register's address and field, times two.
    public static let rows: [Row] = [
        Row(
            "clock", \.clockKHz, [1_066_500, 1_066_500, 1_066_500, 1_200_000, 1_200_000], unit: "kHz",
            "Vivado preset DDR4_2133P, 1066.5 MHz; JEDEC"),
        Row("CL", \.cl, [15, 15, 15, 17, 17], "U 0xFD0700DC MR0 = 0x0730; R2 2133P; D3 2400 (JEDEC 2400T)"),
        Row("CWL", \.cwl, [14, 11, 11, 12, 12], "U 0xFD0700E0 MR2 = 0x0020 (JEDEC's second set); R2"),
        Row("BL/2", \.burst, [4, 4, 4, 4, 4], "U 0xFD070000 burst_rdwr = 4; JEDEC BL8"),
        Row("tRCD", \.tRCD, [16, 15, 15, 17, 17], "U 0xFD070110 t_rcd = 8; R2 2133P; D3 2400"),
        Row("tRP", \.tRP, [18, 15, 15, 17, 17], "U 0xFD070110 t_rp = 9; R2 2133P; D3 2400"),
        Row("tRAS", \.tRAS, [34, 36, 36, 39, 39], "U 0xFD070100 t_ras_min = 17; R2"),
        Row("tRC", \.tRC, [50, 51, 51, 56, 56], "U 0xFD070104 t_rc = 25; R2 2133P; D3 2400"),
        Row("tRRD_S", \.tRRDS, [4, 6, 4, 7, 4], "U 0xFD070124 t_rrd_s = 2; R2 by width and rate"),
        Row("tRRD_L", \.tRRDL, [6, 7, 6, 8, 6], "U 0xFD070110 t_rrd = 3; R2 by width and rate"),
        Row("tFAW", \.tFAW, [32, 32, 23, 36, 26], "U 0xFD070100 t_faw = 16; R2: 30 ns x16, 21 ns x8"),
        Row("tCCD_S", \.tCCDS, [4, 4, 4, 4, 4], "U 0xFD070124 t_ccd_s = 2; R2"),
        Row("tCCD_L", \.tCCDL, [6, 6, 6, 6, 6], "U 0xFD070110 t_ccd = 3; R2"),
        Row("tWTR_S", \.tWTRS, [4, 3, 3, 3, 3], "U 0xFD070124 wr2rd_s = 11: 22 less CWL + BL/2; R2"),
        Row("tWTR_L", \.tWTRL, [8, 8, 8, 9, 9], "U 0xFD070108 wr2rd = 13: 26 less CWL + BL/2; R2"),
        Row("tRTP", \.tRTP, [8, 8, 8, 9, 9], "U 0xFD070104 rd2pre = 4; R2"),
        Row("tWR", \.tWR, [16, 16, 16, 18, 18], "U 0xFD070100 wr2pre = 17: 34 less CWL + BL/2; R2"),
        Row("tRTW", \.tRTW, [12, 10, 10, 11, 11], "U 0xFD070108 rd2wr = 6; R2: CL + BL/2 + 2 - CWL"),
        Row("tRFC", \.tRFC, [276, 374, 374, 420, 420], "U 0xFD070064 t_rfc_min = 138 (4 Gb); JEDEC 8 Gb: 350 ns"),
        Row("tREFI", \.tREFI, [8192, 8319, 8319, 9360, 9360], "U 0xFD070064 t_rfc_nom_x32 = 128; JEDEC 7.8 us"),
    ]

    private static func set(_ column: Int) -> DDR4Timing {
        var timing = DDR4Timing()
        for row in rows { timing[keyPath: row.field] = row.values[column] }
        return timing
    }

    /// What start-up code writes into the controller of a ZCU102: DDR4-2133, x8 devices of 4 Gb.
    public static let zcu102 = set(0)
    // swift-format-ignore: AlwaysUseLowerCamelCase
    /// DDR4-2133P, 15-15-15, x16 devices of 8 Gb: modules of later ZCU102 boards.
    public static let ddr4_2133 = set(1)
    // swift-format-ignore: AlwaysUseLowerCamelCase
    /// DDR4-2133P, 15-15-15, x8 devices of 8 Gb.
    public static let ddr4_2133x8 = set(2)
    // swift-format-ignore: AlwaysUseLowerCamelCase
    /// DDR4-2400T, 17-17-17, x16 devices of 8 Gb.
    public static let ddr4_2400 = set(3)
    // swift-format-ignore: AlwaysUseLowerCamelCase
    /// DDR4-2400T, 17-17-17, x8 devices of 8 Gb.
    public static let ddr4_2400x8 = set(4)
}
