// The sweep file, strict as a configuration: a base configuration, the keys that vary, constraints and objectives.

import Configuration
import Foundation

/// A grid of configurations.
package struct SweepPlan: Sendable {
    /// The cases and the keys that vary; the last one varies fastest.
    package let axes: [SweepAxis]
    /// What a point must pass to be a candidate, besides fitting.
    package let constraints: [SweepConstraint]
    /// What the Pareto front is over.
    package let objectives: [SweepObjective]
    /// Whether points that do not fit are left out of simulation.
    package let requiresFit: Bool
    let mode: SweepMode
    /// One decoded configuration a point, in grid order.
    let points: [Point]

    /// One point of the grid.
    struct Point: Sendable {
        /// Values as they stand in the file, by key; a key that its case leaves out has none.
        var values: [String: String]
        var configuration: Configuration
    }

    static let keys = ["version", "base", "set", "vary", "cases", "constraints", "mode", "objectives"]
    static let mostPoints = 100_000

    /// Reads a sweep file and decodes every configuration of its grid. Throws `InputError`.
    package init(path: String) throws {
        let root = try ConfigText.read(path: path)
        let section = try ConfigSection(root, path: "", keys: SweepPlan.keys, file: path)
        _ = try section.required("version", try section.integer("version", oneOf: [1]), accepted: "1")
        let base = try SweepPlan.base(section)
        let modes = SweepMode.allCases.map(\.rawValue)
        let name = try section.word("mode", oneOf: modes)
        mode = name.flatMap { SweepMode(rawValue: $0) } ?? .functional
        axes = try SweepAxis.read(section)
        (constraints, requiresFit) = try SweepConstraint.read(section, mode: mode)
        objectives = try SweepObjective.read(section, mode: mode, file: path)
        let changed = try SweepPlan.changed(base.node, section)
        points = try SweepPlan.points(base: changed, file: base.path, axes: axes, mode: mode)
        if mode != .estimate { try SweepAbsence.check(constraints, objectives, points.map(\.configuration)) }
    }

    /// The keys that differ from point to point.
    package var keys: [String] { axes.flatMap(\.keys) }

    /// Number of points.
    package var count: Int { points.count }

    private static func base(_ section: ConfigSection) throws -> (node: ConfigNode, path: String) {
        let accepted = "a configuration file, relative to this file"
        let name = try section.required("base", try section.string("base", accepted: accepted), accepted: accepted)
        let folder = URL(fileURLWithPath: section.node("base")?.directory ?? "", isDirectory: true)
        let path = URL(fileURLWithPath: name, relativeTo: folder).standardizedFileURL.path
        guard FileManager.default.fileExists(atPath: path) else {
            throw section.error("base", "'\(name.echoed)' is no file; accepted: \(accepted)")
        }
        return (try ConfigText.read(path: path), path)
    }

    /// The base with the keys of section `set`.
    private static func changed(_ base: ConfigNode, _ section: ConfigSection) throws -> ConfigNode {
        guard let node = section.node("set") else { return base }
        guard case .mapping(let entries) = node.content else {
            throw section.error("set", "\(node.summary); accepted: a mapping of configuration keys to values")
        }
        return try entries.reduce(base) { root, entry in
            try root.setting(try SweepAxis.path(of: entry, in: "set"), to: entry.value)
        }
    }

    private static func points(
        base: ConfigNode, file: String, axes: [SweepAxis], mode: SweepMode
    ) throws -> [Point] {
        let count = axes.reduce(1) { $0 * $1.steps.count }
        let fixed =
            try base
            .setting(["run", "mode"], to: plain(mode.run.rawValue, like: base))
            .setting(["run", "threads"], to: plain("1", like: base))
        return try (0..<count).map { index in
            var root = fixed
            var rest = index
            var values: [String: String] = [:]
            for axis in axes.reversed() {
                for setting in axis.steps[rest % axis.steps.count] {
                    root = try root.setting(setting.path, to: setting.value)
                    values[setting.key] = ConfigSection.text(setting.value) ?? ""
                }
                rest /= axis.steps.count
            }
            let configuration = try Configuration(root, file: file)
            guard configuration.trace.file == nil else {
                throw configuration.error("trace.file", "is not for sweeps, whose points would all write one file")
            }
            return Point(values: values, configuration: configuration)
        }
    }

    private static func plain(_ text: String, like node: ConfigNode) -> ConfigNode {
        ConfigNode(content: .scalar(text: text, isPlain: true), place: node.place, directory: node.directory)
    }
}
