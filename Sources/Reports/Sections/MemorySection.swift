import Configuration

/// External memory and the ports to it.
package struct MemorySection: Sendable, Codable, Equatable {
    /// As configured.
    package var model: String
    /// Ports of the accelerator.
    package var ports: Int
    /// Bytes of weights and constants that the load engine takes in a cycle.
    package var weightBeatBytes: Int
    /// Cycles of the core clock; absent for the DDR4 models, which have no one latency.
    package var latencyCycles: Int?
    /// Of reads and writes together; absent for model ideal.
    package var bytesPerCycle: Double?
    /// Of reads alone or writes alone; absent as `portMhz`.
    package var directionBytesPerCycle: Double?
    /// Of random port stalls; absent without them.
    package var stallSeed: UInt64?
    /// Clock of the ports; absent for models ideal and fixed, whose ports are only a part of the bandwidth.
    package var portMhz: Double?
    /// Edges of that clock per cycle of the core's; absent as `portMhz`.
    package var portEdgesPerCycle: Double?
    /// Clock of the DRAM; absent as `portMhz`.
    package var dramMhz: Double?
    /// Nanoseconds between the ports and the DRAM, there and back; absent as `portMhz`.
    package var pathNs: Double?
    /// Bytes of an AXI burst at most; absent as `portMhz`.
    package var burstBytes: Int?

    /// The memory of a run.
    static func figures(of run: FinishedRun) -> MemorySection {
        let memory = run.configuration.memory
        let clockMHz = run.configuration.clockMHz
        let timing = memory.timing(clockMHz: clockMHz)
        var result = MemorySection(
            model: memory.model.rawValue, ports: memory.ports,
            weightBeatBytes: run.hardware.accelerator.parameters.weightBeatBytes, latencyCycles: timing?.latency,
            stallSeed: timing?.stallSeed)
        guard let dram = memory.model.dram else {
            result.bytesPerCycle = timing?.bytesPerCycle65536.map { Double($0) / 65536 }
            return result
        }
        result.bytesPerCycle = memory.bytesPerSecond.map { $0 / (clockMHz * 1e6) }
        result.directionBytesPerCycle = memory.directionBytesPerSecond.map { $0 / (clockMHz * 1e6) }
        result.portMhz = memory.portMHz
        result.portEdgesPerCycle = memory.portMHz / clockMHz
        result.dramMhz = Double(dram.timing.clockKHz) / 1000
        result.pathNs = memory.modelledPathNs
        result.burstBytes = memory.burstBytes
        return result
    }
}

extension MemorySection: ReportSection {
    /// The keys of the section, in the order of the documents.
    package static let fields: [ReportField<MemorySection>] = [
        ReportField("model", \.model, "as configured").oneOf(MemorySettings.Model.allCases.map(\.rawValue)),
        ReportField("ports", \.ports, "as configured"),
        ReportField(
            "weight_beat_bytes", \.weightBeatBytes, unit: "bytes",
            "of weights and constants that the load engine takes in a cycle"),
        ReportField(
            "latency_cycles", \.latencyCycles, unit: "cycles",
            "from a request to its first beat; absent for the DDR4 models, which have no one latency"),
        ReportField(
            "bytes_per_cycle", \.bytesPerCycle, unit: "bytes per cycle",
            "what memory and ports can move, reads and writes together; absent for model ideal"),
        ReportField(
            "direction_bytes_per_cycle", \.directionBytesPerCycle, unit: "bytes per cycle",
            "what they can move of reads alone or writes alone, which have channels of their own: at least half of "
                + "bytes_per_cycle; absent for models ideal and fixed"),
        ReportField("stall_seed", \.stallSeed, "of random port stalls; absent without them"),
        ReportField("port_mhz", \.portMhz, unit: "MHz", "clock of the AXI ports; absent for models ideal and fixed"),
        ReportField(
            "port_edges_per_cycle", \.portEdgesPerCycle, unit: "edges per cycle",
            "of the ports' clock in a cycle of the core's: port_mhz / clock; absent as port_mhz"),
        ReportField(
            "dram_mhz", \.dramMhz, unit: "MHz",
            "clock of the DRAM, whose bus moves 16 bytes in each; its controller has half of it; absent as port_mhz"),
        ReportField(
            "path_ns", \.pathNs, unit: "ns",
            "between the ports and the controller, there and back: memory.path_ns in whole clocks of the controller; "
                + "absent as port_mhz"),
        ReportField(
            "burst_bytes", \.burstBytes, unit: "bytes", "of an AXI burst at most; absent for models ideal and fixed"),
    ]
}
