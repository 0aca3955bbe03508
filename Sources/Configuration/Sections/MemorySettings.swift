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
    }

    /// How memory answers.
    package var model = Model.fixed
    /// 128-bit ports.
    package var ports = 2
    /// Clock of the ports.
    package var portMHz = 200.0
    /// From a request to its first beat; model `fixed`.
    package var latencyNs = 200.0
    /// 10^9 bytes per second. 13,721 MB/s is the best that a ZCU102's PL ports were measured to reach.
    package var bandwidthGBs = 13.7
    /// Seed of random port stalls, nil for none.
    package var stallSeed: Int?

    /// Bytes of one beat of an HP port (128 bits).
    static let portBytes = 16.0

    private static let onlyFixed = "is a key of model fixed; model ideal has none: remove it"

    static let keys = [
        ConfigKey.word("memory.model", \.memory.model, later: ["ddr4-2133"], "external memory"),
        ConfigKey.integer("memory.ports", \.memory.ports, in: 1...4, "128-bit ports"),
        ConfigKey.number("memory.port_mhz", \.memory.portMHz, in: 1...333, "their clock"),
        ConfigKey.number(
            "memory.latency_ns", \.memory.latencyNs, in: 0...100_000, "`fixed` only: request to first beat"
        ).only(when: { $0.memory.model == .fixed }, else: onlyFixed),
        ConfigKey.number(
            "memory.bandwidth_gb_s", \.memory.bandwidthGBs, in: 0.01...1000,
            "`fixed` only: 10^9 bytes/s; the best measured on a ZCU102 is 13,721 MB/s"
        ).only(when: { $0.memory.model == .fixed }, else: onlyFixed),
        ConfigKey.integer(
            "memory.stall_seed", \.memory.stallSeed, or: "none", in: 0...Int(Int32.max),
            "random port stalls, for tests and co-simulation"),
    ]

    /// Bytes per second that memory and ports together can move; nil without limit.
    package var bytesPerSecond: Double? {
        switch model {
        case .ideal: nil
        case .fixed: fixedBytesPerSecond
        }
    }

    private var fixedBytesPerSecond: Double {
        min(bandwidthGBs * 1e9, Double(ports) * MemorySettings.portBytes * portMHz * 1e6)
    }

    /// The same in cycles of the core clock.
    package func timing(clockMHz: Double) -> MemoryTiming {
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
        }
        timing.stallSeed = stallSeed.map { UInt64($0) }
        return timing
    }
}
