// Section `memory`: external memory and the ports to it.

import ExternalMemory

#if MUTANTS
    import Mutants
#endif

/// External memory as the configuration describes it.
package struct MemorySettings: Sendable, Hashable {
    /// The memory models of this version.
    package enum Model: String, Sendable, Hashable, CaseIterable {
        /// One cycle of latency, no limit but the ports' beat a cycle.
        case ideal
        /// A fixed latency and bandwidth.
        case fixed
        /// DDR4-2133 as a ZCU102 of revision 1.1 sets it up, behind AXI ports.
        case ddr4 = "ddr4-2133"
        /// DDR4-2133 of x16 devices by JEDEC's table.
        case ddr4x16 = "ddr4-2133-x16"
        /// DDR4-2133 of x8 devices.
        case ddr4x8 = "ddr4-2133-x8"
        /// DDR4-2400 of x16 devices.
        case fasterX16 = "ddr4-2400-x16"
        /// DDR4-2400 of x8 devices.
        case fasterX8 = "ddr4-2400-x8"

        /// The DRAM's rules and its banks; nil for the simple models.
        package var dram: (timing: DDR4Timing, geometry: DDR4Geometry)? {
            switch self {
            case .ideal, .fixed: nil
            case .ddr4: (.zcu102, .zcu102)
            case .ddr4x16: (.ddr4_2133, .x16)
            case .ddr4x8: (.ddr4_2133x8, .x8)
            case .fasterX16: (.ddr4_2400, .x16)
            case .fasterX8: (.ddr4_2400x8, .x8)
            }
        }
    }

    /// How memory answers.
    package var model = Model.fixed
    /// 128-bit ports.
    package var ports = 2
    /// Clock of the ports.
    package var portMHz = 200.0
    /// Bytes of a beat of weights and constants; nil: what the ports bring in a cycle, where they are modelled.
    package var weightBeatBytes: Int?
    /// From a request to its first beat; model `fixed`.
    package var latencyNs = 200.0
    /// 10^9 bytes per second. 13,721 MB/s is the best that a ZCU102's PL ports were measured to reach.
    package var bandwidthGBs = 13.7
    /// Bytes of an AXI burst at most; DDR4.
    package var burstBytes = 256
    /// Through the processing system, there and back, besides what the DRAM takes; DDR4.
    package var pathNs = MemorySettings.usualPathNs
    /// Seed of random port stalls, nil for none.
    package var stallSeed: Int?

    /// Bytes of one beat of an HP port (128 bits).
    static let portBytes = 16.0

    /// Bytes that a beat of weights may have.
    package static let weightBeats = [1, 2, 4, 8, 16, 32, 64, 128]

    /// Bytes of a beat of weights that takes what the ports bring in a cycle of the core; nil where they are not modelled.
    /// Rows of activations are read in whole beats of weights: no more of them than an access of the DRAM has, so that
    /// none is read for nothing.
    package func fullWeightBeatBytes(clockMHz: Double) -> Int? {
        guard model.dram != nil else { return nil }
        return MemorySettings.weightBeats.first {
            Double($0) * clockMHz * 1e6 >= portBytesPerSecond || $0 >= DDR4Geometry.accessBytes
        }
    }

    /// As the model of the processing system has it: clocks of the controller, half the DRAM's.
    private static let usualPathNs: Double = {
        let path = PSPath()
        let clocks = Double(path.forwardClocks + path.returnClocks)
        return (clocks * 2e7 / Double(DDR4Timing.zcu102.clockKHz)).rounded() / 10
    }()

    private static let onlyFixed = "is a key of model fixed: remove it"
    private static let onlyDRAM = "is a key of the ddr4 models: remove it"
    private static let onlySimple = "is a key of models ideal and fixed: remove it"

    static let keys = [
        ConfigKey.word(
            "memory.model", \.memory.model,
            "external memory: one latency and bandwidth for everything outside, or AXI ports and DDR4; `ddr4-2133` is the "
                + "ZCU102's"),
        ConfigKey.integer("memory.ports", \.memory.ports, in: 1...4, "128-bit ports"),
        ConfigKey.number("memory.port_mhz", \.memory.portMHz, in: 1...333, "their clock"),
        ConfigKey.integer(
            "memory.weight_beat_bytes", \.memory.weightBeatBytes, or: "auto", oneOf: MemorySettings.weightBeats,
            "bytes of weights and constants that the load engine takes in a cycle: from a beat of activations, "
                + "gcd(`array.inputs`, `array.outputs`) of them, to a word of the weight buffer; `auto`: models "
                + "`ddr4-...` what all ports bring in a cycle of the core, rounded up to a power of two, at most 64, in "
                + "these bounds; `ideal` and `fixed` a beat of activations"),
        ConfigKey.number(
            "memory.latency_ns", \.memory.latencyNs, in: 0...100_000, "`fixed` only: request to first beat"
        ).only(when: { $0.memory.model == .fixed }, else: onlyFixed),
        ConfigKey.number(
            "memory.bandwidth_gb_s", \.memory.bandwidthGBs, in: 0.01...1000,
            "`fixed` only: 10^9 bytes/s; the best measured on a ZCU102 is 13,721 MB/s"
        ).only(when: { $0.memory.model == .fixed }, else: onlyFixed),
        ConfigKey.integer(
            "memory.burst_bytes", \.memory.burstBytes, oneOf: [64, 128, 256, 512, 1024, 2048, 4096],
            "models `ddr4-...` only: bytes of an AXI burst at most"
        ).only(when: { $0.memory.model.dram != nil }, else: onlyDRAM),
        ConfigKey.number(
            "memory.path_ns", \.memory.pathNs, in: 0...100_000,
            "models `ddr4-...` only: through the processing system, there and back, besides what the DRAM takes"
        ).only(when: { $0.memory.model.dram != nil }, else: onlyDRAM),
        ConfigKey.integer(
            "memory.stall_seed", \.memory.stallSeed, or: "none", in: 0...Int(Int32.max),
            "models `ideal` and `fixed` only: random port stalls, for tests and co-simulation"
        ).only(when: { $0.memory.model.dram == nil }, else: onlySimple),
    ]

    /// Nanoseconds through the processing system, there and back: `pathNs` in whole clocks of its controller, half the
    /// DRAM's; nil for the simple models.
    package var modelledPathNs: Double? {
        model.dram.map { Double(pathClocks($0.timing)) * 2e6 / Double($0.timing.clockKHz) }
    }

    private func pathClocks(_ timing: DDR4Timing) -> Int {
        Int((pathNs * Double(timing.clockKHz) / 2e6).rounded())
    }

    /// Bytes per second that reads alone or writes alone can move, which have channels of their own; nil for the simple
    /// models.
    package var directionBytesPerSecond: Double? {
        model.dram.map { min(Double($0.timing.pinBytesPerSecond), portBytesPerSecond) }
    }

    /// Bytes per second that memory and ports together can move, reads and writes; nil without limit.
    package var bytesPerSecond: Double? {
        switch model {
        case .ideal: nil
        case .fixed: fixedBytesPerSecond
        default:
            // A port moves a beat in each direction in each of its clocks.
            model.dram.map { min(Double($0.timing.pinBytesPerSecond), 2 * portBytesPerSecond) }
        }
    }

    private var portBytesPerSecond: Double { Double(ports) * MemorySettings.portBytes * portMHz * 1e6 }

    private var fixedBytesPerSecond: Double {
        min(bandwidthGBs * 1e9, portBytesPerSecond)
    }

    /// Of the simple models, in cycles of the core clock; nil for DDR4.
    package func timing(clockMHz: Double) -> MemoryTiming? {
        var timing: MemoryTiming
        switch model {
        case .ideal: timing = .ideal
        case .fixed:
            #if MUTANTS
                let rule = isPlanted("memory-latency") ? FloatingPointRoundingRule.down : .up
            #else
                let rule = FloatingPointRoundingRule.up
            #endif
            let latency = max(1, Int((latencyNs * clockMHz / 1000).rounded(rule)))
            timing = .fixed(latency: latency, bytesPerCycle: fixedBytesPerSecond / (clockMHz * 1e6))
        default: return nil
        }
        timing.stallSeed = stallSeed.map { UInt64($0) }
        return timing
    }

    /// The memory of a run.
    package func model(clockMHz: Double) -> MemoryModel {
        guard let dram = model.dram else { return .simple(timing(clockMHz: clockMHz) ?? .ideal) }
        let settings = portSettings(clockMHz: clockMHz)
        // HP1 and HP2 share a port of the DDR controller: they are the last two that are used together.
        let places = Array([0, 1, 3, 2].prefix(ports))
        var system = PSMemorySettings(
            timing: dram.timing, geometry: dram.geometry,
            ports: Array(repeating: settings.portKHz, count: ports), places: places)
        let clocks = pathClocks(dram.timing)
        (system.path.forwardClocks, system.path.returnClocks) = (clocks / 2, clocks - clocks / 2)
        return .ports(settings, .processingSystem(system))
    }

    /// The hardware between an accelerator of that clock and AXI, whatever is modelled behind it.
    package func portSettings(clockMHz: Double) -> PortSettings {
        PortSettings(
            ports: ports, coreKHz: Int((clockMHz * 1000).rounded()), portKHz: Int((portMHz * 1000).rounded()),
            burstBytes: burstBytes)
    }
}
