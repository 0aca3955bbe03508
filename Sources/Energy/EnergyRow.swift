// What energy is charged for. The closed list of elements; their coefficients are rows of a table (EnergyTable.swift).

/// Something that takes energy each time it happens, or a factor on such.
public enum EnergyElement: String, Sendable, Hashable, CaseIterable, Codable, Comparable {
    /// a register bit changes, with the net behind it
    case flipFlopToggle = "ff_q_toggle"
    /// an output bit of logic changes: the LUT
    case lutToggle = "lut_output_toggle"
    /// an output bit of logic, of a DSP slice or of a block RAM changes: the net
    case netToggle = "net_toggle"
    /// an output bit of a carry chain changes
    case carryToggle = "carry_bit"
    /// a LUT used as a shift register is clocked
    case shiftRegisterClock = "srl_access"
    /// a DSP slice of which every operand bit changes, for a clock
    case dspToggle = "dsp48e2_per_alpha"
    /// a block of 36 Kb is read or written
    case memoryAccess = "bram36_base"
    /// a bit of a word that is read or written
    case memoryBit = "bram36_per_bit"
    /// a flip-flop is clocked
    case flipFlopClock = "clk_per_ff"
    /// a DSP slice is clocked
    case dspClock = "dsp48e2_idle_clocked"
    /// a block of 36 Kb is clocked
    case memoryClock = "bram36_disabled"
    /// a second of leakage, rail VCCINT
    case staticCore = "pl_static_vccint"
    /// a second of the auxiliary rail
    case staticAuxiliary = "pl_static_vccaux"
    /// a second of the block RAMs' rail
    case staticMemory = "pl_static_vccbram"
    /// a second of the other rails of the fabric
    case staticOther = "pl_static_other"
    /// a second of the idle Arm cores and interconnect
    case idleProcessor = "ps_idle_vccpsintfp"
    /// a second of the idle interface to the DRAM
    case idleInterface = "ps_idle_vccpsddr"
    /// a second of the other rails of the processing system
    case idleOther = "ps_idle_other"
    /// a second of one busy Arm core
    case busyCore = "ps_busy_cpu"
    /// a byte to or from the DRAM: the interface's rail
    case interfaceByte = "ddr_byte_vccpsddr"
    /// a byte to or from the DRAM: the controller's rail
    case controllerByte = "ddr_byte_vccpsintfp"
    /// a byte read: the DRAM itself
    case coreRead = "ddr_core_read"
    /// a byte written: the DRAM itself
    case coreWrite = "ddr_core_write"
    /// a row of the DRAM is opened and closed
    case activate = "ddr_activate"
    /// a second of the DRAM with its refreshes
    case background = "ddr_background"
    /// factor: toggles of a bit in a clock, where none are counted
    case assumedRate = "assumed_toggle_rate"
    /// factor: toggles of logic beside those of registers, where nets are not counted
    case logicRatio = "logic_toggle_ratio"
    /// factor: memories of several blocks
    case wideMemory = "bram_wide_factor"
    /// factor: changes within a clock that the next register does not see
    case glitches = "glitch_logic"
    /// scale: the core voltage
    case voltage = "vccint_volts"
    /// scale: the core voltage at which rows were measured
    case measuredVoltage = "vccint_volts_measured"

    /// By name.
    public static func < (a: EnergyElement, b: EnergyElement) -> Bool { a.rawValue < b.rawValue }
}

/// Which of the three parts of the energy a row belongs to, or what else it is.
public enum EnergyPart: String, Sendable, Hashable, CaseIterable, Codable {
    /// taken whatever is configured and runs
    case fixed = "static"
    /// taken by what is clocked, working or not
    case clockedIdle = "clocked_idle"
    /// taken by what changes
    case activity
    /// a factor on other rows
    case factor
    /// a voltage that rows scale with
    case scale

    /// The part that an element belongs to, in every table.
    static func of(_ element: EnergyElement) -> EnergyPart {
        switch element {
        case .staticCore, .staticAuxiliary, .staticMemory, .staticOther, .idleProcessor, .idleInterface, .idleOther,
            .background:
            .fixed
        case .flipFlopClock, .dspClock, .memoryClock, .shiftRegisterClock: .clockedIdle
        case .flipFlopToggle, .lutToggle, .netToggle, .carryToggle, .dspToggle, .memoryAccess, .memoryBit, .busyCore,
            .interfaceByte, .controllerByte, .coreRead, .coreWrite, .activate:
            .activity
        case .assumedRate, .logicRatio, .wideMemory, .glitches: .factor
        case .voltage, .measuredVoltage: .scale
        }
    }

    /// Whether energy is charged by the row.
    public var isCharged: Bool { self != .factor && self != .scale }
}

/// A coefficient.
public struct EnergyRow: Sendable, Hashable {
    /// What happens.
    public var element: EnergyElement
    /// Of the coefficient.
    public var unit: EnergyUnit
    /// The coefficient with its bounds, in `unit`.
    public var range: EnergyRange
    /// Rows whose errors go together: they come of one fit or one document.
    public var group: String
    /// The part of the energy.
    public var part: EnergyPart
    /// What of the machine takes it; empty for factors.
    public var component: String
    /// The supply that brings it; empty for factors.
    public var rail: String
    /// Where the numbers are from.
    public var source: String

    /// Joules of one such event; for a power, of one second. Factors: themselves.
    public var joules: EnergyRange { range * unit.joules }
}

/// Units of rows.
public enum EnergyUnit: String, Sendable, Hashable, CaseIterable {
    /// 10^-12 J for each bit that changes
    case perToggle = "pJ/toggle"
    /// 10^-12 J for each clock
    case perClock = "pJ/clock"
    /// 10^-12 J for each access
    case perAccess = "pJ/access"
    /// 10^-12 J for each bit moved
    case perBit = "pJ/bit"
    /// 10^-12 J for each byte moved
    case perByte = "pJ/byte"
    /// 10^-12 J for each row opened
    case perRow = "pJ/row"
    /// 1 J in each second
    case watts = "W"
    /// toggles of a bit in a clock
    case rate = "toggles/bit/clock"
    /// a number
    case ratio
    /// volts
    case volts = "V"

    /// Joules of 1 in this unit, for one event or second; 1 for factors.
    var joules: Double {
        switch self {
        case .perToggle, .perClock, .perAccess, .perBit, .perByte, .perRow: 1e-12
        case .watts, .rate, .ratio, .volts: 1
        }
    }
}
