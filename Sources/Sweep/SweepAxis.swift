// What differs from point to point: a varied key with its values (a list, or a range with a factor or a step), or the
// cases of a sweep, which set several keys at a time.

import Configuration
import Diagnostics

/// The values of a key, or of several keys that are set together.
package struct SweepAxis: Sendable, Equatable {
    /// A key of a configuration and a value for it.
    struct Setting: Sendable, Equatable {
        /// Such as `array.inputs`.
        var key: String
        /// The same, part by part.
        var path: [String]
        var value: ConfigNode
    }

    /// Such as `array.inputs`; those of cases in the order in which cases first name them.
    package let keys: [String]
    /// What each step of the axis sets.
    let steps: [[Setting]]

    static let accepted = "a list of values, or {from: A, to: B, factor: F} or {from: A, to: B, step: S}"
    private static let casesAccepted = "a list of mappings of configuration keys to values"

    /// The cases, then the axes of section `vary`, in file order. Throws `InputError`.
    static func read(_ section: ConfigSection) throws -> [SweepAxis] {
        let axes = try cases(section) + vary(section)
        guard !axes.isEmpty else {
            let accepted = "vary (a mapping of keys to values), cases (\(casesAccepted)), or both"
            throw InputError(at: section.place, "vary: missing; accepted: \(accepted)")
        }
        var count = 1
        for axis in axes {
            count *= axis.steps.count
            guard count <= SweepPlan.mostPoints else {
                throw section.error(
                    section.node("vary") == nil ? "cases" : "vary", "has more than \(SweepPlan.mostPoints) points")
            }
        }
        return axes
    }

    private static func vary(_ section: ConfigSection) throws -> [SweepAxis] {
        guard let node = section.node("vary") else { return [] }
        guard case .mapping(let entries) = node.content else {
            throw section.error("vary", "\(node.summary); accepted: a mapping of configuration keys to values")
        }
        guard !entries.isEmpty else {
            throw section.error("vary", "is empty; accepted: at least one configuration key with its values")
        }
        return try entries.map { entry in
            if let place = section.node("cases")?.place(ofKey: entry.key) {
                throw InputError(
                    at: entry.place,
                    "vary.\(entry.key): cases set it too, at \(place); accepted: each key in one of cases and vary")
            }
            return try SweepAxis(entry)
        }
    }

    private static func cases(_ section: ConfigSection) throws -> [SweepAxis] {
        guard let node = section.node("cases") else { return [] }
        guard case .list(let items) = node.content, !items.isEmpty else {
            let problem = if case .list = node.content { "is empty" } else { node.summary }
            throw section.error("cases", "\(problem); accepted: \(casesAccepted)")
        }
        var keys: [String] = []
        let steps = try items.map { item -> [Setting] in
            guard case .mapping(let entries) = item.content, !entries.isEmpty else {
                throw InputError(at: item.place, "cases: an element \(item.summary); accepted: \(casesAccepted)")
            }
            return try entries.map { entry in
                guard case .scalar = entry.value.content else {
                    throw InputError(
                        at: entry.value.place,
                        "cases.\(entry.key): \(entry.value.summary); accepted: a word or a number")
                }
                if !keys.contains(entry.key) { keys.append(entry.key) }
                return Setting(key: entry.key, path: try path(of: entry, in: "cases"), value: entry.value)
            }
        }
        return [SweepAxis(keys: keys, steps: steps)]
    }

    private init(keys: [String], steps: [[Setting]]) {
        self.keys = keys
        self.steps = steps
    }

    private init(_ entry: ConfigNode.Entry) throws {
        let key = entry.key
        let path = try SweepAxis.path(of: entry, in: "vary")
        let name = "vary.\(entry.key)"
        let values: [ConfigNode]
        switch entry.value.content {
        case .list(let items): values = items
        case .mapping: values = try SweepAxis.range(entry.value, name: name)
        case .scalar:
            throw InputError(at: entry.value.place, "\(name): \(entry.value.summary); accepted: \(SweepAxis.accepted)")
        }
        guard !values.isEmpty else {
            throw InputError(at: entry.value.place, "\(name): is empty; accepted: \(SweepAxis.accepted)")
        }
        for value in values {
            guard case .scalar = value.content else {
                throw InputError(at: value.place, "\(name): an element \(value.summary); accepted: words and numbers")
            }
        }
        keys = [key]
        steps = values.map { [Setting(key: key, path: path, value: $0)] }
    }

    /// The path of a configuration key, other than those that the sweep itself decides.
    static func path(of entry: ConfigNode.Entry, in section: String) throws -> [String] {
        let name = "\(section).\(entry.key)"
        let parts = entry.key.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.allSatisfy({ !$0.isEmpty }) else {
            throw InputError(at: entry.place, "\(name): no configuration key; accepted: a path such as array.inputs")
        }
        guard !["run.mode", "run.threads", "version"].contains(entry.key), parts[0] != "trace" else {
            throw InputError(
                at: entry.place,
                "\(name): the sweep decides it; accepted: keys of the design, the network or the memory")
        }
        return parts
    }

    private static func range(_ node: ConfigNode, name: String) throws -> [ConfigNode] {
        let section = try ConfigSection(node, path: name, keys: ["from", "to", "factor", "step"], file: node.place)
        let limits = -1e9...1e9
        let from = try section.required("from", try section.number("from", in: limits), accepted: "a number")
        let to = try section.required("to", try section.number("to", in: limits), accepted: "a number")
        let factor = try section.number("factor", in: 1.001...1e6)
        let step = try section.number("step", in: 1e-6...1e9)
        guard (factor == nil) != (step == nil) else {
            throw InputError(at: node.place, "\(name): needs either factor or step; accepted: \(accepted)")
        }
        guard from <= to, factor == nil || from > 0 else {
            throw InputError(at: node.place, "\(name): from must not be above to (and above 0 with factor)")
        }
        var values: [ConfigNode] = []
        var value = from
        while value <= to + abs(to) * 1e-12 || value == to {
            guard values.count < SweepPlan.mostPoints else {
                throw InputError(at: node.place, "\(name): has more than \(SweepPlan.mostPoints) values")
            }
            var item = node
            item.content = .scalar(text: SweepNumber.text(value), isPlain: true)
            values.append(item)
            value = factor.map { value * $0 } ?? (from + Double(values.count) * (step ?? 1))
        }
        return values
    }
}

extension ConfigNode {
    /// Where a mapping, or one of the mappings of a list, has a key; nil where none has.
    fileprivate func place(ofKey key: String) -> String? {
        switch content {
        case .scalar: nil
        case .list(let items): items.lazy.compactMap { $0.place(ofKey: key) }.first
        case .mapping(let entries): entries.first { $0.key == key }?.place
        }
    }
}
