/// Lines of SystemVerilog with block indentation.
struct TextBuilder {
    private(set) var lines: [String] = []
    private var depth: Int

    init(depth: Int = 0) { self.depth = depth }

    mutating func line(_ text: String) { lines.append(String(repeating: "    ", count: depth) + text) }

    /// A line in pieces of at most 120 characters where it has spaces to break at; comments and strings stay
    /// whole.
    private static func wrapped(_ line: String) -> [String] {
        let longest = 120
        guard line.count > longest, !["//", "/*", "\""].contains(where: { line.contains($0) }) else { return [line] }
        let indent = String(line.prefix { $0 == " " }) + "    "
        var result: [String] = []
        var rest = Substring(line)
        while rest.count > longest {
            let head = rest.prefix(longest)
            guard let space = head.lastIndex(of: " "), space > rest.index(rest.startIndex, offsetBy: indent.count)
            else {
                break
            }
            result.append(String(rest[..<space]))
            rest = Substring(indent + rest[rest.index(after: space)...])
        }
        return result + [String(rest)]
    }

    mutating func blank() { if let last = lines.last, !last.isEmpty { lines.append("") } }

    mutating func append(_ other: [String]) { for text in other { line(text) } }

    /// `opening` ... `closing` around what `body` writes.
    mutating func block(_ opening: String, _ closing: String = "end", _ body: (inout TextBuilder) throws -> Void)
        rethrows
    {
        line(opening)
        depth += 1
        try body(&self)
        depth -= 1
        line(closing)
    }

    /// if ... else if ... else; a branch without condition is the last.
    mutating func branches(_ branches: [(condition: String?, statements: [String])]) {
        for (index, branch) in branches.enumerated() {
            let head = [index > 0 ? "else" : nil, branch.condition.map { "if (\($0))" }].compactMap { $0 }
            let opening = head.joined(separator: " ")
            if opening.isEmpty {
                for statement in branch.statements { line(statement) }
            } else if branch.statements.count == 1 {
                line("\(opening) \(branch.statements[0])")
            } else {
                block("\(opening) begin") { for statement in branch.statements { $0.line(statement) } }
            }
        }
    }

    /// A generate loop over `count` values of `variable`.
    mutating func loop(_ variable: String, _ count: Int, _ label: String, _ body: (inout TextBuilder) throws -> Void)
        rethrows
    {
        try block(
            "for (genvar \(variable) = 0; \(variable) < \(count); \(variable) = \(variable) + 1) begin : \(label)",
            "end", body)
    }

    /// Comma-separated entries between `opening` and `closing`.
    mutating func list(_ opening: String, _ entries: [String], _ closing: String) {
        block(opening, closing) { text in
            for (index, entry) in entries.enumerated() { text.line(entry + (index + 1 < entries.count ? "," : "")) }
        }
    }

    /// Comma-separated entries between `opening` and `closing`, as many in a line as it holds.
    mutating func packedList(_ opening: String, _ entries: [String], _ closing: String) {
        block(opening, closing) { text in
            var row = ""
            for (index, entry) in entries.enumerated() {
                let piece = entry + (index + 1 < entries.count ? "," : "")
                if !row.isEmpty, row.count + 1 + piece.count > 100 {
                    text.line(row)
                    row = ""
                }
                row += (row.isEmpty ? "" : " ") + piece
            }
            if !row.isEmpty { text.line(row) }
        }
    }

    var text: String { lines.flatMap(TextBuilder.wrapped).joined(separator: "\n") + "\n" }
}

/// Declarations of bit vectors.
enum Declaration {
    /// "reg signed [7:0] name"; one bit has no range.
    static func text(_ keyword: String, _ name: String, width: Int, signed: Bool = false) -> String {
        "\(keyword) \(signed ? "signed " : "")" + (width == 1 ? name : "[\(width - 1):0] \(name)")
    }

    /// "wire [47:0] name", with a range even for one bit, so that lanes can be selected.
    static func bus(_ keyword: String, _ name: String, bits: Int) -> String { "\(keyword) [\(bits - 1):0] \(name)" }
}
