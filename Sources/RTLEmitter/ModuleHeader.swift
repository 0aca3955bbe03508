import Design

// The comment above a module: what it does, and its ports with what drives them or what they say.

struct ModuleHeader {
    let design: Design
    let routing: Routing
    let scope: Int
    /// Whether the module has the port `reset`.
    let hasReset: Bool

    /// Characters of a comment's line.
    private static let width = 118

    private struct Row {
        var name: String
        var direction: String
        var bits: String
        var meaning: String
    }

    func write(into text: inout TextBuilder) {
        let path = design.path(ofScope: scope).joined(separator: ".")
        let about = design.scopes[scope].about
        for line in ModuleHeader.lines(about, width: ModuleHeader.width - 3) { text.line("// \(line)") }
        text.line("// \(path) of \(design.name), written by ShiftSim.")
        text.line("//")
        let rows = [Row(name: "port", direction: "", bits: "bits", meaning: "what it is")] + self.rows
        let name = rows.map(\.name.count).max() ?? 0
        let bits = rows.map(\.bits.count).max() ?? 0
        for row in rows {
            let start =
                "//   " + row.name.padded(to: name) + "  " + row.direction.padded(to: 3) + "  "
                + String(repeating: " ", count: bits - row.bits.count) + row.bits + "  "
            let meanings = ModuleHeader.lines(row.meaning, width: max(30, ModuleHeader.width - start.count))
            text.line(start + (meanings.first ?? ""))
            let blank = "//" + String(repeating: " ", count: start.count - 2)
            for rest in meanings.dropFirst() { text.line(blank + rest) }
        }
    }

    private var rows: [Row] {
        var rows = [Row(name: "clk", direction: "in", bits: "1", meaning: "the clock, rising edge")]
        if hasReset {
            rows.append(
                Row(
                    name: "reset", direction: "in", bits: "1",
                    meaning: "synchronous, active high: the registers of the control take their power-up values"))
        }
        return rows
            + routing.ports[scope].map { port in
                Row(
                    name: routing.name(of: port.net, in: scope), direction: port.isInput ? "in" : "out",
                    bits: bits(port.net), meaning: meaning(port.net))
            }
    }

    /// "16", or "8 x 16" for lanes, lane 0 lowest.
    private func bits(_ net: Int) -> String {
        let net = design.nets[net]
        return net.array == nil ? "\(net.width)" : "\(net.lanes) x \(net.width)"
    }

    /// What is said of the port of `top`; else the path of the net at it.
    private func meaning(_ net: Int) -> String {
        let id = NetID(net)
        let value = design.nets[net]
        let path = (design.path(ofScope: value.scope) + [value.array.map { "\($0)[]" }, value.name].compactMap { $0 })
            .joined(separator: ".")
        return scope == 0 ? design.meanings[id] ?? path : path
    }

    /// Words in lines of `width` characters at most, where words are not longer.
    private static func lines(_ text: String, width: Int) -> [String] {
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, last.count + 1 + word.count <= width {
                lines[lines.count - 1] = "\(last) \(word)"
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
