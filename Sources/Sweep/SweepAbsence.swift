// Numbers that no report of a configuration can have, as far as the configuration tells: a constraint or an objective
// over one of them would leave a sweep without a candidate, after hours perhaps.

import Configuration
import Diagnostics

enum SweepAbsence {
    /// Keys, and why the reports of a configuration lack them; nil: they may have them.
    private struct Rule: Sendable {
        var keys: [String]
        var reason: @Sendable (Configuration) -> String?
    }

    private static let rules = [
        Rule(keys: ["functional.accuracy", "functional.top5_accuracy"]) {
            let name = $0.network.images
            let isBare = name == "synthetic" || [".npy", ".png"].contains { name.lowercased().hasSuffix($0) }
            return isBare && $0.network.labels == nil ? "images of network.input.images \(name) have no labels" : nil
        },
        Rule(keys: ["functional.checked", "functional.mismatches"]) {
            $0.run.check ? nil : "run.check is false"
        },
        Rule(keys: ["dram.bandwidth_fraction", "memory_model.bytes_per_cycle"]) {
            $0.memory.bytesPerSecond == nil ? "memory.model \($0.memory.model.rawValue) has no bandwidth" : nil
        },
        Rule(keys: ["memory_model.stall_seed"]) {
            $0.memory.stallSeed == nil ? "memory.stall_seed is not set" : nil
        },
        Rule(keys: ["memory_model.latency_cycles"]) {
            $0.memory.model.dram == nil ? nil : "memory.model \($0.memory.model.rawValue) has no one latency"
        },
        Rule(
            keys: [
                "memory_model.direction_bytes_per_cycle", "memory_model.port_mhz", "memory_model.port_edges_per_cycle",
                "memory_model.dram_mhz", "memory_model.path_ns", "memory_model.burst_bytes", "dram.accesses",
                "dram.activates", "dram.row_hits", "dram.row_conflicts", "dram.refreshes", "dram.turnarounds",
                "dram.busy_fraction",
            ]
        ) {
            $0.memory.model.dram == nil ? "memory.model \($0.memory.model.rawValue) has no DRAM" : nil
        },
        Rule(keys: ["design.cascade"]) { $0.array.sum == .cascade ? nil : "array.sum is tree" },
        Rule(keys: ["design.kernel", "design.row_length"]) {
            switch $0.array.family {
            case .vector: "array.family is vector"
            case .convolver: nil
            }
        },
        Rule(keys: ["quantization.weight_bits"]) {
            $0.quantization.weightBits == nil ? "quantization.weight_bits is auto" : nil
        },
    ]

    /// Keys that a rule speaks of.
    static let keys = rules.flatMap(\.keys)

    /// Why no point can have a number; nil where one may.
    static func reason(_ key: String, _ points: [Configuration]) -> String? {
        guard let rule = rules.first(where: { $0.keys.contains(key) }), let first = points.first else { return nil }
        return points.allSatisfy { rule.reason($0) != nil } ? rule.reason(first) : nil
    }

    /// Throws `InputError` where no point can have what a constraint or an objective names.
    static func check(
        _ constraints: [SweepConstraint], _ objectives: [SweepObjective], _ points: [Configuration]
    ) throws {
        let named =
            constraints.map { ("constraints", $0.key, $0.place) } + objectives.map { ("objectives", $0.key, $0.place) }
        for (section, key, place) in named {
            guard let reason = reason(key, points) else { continue }
            throw InputError(at: place, "\(section): no point has \(key), for \(reason)")
        }
    }
}
