// What a YAML text may cost, found out before anything is built from it: Yams writes aliases out and recurses into
// nested values, so that nine lines can take the memory of the machine. The events of libyaml (CYaml, a part of Yams)
// take no more than the text.

import CYaml
import Diagnostics

/// Limits on one YAML text.
enum YAMLLimits {
    /// Levels of lists and mappings: a configuration has four.
    static let depth = 16
    /// Values with all aliases written out: a sweep of 100,000 points can list its values one by one.
    static let values = 200_000

    /// Throws `InputError` for a text beyond the limits; `place` says where a line and column (from 1) are. Text that is
    /// not YAML passes: whoever reads it says why.
    static func check(_ text: String, place: (_ line: Int, _ column: Int) -> String) throws {
        var parser = yaml_parser_t()
        yaml_parser_initialize(&parser)
        defer { yaml_parser_delete(&parser) }
        yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)
        var text = text
        let excess = text.withUTF8 { bytes in
            yaml_parser_set_input_string(&parser, bytes.baseAddress, bytes.count)
            return firstExcess(&parser)
        }
        if let excess { throw InputError(at: place(excess.line, excess.column), excess.message) }
    }

    /// What the first event beyond a limit is, and where.
    private static func firstExcess(_ parser: inout yaml_parser_t) -> (message: String, line: Int, column: Int)? {
        var walk = YAMLWalk()
        while true {
            var event = yaml_event_t()
            guard yaml_parser_parse(&parser, &event) == 1 else { return nil }
            defer { yaml_event_delete(&event) }
            if event.type == YAML_STREAM_END_EVENT { return nil }
            if let message = walk.take(event) {
                return (message, Int(event.start_mark.line) + 1, Int(event.start_mark.column) + 1)
            }
        }
    }
}

/// A walk over a text's events that counts values without building them.
private struct YAMLWalk {
    /// A list or mapping that has not ended.
    private struct Level {
        var anchor: String?
        /// Values in it so far, itself included.
        var size = 1
        var isMapping: Bool
        /// In a mapping keys and values take turns.
        var isAtKey: Bool
    }

    private typealias Name = UnsafeMutablePointer<yaml_char_t>
    private var levels: [Level] = []
    /// Values that an alias of each anchor stands for.
    private var sizes: [String: Int] = [:]

    /// What is wrong with an event; nil for nothing.
    mutating func take(_ event: yaml_event_t) -> String? {
        switch event.type {
        case YAML_ALIAS_EVENT:
            if levels.last?.isAtKey == true { return "an alias as a key; write the key out" }
            turn()
            return add(text(event.data.alias.anchor).flatMap { sizes[$0] } ?? 1, anchor: nil)
        case YAML_SCALAR_EVENT:
            if let tag = tag(event.data.scalar.tag) { return tag }
            turn()
            return add(1, anchor: event.data.scalar.anchor)
        case YAML_SEQUENCE_START_EVENT:
            if let tag = tag(event.data.sequence_start.tag) { return tag }
            return enter(event.data.sequence_start.anchor, isMapping: false)
        case YAML_MAPPING_START_EVENT:
            if let tag = tag(event.data.mapping_start.tag) { return tag }
            return enter(event.data.mapping_start.anchor, isMapping: true)
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT:
            guard let closed = levels.popLast() else { return nil }
            if let anchor = closed.anchor { sizes[anchor] = closed.size }
            return add(closed.size, anchor: nil)
        default: return nil
        }
    }

    private mutating func enter(_ anchor: Name?, isMapping: Bool) -> String? {
        if levels.last?.isAtKey == true { return "a key must be a word" }
        guard levels.count < YAMLLimits.depth else {
            return "is nested too deeply; accepted: up to \(YAMLLimits.depth) levels"
        }
        turn()
        levels.append(Level(anchor: text(anchor), isMapping: isMapping, isAtKey: isMapping))
        return nil
    }

    /// A tag would say that a value is of another type than it seems.
    private func tag(_ name: Name?) -> String? {
        text(name).map { "has the tag '\($0.echoed)'; accepted: values without tags" }
    }

    private mutating func turn() {
        guard let last = levels.indices.last, levels[last].isMapping else { return }
        levels[last].isAtKey.toggle()
    }

    /// Counts values into the one that holds them.
    private mutating func add(_ size: Int, anchor: Name?) -> String? {
        if let anchor = text(anchor) { sizes[anchor] = size }
        guard let last = levels.indices.last else { return nil }
        levels[last].size += size
        return levels[last].size <= YAMLLimits.values
            ? nil : "has more than \(YAMLLimits.values) values with its aliases written out"
    }

    private func text(_ name: Name?) -> String? { name.map { String(cString: $0) } }
}
