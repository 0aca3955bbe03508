// What the limits count, from the text of the sources: a scanner of lines and brackets, no parser. It knows strings,
// comments and nested brackets, which is all that counting needs.

import Foundation
import TestSupport

/// A function or initialiser of the sources.
struct ScannedFunction {
    /// "Sources/Kernel/Simulation.swift:48 init".
    var place: String
    /// Of its parameter list.
    var parameters: Int
    /// From its first line to its closing bracket; 1 without a body.
    var lines: Int
}

/// One Swift file under Sources.
struct SourceScan {
    let path: String
    private let lines: [String]
    /// The lines without comments and without what stands in strings.
    private let code: [String]

    /// All files of this project under Sources, without what protoc made.
    static let all: [SourceScan] = {
        let root = Repository.root.appendingPathComponent("Sources")
        let names = (FileManager.default.enumerator(atPath: root.path)?.allObjects as? [String] ?? []).sorted()
        return names.filter { $0.hasSuffix(".swift") && !$0.hasSuffix(".pb.swift") }.compactMap { name in
            (try? String(contentsOf: root.appendingPathComponent(name), encoding: .utf8))
                .map { SourceScan(path: "Sources/\(name)", text: $0) }
        }
    }()

    init(path: String, text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        code = SourceScan.stripped(text)
    }

    var lineCount: Int { lines.count }

    // MARK: declarations

    private static let words = [
        "func", "var", "let", "init", "init?", "struct", "enum", "class", "protocol", "typealias", "subscript", "actor",
    ]

    /// Whether a line declares something that other modules see.
    private static func isVisible(_ line: String) -> Bool {
        var words = line.split(whereSeparator: { " (:<".contains($0) }).map(String.init)
        while let first = words.first, first.hasPrefix("@") { words.removeFirst() }
        guard let access = words.first, ["public", "package"].contains(access) else { return false }
        let modifiers: Set<String> = [
            "static", "final", "mutating", "indirect", "override", "lazy", "nonisolated", "private", "set)", "unowned",
        ]
        let kind = words.dropFirst().first { !modifiers.contains($0) }
        return kind.map { SourceScan.words.contains($0) } ?? false
    }

    /// Visible declarations, and those of them without a comment for documentation above.
    func declarations() -> (all: Int, bare: [String]) {
        var all = 0
        var bare: [String] = []
        for (index, line) in code.enumerated() where SourceScan.isVisible(line.trimmingCharacters(in: .whitespaces)) {
            all += 1
            var above = index - 1
            while above >= 0, lines[above].trimmingCharacters(in: .whitespaces).hasPrefix("@") { above -= 1 }
            let isDocumented = above >= 0 && lines[above].trimmingCharacters(in: .whitespaces).hasPrefix("///")
            if !isDocumented { bare.append("\(path):\(index + 1)") }
        }
        return (all, bare)
    }

    // MARK: functions

    /// Functions and initialisers.
    func functions() -> [ScannedFunction] {
        let opening = /\b(func\s+[^\s(<]+|init[?]?)\s*(<[^(]*>)?\(/
        var result: [ScannedFunction] = []
        for (index, line) in code.enumerated() {
            for match in line.matches(of: opening) {
                let before = line[..<match.range.lowerBound]
                if before.hasSuffix(".") || before.hasSuffix("self.") { continue }
                // A call of an initialiser is no declaration.
                let name = String(match.output.1)
                if name.hasPrefix("init"), !SourceScan.declaresInitializer(before) { continue }
                let column = line.distance(from: line.startIndex, to: match.range.upperBound)
                guard let (parameters, end) = parameterList(line: index, column: column) else { continue }
                result.append(
                    ScannedFunction(
                        place: "\(path):\(index + 1) \(name)", parameters: parameters,
                        lines: bodyEnd(after: end).map { $0 - index + 1 } ?? 1))
            }
        }
        return result
    }

    private static func declaresInitializer(_ before: Substring) -> Bool {
        let words = before.split(separator: " ")
        let modifiers: Set<Substring> = [
            "public", "package", "private", "fileprivate", "internal", "override", "required",
        ]
        return words.allSatisfy { modifiers.contains($0) || $0.hasPrefix("@") }
    }

    /// Number of parameters of the list that is open at a position, and where it closes.
    private func parameterList(line: Int, column: Int) -> (Int, (line: Int, column: Int))? {
        var depth = 1
        var commas = 0
        var isEmpty = true
        var start = column
        for row in line..<min(code.count, line + 60) {
            for (offset, character) in code[row].enumerated() where offset >= start {
                switch character {
                case "(", "[", "{": depth += 1
                case ")", "]", "}":
                    depth -= 1
                    if depth == 0 { return (isEmpty ? 0 : commas + 1, (row, offset)) }
                case ",": if depth == 1 { commas += 1 }
                case ":": isEmpty = false
                default: break
                }
            }
            start = 0
        }
        return nil
    }

    /// The line of the bracket that closes the body, if one opens before the declaration ends.
    private func bodyEnd(after end: (line: Int, column: Int)) -> Int? {
        var depth = 0
        var start = end.column + 1
        for row in end.line..<code.count {
            let text = code[row]
            // A declaration without a body ends with its line, unless the next one goes on.
            if depth == 0, row > end.line + 3 { return nil }
            for (offset, character) in text.enumerated() where offset >= start {
                if character == "{" { depth += 1 }
                if character == "}" {
                    depth -= 1
                    if depth <= 0 { return depth == 0 ? row : nil }
                }
            }
            start = 0
        }
        return nil
    }

    // MARK: text

    /// Lines with comments and the inside of strings taken out.
    private static func stripped(_ text: String) -> [String] {
        var result: [String] = []
        var isLongString = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if isLongString {
                if line.contains("\"\"\"") { isLongString = false }
                result.append("")
                continue
            }
            var out = ""
            var isString = false
            var previous: Character = " "
            var rest = line[...]
            while let character = rest.first {
                if !isString, rest.hasPrefix("//") { break }
                if !isString, rest.hasPrefix("\"\"\"") {
                    isLongString = true
                    break
                }
                rest = rest.dropFirst()
                if character == "\"" && previous != "\\" {
                    isString.toggle()
                } else if !isString {
                    out.append(character)
                }
                previous = previous == "\\" && character == "\\" ? " " : character
            }
            result.append(out)
        }
        return result
    }
}
