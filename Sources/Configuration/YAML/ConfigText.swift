// YAML text to ConfigNode. The only file that knows Yams. Yams itself rejects duplicate keys; merge keys (`<<`) are
// not resolved and so are unknown keys.

import Diagnostics
import Foundation
import Networks
import Yams

#if MUTANTS
    import Mutants
#endif

/// Reads YAML files and the values of `--set`.
package enum ConfigText {
    /// Largest file that is read, in bytes: no configuration is near it.
    private static let largest = 1 << 20

    /// The top-level value of a file.
    package static func read(path: String) throws -> ConfigNode {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            throw error(at: path, "no such file")
        }
        guard !isDirectory.boolValue else { throw error(at: path, "is a folder; accepted: a YAML file") }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw error(at: path, "the file cannot be read")
        }
        guard data.count <= largest else {
            throw error(at: path, "has \(data.count) bytes; accepted: up to \(largest)")
        }
        guard let text = String(data: data, encoding: .utf8) else {
            throw error(at: path, "is not UTF-8 text; accepted: a YAML file")
        }
        return try parse(text, file: path)
    }

    /// The top-level value of a text; `file` names it in messages, and relative paths start from its folder.
    package static func parse(_ text: String, file: String) throws -> ConfigNode {
        let folder = URL(fileURLWithPath: file).standardizedFileURL.deletingLastPathComponent().path
        do {
            guard let root = try compose(yaml: text) else {
                throw error(at: file, "is empty; accepted: a mapping with the key version")
            }
            return try node(root, directory: folder, depth: 0) { mark in
                mark.map { "\(file):\($0.line):\($0.column)" } ?? file
            }
        } catch let problem as YamlError {
            throw inputError(problem, text: text, file: file)
        }
    }

    /// The key path and value of an assignment; the value is any YAML scalar or flow value.
    package static func parse(_ assignment: ConfigAssignment) throws -> (path: [String], value: ConfigNode) {
        let text = assignment.text
        guard let equals = text.firstIndex(of: "=") else {
            throw error(at: "--set \(text)", "has no '='; accepted: KEY=VALUE, such as array.inputs=64")
        }
        let key = String(text[..<equals])
        let path = key.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard path.allSatisfy({ !$0.isEmpty }) else {
            throw error(at: "--set \(text)", "'\(key)' is no key; accepted: a path such as array.inputs")
        }
        let place = assignment.option ?? "--set \(key)"
        let folder = FileManager.default.currentDirectoryPath
        do {
            guard let root = try compose(yaml: String(text[text.index(after: equals)...])) else {
                throw error(at: place, "has no value; accepted: KEY=VALUE")
            }
            return (path, try node(root, directory: folder, depth: 0) { _ in place })
        } catch is YamlError {
            throw error(at: place, "the value is not valid YAML")
        }
    }

    /// An error of invalid input.
    package static func error(at place: String, _ message: String) -> InputError {
        InputError(at: place, message)
    }

    // MARK: nodes

    private static func node(
        _ node: Node, directory: String, depth: Int, place: (Mark?) -> String
    ) throws -> ConfigNode {
        let here = place(node.mark)
        guard depth < 16 else { throw error(at: here, "is nested too deeply") }
        let content: ConfigNode.Content
        switch node {
        case .scalar(let scalar):
            content = .scalar(text: scalar.string, isPlain: scalar.style == .plain || scalar.style == .any)
        case .sequence(let items):
            content = .list(try items.map { try self.node($0, directory: directory, depth: depth + 1, place: place) })
        case .mapping(let pairs):
            content = .mapping(
                try pairs.map { key, value in
                    let keyPlace = place(key.mark)
                    guard let name = key.scalar?.string else { throw error(at: keyPlace, "a key must be a word") }
                    let value = try self.node(value, directory: directory, depth: depth + 1, place: place)
                    return ConfigNode.Entry(key: name, place: keyPlace, value: value)
                })
        case .alias: throw error(at: here, "unsupported: aliases; write the value out")
        }
        return ConfigNode(content: content, place: here, directory: directory)
    }

    // MARK: errors

    private static func inputError(_ problem: YamlError, text: String, file: String) -> InputError {
        switch problem {
        case .scanner(_, let message, let mark, _), .parser(_, let message, let mark, _),
            .composer(_, let message, let mark, _):
            return error(at: "\(file):\(mark.line):\(mark.column)", "not valid YAML: \(message)")
        case .duplicatedKeysInMapping(let keys, let context):
            let key = keys.first ?? ""
            let first = (line: context.mark.line, column: context.mark.column)
            let (line, column) = secondPlace(of: key, after: first, in: text) ?? first
            return error(at: "\(file):\(line):\(column)", "\(key): duplicate key; accepted: each key once")
        case .reader(let message, _, _, _): return error(at: file, "not valid YAML: \(message)")
        default: return error(at: file, "not valid YAML: \(problem)")
        }
    }

    /// Where a key stands for the second time in the mapping that begins at `mark`: in a block mapping at the column
    /// of its first key, in a flow mapping anywhere behind.
    private static func secondPlace(
        of key: String, after mark: (line: Int, column: Int), in text: String
    ) -> (line: Int, column: Int)? {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard mark.line <= lines.count else { return nil }
        let isFlow = lines[mark.line - 1].prefix(mark.column).suffix(2).contains("{")
        var seen = 0
        for (index, line) in lines.enumerated() where index >= mark.line - 1 {
            for column in columns(of: key, in: Array(line)) where isFlow || column == mark.column {
                seen += 1
                #if MUTANTS
                    if isPlanted("yaml-place") { return (index + 1, column) }
                #endif
                if seen == 2 { return (index + 1, column) }
            }
        }
        return nil
    }

    /// Columns, from 1, at which the key stands as a key.
    private static func columns(of key: String, in line: [Character]) -> [Int] {
        let name = Array(key)
        guard line.count > name.count else { return [] }
        return (0..<line.count - name.count).filter { start in
            let isStart = start == 0 || " {,\t".contains(line[start - 1])
            let rest = line[(start + name.count)...].drop { $0 == " " }
            return isStart && Array(line[start..<start + name.count]) == name && rest.first == ":"
        }.map { $0 + 1 }
    }
}
