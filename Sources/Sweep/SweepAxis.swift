// One varied key: a list of values, or a range with a factor or a step.

import Configuration
import Diagnostics

/// A configuration key and the values it takes.
package struct SweepAxis: Sendable, Equatable {
    /// Such as `array.inputs`.
    package let key: String
    let values: [ConfigNode]

    let path: [String]

    static let accepted = "a list of values, or {from: A, to: B, factor: F} or {from: A, to: B, step: S}"

    /// The axes of section `vary`, in file order.
    static func read(_ section: ConfigSection) throws -> [SweepAxis] {
        let node = try section.required("vary", section.node("vary"), accepted: "a mapping of keys to values")
        guard case .mapping(let entries) = node.content else {
            throw section.error("vary", "\(node.summary); accepted: a mapping of configuration keys to values")
        }
        guard !entries.isEmpty else {
            throw section.error("vary", "is empty; accepted: at least one configuration key with its values")
        }
        let axes = try entries.map { try SweepAxis($0) }
        var count = 1
        for axis in axes {
            count *= axis.values.count
            guard count <= SweepPlan.mostPoints else {
                throw section.error("vary", "has more than \(SweepPlan.mostPoints) points")
            }
        }
        return axes
    }

    private init(_ entry: ConfigNode.Entry) throws {
        key = entry.key
        path = try SweepAxis.path(of: entry, in: "vary")
        let name = "vary.\(entry.key)"
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
        while value <= to * (1 + 1e-12) || value == to {
            guard values.count < SweepPlan.mostPoints else {
                throw InputError(at: node.place, "\(name): has more than \(SweepPlan.mostPoints) values")
            }
            var item = node
            item.content = .scalar(text: ConfigSection.text(value), isPlain: true)
            values.append(item)
            value = factor.map { value * $0 } ?? (from + Double(values.count) * (step ?? 1))
        }
        return values
    }
}
