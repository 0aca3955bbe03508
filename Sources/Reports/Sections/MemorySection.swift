import Configuration

/// External memory and the ports to it.
package struct MemorySection: Sendable, Codable, Equatable {
    /// As configured.
    package var model: String
    /// Ports of the accelerator.
    package var ports: Int
    /// Cycles of the core clock; absent for the DDR4 models, which have no one latency.
    package var latencyCycles: Int?
    /// Absent for model ideal.
    package var bytesPerCycle: Double?
    /// Of random port stalls; absent without them.
    package var stallSeed: UInt64?
    /// Clock of the ports; absent for models ideal and fixed, whose ports are only a part of the bandwidth.
    package var portMhz: Double?
    /// Bytes of an AXI burst at most; absent as `portMhz`.
    package var burstBytes: Int?

    /// The memory of a run.
    static func figures(of run: FinishedRun) -> MemorySection {
        let memory = run.configuration.memory
        let timing = memory.timing(clockMHz: run.configuration.clockMHz)
        return MemorySection(
            model: memory.model.rawValue, ports: memory.ports,
            latencyCycles: timing?.latency,
            bytesPerCycle: timing.map { timing in timing.bytesPerCycle65536.map { Double($0) / 65536 } }
                ?? memory.bytesPerSecond.map { $0 / (run.configuration.clockMHz * 1e6) },
            stallSeed: timing?.stallSeed, portMhz: timing == nil ? memory.portMHz : nil,
            burstBytes: timing == nil ? memory.burstBytes : nil)
    }
}

extension MemorySection: ReportSection {
    /// The keys of the section, in the order of the documents.
    package static let fields: [ReportField<MemorySection>] = [
        ReportField("model", \.model, "as configured").oneOf(MemorySettings.Model.allCases.map(\.rawValue)),
        ReportField("ports", \.ports, "as configured"),
        ReportField(
            "latency_cycles", \.latencyCycles, unit: "cycles",
            "from a request to its first beat; absent for the DDR4 models, which have no one latency"),
        ReportField(
            "bytes_per_cycle", \.bytesPerCycle, unit: "bytes per cycle",
            "what memory and ports can move; absent for model ideal"),
        ReportField("stall_seed", \.stallSeed, "of random port stalls; absent without them"),
        ReportField("port_mhz", \.portMhz, unit: "MHz", "clock of the AXI ports; absent for models ideal and fixed"),
        ReportField(
            "burst_bytes", \.burstBytes, unit: "bytes", "of an AXI burst at most; absent for models ideal and fixed"),
    ]
}
