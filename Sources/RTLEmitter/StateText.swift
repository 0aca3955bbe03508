import Design
import Fabric

// The text of registers and shift registers. Reset has priority over enable, as in FDRE.

extension CellWriter {
    /// FDREs of one lane.
    mutating func write(_ cell: RegisterCell) throws {
        let net = design[cell.output]
        let target = variable(net, lane: lane)
        let data = try source(cell.data, "d").resized(net.width)
        let enable = try condition(cell.enable, "ce")
        let reset = try cell.reset.flatMap { try condition(.some($0), "r") ?? "1'b1" }
        text.block("always @(posedge clk) begin") { block in
            let load = (enable.map { "if (\($0)) " } ?? "") + "\(target) <= \(data);"
            if let reset {
                block.line("if (\(reset)) \(target) <= \(Literal.text(cell.initial, width: net.width));")
                block.line("else \(load)")
            } else {
                block.line(load)
            }
        }
    }

    /// A chain of registers without reset, which Vivado and Yosys map to SRL16E/SRLC32E.
    mutating func write(_ cell: ShiftRegisterCell) throws {
        let net = design[cell.output]
        let chain = "\(stem)__chain"
        let bits = cell.depth * net.width
        let data = try source(cell.data, "d").resized(net.width)
        let enable = try condition(cell.enable, "ce")
        text.line("(* shreg_extract = \"yes\", srl_style = \"srl\" *)")
        text.line(Declaration.bus("reg", chain, bits: bits) + " = {\(bits){1'b0}};")
        let next = cell.depth == 1 ? data : "{\(chain)[\(bits - net.width - 1):0], \(data)}"
        text.block("always @(posedge clk) begin") {
            $0.line((enable.map { "if (\($0)) " } ?? "") + "\(chain) <= \(next);")
        }
        text.line("assign \(variable(net, lane: lane)) = \(chain)[\(bits - 1) -: \(net.width)];")
    }
}
