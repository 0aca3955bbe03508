// Typed access to one mapping of a configuration. Every getter gives nil for an absent key and throws for a value of
// the wrong type or out of range, naming place, key and what is accepted.

import Diagnostics
import Foundation
import Networks

/// A mapping whose keys are known.
package struct ConfigSection: Sendable {
    private let path: String
    private let entries: [String: ConfigNode]
    /// Whether the file has the section, be it empty.
    let isPresent: Bool
    /// Where the section stands; for missing keys.
    package let place: String

    /// Throws when `node` is no mapping or has a key that is not in `keys`. An absent section has no keys set.
    package init(_ node: ConfigNode?, path: String, keys: [String], file: String) throws {
        self.path = path
        place = node?.place ?? file
        isPresent = node != nil
        guard let node else {
            entries = [:]
            return
        }
        guard case .mapping(let list) = node.content else {
            let name = path.isEmpty ? "the file" : "\(path):"
            throw InputError(at: node.place, "\(name) \(node.summary); accepted: a mapping of keys to values")
        }
        for entry in list where !keys.contains(entry.key) {
            let key = path.isEmpty ? entry.key : "\(path).\(entry.key)"
            let meant = Suggestion.text(for: entry.key, among: keys)
            throw InputError(
                at: entry.place, "\(key.echoed): unknown key\(meant); accepted: \(keys.joined(separator: ", "))")
        }
        entries = Dictionary(list.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
    }

    /// The keys that are given.
    var given: Set<String> { Set(entries.keys) }

    /// The value of a key as it stands.
    package func node(_ key: String) -> ConfigNode? { entries[key] }

    /// The key with the section's path in front.
    package func name(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    /// Where the key's value stands, or the section.
    package func place(of key: String) -> String { entries[key]?.place ?? place }

    /// An error about a key's value.
    package func error(_ key: String, _ message: String, kind: InputError.Kind = .invalid) -> InputError {
        InputError(kind, at: place(of: key), "\(name(key)): \(message)")
    }

    /// The value of a key that must be there.
    package func required<Value>(_ key: String, _ value: Value?, accepted: String) throws -> Value {
        guard let value else { throw InputError(at: place, "\(name(key)): missing; accepted: \(accepted)") }
        return value
    }

    /// An integer in a range; nil for an absent key. Throws `InputError` for anything else.
    package func integer(_ key: String, in range: ClosedRange<Int>) throws -> Int? {
        try integer(key, accepted: "\(range.lowerBound)...\(range.upperBound)") { range.contains($0) }
    }

    /// `word` stands for nil, as an absent key does.
    func integer(_ key: String, or word: String, in range: ClosedRange<Int>) throws -> Int? {
        if case .scalar(word, _) = entries[key]?.content { return nil }
        let accepted = "\(word), \(range.lowerBound)...\(range.upperBound)"
        return try integer(key, accepted: accepted) { range.contains($0) }
    }

    /// One of some integers; nil for an absent key. Throws `InputError` for anything else.
    package func integer(_ key: String, oneOf values: [Int]) throws -> Int? {
        try integer(key, accepted: values.map(String.init).joined(separator: ", ")) { values.contains($0) }
    }

    /// `word` stands for nil, as an absent key does.
    func integer(_ key: String, or word: String, oneOf values: [Int]) throws -> Int? {
        if case .scalar(word, _) = entries[key]?.content { return nil }
        let accepted = "\(word), " + values.map(String.init).joined(separator: ", ")
        return try integer(key, accepted: accepted) { values.contains($0) }
    }

    private func integer(_ key: String, accepted: String, where isAccepted: (Int) -> Bool) throws -> Int? {
        guard let node = entries[key] else { return nil }
        guard let value = ConfigSection.integer(node), isAccepted(value) else {
            throw error(key, "\(node.summary); accepted: \(accepted) (integer)\(ConfigSection.hint(node))")
        }
        return value
    }

    /// A number in a range; nil for an absent key. Throws `InputError` for anything else.
    package func number(_ key: String, in range: ClosedRange<Double>) throws -> Double? {
        guard let node = entries[key] else { return nil }
        guard let value = ConfigSection.number(node), range.contains(value) else {
            let bounds = "\(ConfigSection.text(range.lowerBound))...\(ConfigSection.text(range.upperBound))"
            throw error(key, "\(node.summary); accepted: \(bounds) (number)\(ConfigSection.hint(node))")
        }
        return value
    }

    /// True or false; nil for an absent key. Throws `InputError` for anything else.
    package func boolean(_ key: String) throws -> Bool? {
        guard let node = entries[key] else { return nil }
        switch node.content {
        case .scalar("true", true): return true
        case .scalar("false", true): return false
        default: throw error(key, "\(node.summary); accepted: true, false")
        }
    }

    /// `word` stands for nil, as an absent key does.
    func boolean(_ key: String, or word: String) throws -> Bool? {
        switch entries[key]?.content {
        case nil, .scalar(word, _): return nil
        case .scalar("true", true): return true
        case .scalar("false", true): return false
        case .scalar, .list, .mapping:
            throw error(key, "\(entries[key]?.summary ?? ""); accepted: \(word), true, false")
        }
    }

    /// Text that is not empty; nil for an absent key. Throws `InputError` naming what is accepted.
    package func string(_ key: String, accepted: String) throws -> String? {
        guard let node = entries[key] else { return nil }
        guard case .scalar(let text, let isPlain) = node.content, !text.isEmpty,
            !(isPlain && ["~", "null"].contains(text)), !text.contains("\0")
        else { throw error(key, "\(node.summary); accepted: \(accepted)") }
        return text
    }

    /// A word of a list; words of `later` are legal and not available.
    package func word(_ key: String, oneOf words: [String], later: [String] = []) throws -> String? {
        let accepted = words.joined(separator: ", ")
        guard let text = try string(key, accepted: accepted) else { return nil }
        let meant = Suggestion.text(for: text, among: words)
        if later.contains(text) {
            throw error(key, "\(text) is not available yet; accepted: \(accepted)", kind: .unsupported)
        }
        guard words.contains(text) else { throw error(key, "is '\(text.echoed)'\(meant); accepted: \(accepted)") }
        return text
    }

    /// A list of values, each read by `element`, which gives nil for a value it does not accept.
    package func list<Element>(
        _ key: String, accepted: String, _ element: (ConfigNode) -> Element?
    ) throws -> [Element]? {
        guard let node = entries[key] else { return nil }
        guard case .list(let items) = node.content else { throw error(key, "\(node.summary); accepted: \(accepted)") }
        return try items.map { item in
            guard let value = element(item) else {
                throw InputError(at: item.place, "\(name(key)): an element \(item.summary); accepted: \(accepted)")
            }
            return value
        }
    }

    /// A number as JSON writes it.
    package static func number(_ node: ConfigNode) -> Double? {
        guard case .scalar(let text, true) = node.content else { return nil }
        return ConfigNumber.number(text)
    }

    /// An integer as JSON writes it.
    static func integer(_ node: ConfigNode) -> Int? {
        guard case .scalar(let text, true) = node.content else { return nil }
        return ConfigNumber.integer(text)
    }

    /// What to say of a number that is written otherwise; empty for other values.
    private static func hint(_ node: ConfigNode) -> String {
        guard case .scalar(let text, true) = node.content else { return "" }
        return ConfigNumber.hint(text)
    }

    /// Text of a scalar.
    package static func text(_ node: ConfigNode) -> String? {
        guard case .scalar(let text, _) = node.content, !text.isEmpty else { return nil }
        return text
    }

    /// A number without a needless fraction.
    package static func text(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : "\(value)"
    }
}
