import Design
import Fabric

// The text of registers and shift registers. A register's own reset has priority over its enable, as in FDRE; the reset
// of the text joins it.

extension CellWriter {
    /// FDREs of one lane with one enable and one reset; `resets`: the text's reset puts them to their power-up values.
    mutating func write(_ cells: [RegisterCell], resets: Bool) throws {
        let enable = try condition(cells[0].enable, "ce")
        let own = try cells[0].reset.flatMap { try condition(.some($0), "r") ?? "1'b1" }
        let reset = [resets ? "reset" : nil, own].compactMap { $0 }.joined(separator: " || ")
        var loads: [String] = []
        var clears: [String] = []
        for cell in cells {
            let net = design[cell.output]
            stem = Routing.localName(net)
            let target = variable(net, lane: lane)
            loads.append("\(target) <= \(try source(cell.data, "d").resized(net.width));")
            clears.append("\(target) <= \(Literal.text(cell.initial, width: net.width));")
        }
        if reset.isEmpty, enable == nil, loads.count == 1 {
            text.line("always @(posedge clk) \(loads[0])")
            return
        }
        text.block("always @(posedge clk) begin") { block in
            var branches: [(condition: String?, statements: [String])] = []
            if !reset.isEmpty { branches.append((reset, clears)) }
            branches.append((enable, loads))
            block.branches(branches)
        }
    }

    /// A chain of registers without reset, which Vivado and Yosys map to SRL16E/SRLC32E. They have no reset: with
    /// `resets` the chain is of FDREs.
    mutating func write(_ cell: ShiftRegisterCell, resets: Bool) throws {
        let net = design[cell.output]
        let chain = "\(stem)__chain"
        let bits = cell.depth * net.width
        let data = try source(cell.data, "d").resized(net.width)
        let enable = try condition(cell.enable, "ce")
        if !resets { text.line("(* shreg_extract = \"yes\", srl_style = \"srl\" *)") }
        text.line(Declaration.bus("reg", chain, bits: bits) + ";  initial \(chain) = {\(bits){1'b0}};")
        let next = cell.depth == 1 ? data : "{\(chain)[\(bits - net.width - 1):0], \(data)}"
        text.block("always @(posedge clk) begin") { block in
            var branches: [(condition: String?, statements: [String])] = []
            if resets { branches.append(("reset", ["\(chain) <= {\(bits){1'b0}};"])) }
            branches.append((enable, ["\(chain) <= \(next);"]))
            block.branches(branches)
        }
        text.line("assign \(variable(net, lane: lane)) = \(chain)[\(bits - 1) -: \(net.width)];")
    }
}
