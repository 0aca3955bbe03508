// Section `memory`: external memory and the ports to it.

import ExternalMemory
import Networks

/// External memory as the configuration describes it.
package struct MemorySettings: Sendable, Hashable {
    /// The memory models of this version.
    package enum Model: String, Sendable, Hashable, CaseIterable {
        /// One cycle of latency, no limit but the ports' beat a cycle.
        case ideal
        /// A fixed latency and bandwidth.
        case fixed
    }

    package var model: Model
    package var ports: Int
    package var portMHz: Double
    package var latencyNs: Double
    /// 10^9 bytes per second.
    package var bandwidthGBs: Double
    /// Seed of random port stalls, nil for none.
    package var stallSeed: Int?

    /// Bytes of one beat of an HP port (128 bits).
    static let portBytes = 16.0

    init(_ node: ConfigNode?, file: String) throws {
        let keys = ["model", "ports", "port_mhz", "latency_ns", "bandwidth_gb_s", "stall_seed"]
        let section = try ConfigSection(node, path: "memory", keys: keys, file: file)
        let names = Model.allCases.map(\.rawValue)
        model = try section.word("model", oneOf: names, later: ["ddr4-2133"]).flatMap(Model.init) ?? .fixed
        ports = try section.integer("ports", in: 1...4) ?? 2
        portMHz = try section.number("port_mhz", in: 1...333) ?? 200
        if model == .ideal {
            for key in ["latency_ns", "bandwidth_gb_s"] where section.node(key) != nil {
                throw section.error(key, "is a key of model fixed; model ideal has none: remove it")
            }
        }
        latencyNs = try section.number("latency_ns", in: 0...100_000) ?? 200
        // 13,721 MB/s is the best that a ZCU102's PL ports were measured to reach (fabric facts, section 1.3).
        bandwidthGBs = try section.number("bandwidth_gb_s", in: 0.01...1000) ?? 13.7
        stallSeed = try section.integer("stall_seed", in: 0...Int(Int32.max))
    }

    /// Bytes per second that memory and ports together can move; nil without limit.
    package var bytesPerSecond: Double? {
        guard model == .fixed else { return nil }
        return min(bandwidthGBs * 1e9, Double(ports) * MemorySettings.portBytes * portMHz * 1e6)
    }

    /// The same in cycles of the core clock.
    package func timing(clockMHz: Double) -> MemoryTiming {
        let seed = stallSeed.map { UInt64($0) }
        guard let bytesPerSecond else { return MemoryTiming(latency: 1, bytesPerCycle65536: nil, stallSeed: seed) }
        let latency = max(1, Int((latencyNs * clockMHz / 1000).rounded(.up)))
        var timing = MemoryTiming.fixed(latency: latency, bytesPerCycle: bytesPerSecond / (clockMHz * 1e6))
        timing.stallSeed = seed
        return timing
    }
}
