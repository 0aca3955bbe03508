// A YAML value that remembers where it stands, so that every message can name file, line and column.

import Diagnostics

/// One value of a configuration or sweep file, or of `--set`.
package struct ConfigNode: Sendable, Equatable {
    /// A key with its value, in file order.
    package struct Entry: Sendable, Equatable {
        /// The key as it stands.
        package var key: String
        /// Where the key stands.
        package var place: String
        /// What it is set to.
        package var value: ConfigNode
    }

    /// What a value may be.
    package indirect enum Content: Sendable, Equatable {
        /// `isPlain` is false for quoted text, which is never a number or a boolean.
        case scalar(text: String, isPlain: Bool)
        case list([ConfigNode])
        case mapping([Entry])
    }

    /// The value itself.
    package var content: Content
    /// "file.yaml:12:3" or "--set KEY".
    package var place: String
    /// Folder that relative paths in this value start from.
    package var directory: String

    /// A value with its place and the folder that its relative paths start from.
    package init(content: Content, place: String, directory: String) {
        self.content = content
        self.place = place
        self.directory = directory
    }

    /// What the value is, in words for messages.
    package var summary: String {
        switch content {
        case .scalar(let text, let isPlain):
            isPlain && ["", "~", "null"].contains(text) ? "is empty" : "is '\(text.echoed)'"
        case .list: "is a list"
        case .mapping: "is a mapping"
        }
    }

    /// The value as one line of YAML, which reads back as the same value.
    package var text: String {
        switch content {
        case .scalar(let text, let isPlain): isPlain ? text : ConfigNode.quoted(text)
        case .list(let items): "[" + items.map(\.text).joined(separator: ", ") + "]"
        case .mapping(let entries):
            "{" + entries.map { "\($0.key): \($0.value.text)" }.joined(separator: ", ") + "}"
        }
    }

    /// Text as a YAML scalar, in quotation marks unless it is a plain word.
    package static func quoted(_ text: String) -> String {
        let plain = text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_./".contains($0)) }
        let startsAsWord = text.first.map { $0.isLetter || "/._".contains($0) } ?? false
        let isReserved = ["true", "false", "null", "yes", "no", "on", "off"].contains(text.lowercased())
        if plain && startsAsWord && !isReserved && Double(text) == nil { return text }
        let escaped = text.unicodeScalars.map { scalar -> String in
            switch scalar {
            case "\"": "\\\""
            case "\\": "\\\\"
            case "\n": "\\n"
            case "\t": "\\t"
            default: scalar.value < 32 ? "\\x" + hexadecimal(scalar.value) : String(scalar)
            }
        }
        return "\"" + escaped.joined() + "\""
    }

    private static func hexadecimal(_ value: UInt32) -> String {
        let digits = String(value, radix: 16)
        return digits.count == 1 ? "0" + digits : digits
    }

    // MARK: changing values by path

    /// This mapping with the value at a path of keys replaced or added. Mappings on the way are made as needed;
    /// throws when a value on the way is no mapping.
    package func setting(_ path: [String], to value: ConfigNode) throws -> ConfigNode {
        guard let key = path.first else { return value }
        guard case .mapping(var entries) = content else {
            throw ConfigText.error(at: value.place, "the value above '\(key.echoed)' \(summary); accepted: a mapping")
        }
        let empty = ConfigNode(content: .mapping([]), place: value.place, directory: value.directory)
        let rest = Array(path.dropFirst())
        if let index = entries.firstIndex(where: { $0.key == key }) {
            entries[index].value = try entries[index].value.setting(rest, to: value)
            if rest.isEmpty { entries[index].place = value.place }
        } else {
            entries.append(Entry(key: key, place: value.place, value: try empty.setting(rest, to: value)))
        }
        var result = self
        result.content = .mapping(entries)
        return result
    }
}
