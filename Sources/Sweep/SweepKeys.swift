// The keys of report.json that constraints and objectives may name: numbers that do not depend on the machine the
// sweep ran on.

import Configuration
import Foundation
import Reports

enum SweepKeys {
    static let always = [
        "cycles.total", "cycles.compute", "cycles.stall_load", "cycles.stall_store", "cycles.fill_drain",
        "cycles.predicted", "latency_s", "throughput_images_per_s", "gops", "utilization", "resources.lut.used",
        "resources.lut.fraction", "resources.ff.used", "resources.ff.fraction", "resources.dsp.used",
        "resources.dsp.fraction", "resources.bram36.used", "resources.bram36.fraction", "dram.read_bytes",
        "dram.write_bytes", "dram.bandwidth_fraction", "design.lanes", "design.signals", "design.registers_bits",
        "functional.mismatches", "functional.accuracy", "functional.top5_accuracy",
    ]
    static let onlyFull = ["activity.toggles_total"]
    static let later = ["energy.total_j", "energy.low_j", "energy.high_j", "energy.power_w"]

    static func accepted(_ mode: RunSettings.Mode) -> [String] { mode == .full ? always + onlyFull : always }

    /// Columns that every results table has.
    static let columns = [
        "cycles.total", "latency_s", "throughput_images_per_s", "utilization", "resources.lut.used",
        "resources.ff.used", "resources.dsp.used", "resources.bram36.used", "functional.mismatches",
    ]

    /// Every number of a report that a sweep keeps, by its path.
    static func numbers(_ report: Report) throws -> [String: Double] {
        let tree = try JSONDecoder().decode(JSONTree.self, from: try report.json())
        var result: [String: Double] = [:]
        tree.collect(path: "", into: &result)
        return result.filter { always.contains($0.key) || onlyFull.contains($0.key) }
    }
}

/// A JSON value, of which numbers in objects are looked at.
private enum JSONTree: Decodable {
    case number(Double)
    case object([String: JSONTree])
    case other

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let object = try? value.decode([String: JSONTree].self) {
            self = .object(object)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else {
            self = .other
        }
    }

    func collect(path: String, into result: inout [String: Double]) {
        switch self {
        case .number(let number): result[path] = number
        case .object(let members):
            for (key, value) in members { value.collect(path: path.isEmpty ? key : "\(path).\(key)", into: &result) }
        case .other: break
        }
    }
}
