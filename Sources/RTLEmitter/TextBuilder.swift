/// Lines of SystemVerilog with block indentation.
struct TextBuilder {
    private(set) var lines: [String] = []
    private var depth: Int

    init(depth: Int = 0) { self.depth = depth }

    mutating func line(_ text: String) { lines.append(String(repeating: "    ", count: depth) + text) }

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

    var text: String { lines.joined(separator: "\n") + "\n" }
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
