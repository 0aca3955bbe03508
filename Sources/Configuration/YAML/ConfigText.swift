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

    /// What stands for a path in messages.
    package static func name(of path: String) -> String { path == "-" ? "standard input" : path }

    /// The top-level value of a file, of a pipe, or with "-" of standard input. Throws `InputError`.
    package static func read(path: String) throws -> ConfigNode {
        let file = name(of: path)
        guard let text = String(data: try bytes(path), encoding: .utf8) else {
            throw error(at: file, "is not UTF-8 text; accepted: a YAML file")
        }
        return try parse(text, file: file, folder: folder(of: path))
    }

    private static func bytes(_ path: String) throws -> Data {
        let file = name(of: path)
        var isDirectory: ObjCBool = false
        if path != "-" {
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
                throw error(at: file, "no such file")
            }
        }
        guard !isDirectory.boolValue else { throw error(at: file, "is a folder; accepted: a YAML file") }
        do {
            let handle =
                path == "-"
                ? FileHandle.standardInput : try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            var data = Data()
            // A pipe gives what it has, and nothing at its end.
            while data.count <= largest, let more = try handle.read(upToCount: largest + 1 - data.count), !more.isEmpty
            {
                data.append(more)
            }
            guard data.count <= largest else {
                throw error(at: file, "has more than \(largest) bytes; accepted: a YAML file of up to \(largest)")
            }
            return data
        } catch let error as InputError {
            throw error
        } catch {
            throw self.error(at: file, "the file cannot be read")
        }
    }

    /// The folder that relative paths of a file start from: its own, and of what is no file (standard input, a pipe) the
    /// working directory.
    private static func folder(of path: String) -> String {
        let url = URL(fileURLWithPath: path).standardizedFileURL
        let target = url.resolvingSymlinksInPath().path
        let type = try? FileManager.default.attributesOfItem(atPath: target)[.type] as? FileAttributeType
        let isFile =
            path != "-" && type == .typeRegular && !url.path.hasPrefix("/dev/") && !url.path.hasPrefix("/proc/")
        return isFile ? url.deletingLastPathComponent().path : FileManager.default.currentDirectoryPath
    }

    /// The top-level value of a text; `file` names it in messages, and relative paths start from `folder`.
    static func parse(_ text: String, file: String, folder: String) throws -> ConfigNode {
        try YAMLLimits.check(text) { "\(file):\($0):\($1)" }
        do {
            guard let root = try compose(yaml: text) else {
                throw error(at: file, "is empty; accepted: a mapping with the key version")
            }
            return try node(root, directory: folder) { mark in
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
            throw error(at: "--set \(text.echoed)", "has no '='; accepted: KEY=VALUE, such as array.inputs=64")
        }
        let key = String(text[..<equals])
        let path = key.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard path.allSatisfy({ !$0.isEmpty }), path.count <= YAMLLimits.depth else {
            throw error(at: "--set \(text.echoed)", "'\(key.echoed)' is no key; accepted: a path such as array.inputs")
        }
        let place = assignment.option ?? "--set \(key.echoed)"
        let folder = FileManager.default.currentDirectoryPath
        let value = String(text[text.index(after: equals)...])
        try YAMLLimits.check(value) { _, _ in place }
        do {
            guard let root = try compose(yaml: value) else {
                throw error(at: place, "has no value; accepted: KEY=VALUE")
            }
            return (path, try node(root, directory: folder) { _ in place })
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
        _ node: Node, directory: String, place: (Mark?) -> String
    ) throws -> ConfigNode {
        let here = place(node.mark)
        let content: ConfigNode.Content
        switch node {
        case .scalar(let scalar):
            content = .scalar(text: scalar.string, isPlain: scalar.style == .plain || scalar.style == .any)
        case .sequence(let items):
            content = .list(try items.map { try self.node($0, directory: directory, place: place) })
        case .mapping(let pairs):
            content = .mapping(
                try pairs.map { key, value in
                    let keyPlace = place(key.mark)
                    guard let name = key.scalar?.string else { throw error(at: keyPlace, "a key must be a word") }
                    let value = try self.node(value, directory: directory, place: place)
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
            return error(at: "\(file):\(line):\(column)", "\(key.echoed): duplicate key; accepted: each key once")
        case .reader(let message, _, _, _): return error(at: file, "not valid YAML: \(message)")
        default: return error(at: file, "not valid YAML: \("\(problem)".echoed)")
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
