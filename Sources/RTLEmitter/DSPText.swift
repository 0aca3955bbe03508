import Design
import Fabric

// DSP48E2 instances (UG579): A and B through one register each (B through B1 and B2 where the cell says so), M and P
// registers, C registered beside M. P = M + C + PCIN + P, each where the cell has it.

/// Pins of a DSP48E2 that the design drives; the other pins are tied in `instance`.
enum DSPText {
    /// Helper wires of a lane, as (name, bits), named after the cell.
    static func wires(_ cell: DSPCell) -> [(name: String, bits: Int)] {
        let name = cell.name
        return [
            ("\(name)__A", 30), ("\(name)__B", 18), ("\(name)__C", 48), ("\(name)__CEA2", 1), ("\(name)__CEB1", 1),
            ("\(name)__CEB2", 1), ("\(name)__CEM", 1), ("\(name)__CEC", 1), ("\(name)__CEP", 1),
        ] + (cell.cascade == nil ? [] : [("\(name)__PCIN", 48)]) + (cell.starts == nil ? [] : [("\(name)__W", 1)])
    }

    /// The instance itself; it stands where the lane is declared, so that its path is that of the Design.
    /// `declaresP` is false where P already is a port of the module; `cascades`: another cell takes its PCOUT.
    static func instance(_ cell: DSPCell, declaresP: Bool = true, cascades: Bool) -> TextBuilder {
        var text = TextBuilder()
        for wire in wires(cell) { text.line(Declaration.text("wire", wire.name, width: wire.bits) + ";") }
        if declaresP { text.line(Declaration.text("wire", "\(cell.name)_P", width: 48, signed: true) + ";") }
        if cascades { text.line(Declaration.text("wire", "\(cell.name)_PCOUT", width: 48) + ";") }
        // An output that nobody takes stays open: the cascade is a wire of the column, not of the fabric.
        if !cascades { text.line("/* verilator lint_off PINCONNECTEMPTY */  // no DSP48E2 takes this one's cascade") }
        text.packedList("DSP48E2 #(", parameters(cell), ")")
        text.packedList("\(cell.name) (", pins(cell, cascades: cascades), ");")
        if !cascades { text.line("/* verilator lint_on PINCONNECTEMPTY */") }
        return text
    }

    private static func parameters(_ cell: DSPCell) -> [String] {
        let depth = cell.multiplier?.staged == nil ? 1 : 2
        return [
            ".AMULTSEL(\"A\")", ".BMULTSEL(\"B\")",
            cell.multiplier == nil ? ".USE_MULT(\"NONE\")" : ".USE_MULT(\"MULTIPLY\")", ".USE_SIMD(\"ONE48\")",
            ".AREG(1)", ".ACASCREG(1)", ".BREG(\(depth))", ".BCASCREG(\(depth))", ".CREG(1)",
            // UG579: MREG is 0 where the multiplier is unused.
            ".MREG(\(cell.multiplier == nil ? 0 : 1))", ".PREG(1)", ".ADREG(0)", ".DREG(0)", ".INMODEREG(0)",
            ".OPMODEREG(0)", ".ALUMODEREG(0)", ".CARRYINREG(0)", ".CARRYINSELREG(0)",
        ]
    }

    /// OPMODE: W = 0 or P; Z = 0, PCIN or C; Y and X = M, or Y = C (UG579 tables 2-3 to 2-6).
    private static func mode(_ cell: DSPCell) -> String {
        let z = cell.cascade != nil ? "001" : cell.c != nil ? "011" : "000"
        let hasBoth = cell.cascade != nil && cell.c != nil
        let yx = cell.multiplier != nil ? "01_01" : hasBoth ? "11_00" : "00_00"
        if cell.starts != nil { return "{1'b0, \(cell.name)__W, 7'b\(z)_\(yx)}" }
        // All three: C through W.
        let w = hasBoth && cell.multiplier != nil ? "11" : "00"
        return "9'b\(w)_\(z)_\(yx)"
    }

    private static func pins(_ cell: DSPCell, cascades: Bool) -> [String] {
        let name = cell.name
        var driven = [
            ".CLK(clk)", ".A(\(name)__A)", ".B(\(name)__B)", ".C(\(name)__C)", ".CEA2(\(name)__CEA2)",
            ".CEB1(\(name)__CEB1)", ".CEB2(\(name)__CEB2)", ".CEM(\(name)__CEM)", ".CEC(\(name)__CEC)",
            ".CEP(\(name)__CEP)", ".OPMODE(\(mode(cell)))", ".P(\(name)_P)",
            cell.cascade == nil ? ".PCIN(48'd0)" : ".PCIN(\(name)__PCIN)",
        ]
        driven.append(cascades ? ".PCOUT(\(name)_PCOUT)" : ".PCOUT()")
        let bits = [
            ("D", 27), ("ACIN", 30), ("BCIN", 18), ("ALUMODE", 4), ("INMODE", 5), ("CARRYINSEL", 3),
            ("CARRYIN", 1), ("CARRYCASCIN", 1), ("MULTSIGNIN", 1), ("CEA1", 1), ("CED", 1), ("CEAD", 1),
            ("CEALUMODE", 1), ("CECARRYIN", 1), ("CECTRL", 1), ("CEINMODE", 1), ("RSTA", 1), ("RSTB", 1),
            ("RSTC", 1), ("RSTD", 1), ("RSTM", 1), ("RSTP", 1), ("RSTALLCARRYIN", 1), ("RSTALUMODE", 1),
            ("RSTCTRL", 1), ("RSTINMODE", 1),
        ]
        return driven + bits.map { ".\($0.0)(\($0.1)'d0)" }
    }
}

extension CellWriter {
    /// Drives the helper wires of a DSP48E2 in this lane.
    mutating func write(_ cell: DSPCell) throws {
        let p = design[cell.p]
        let place = p.array.map { "\($0)[\(lane.text)]." } ?? ""
        var values = ["30'd0", "18'd0", "48'd0", "1'b0", "1'b0", "1'b0", "1'b0", "1'b0", "1'b1"]
        if let multiplier = cell.multiplier {
            let a = try source(multiplier.a, "a").resized(27)
            values[0] = wire("a27", width: 27, signed: true, a).resized(30)
            values[1] = try source(multiplier.b, "b").resized(18)
            values[3] = try condition(multiplier.enableA, "cea2") ?? "1'b1"
            if let stage = multiplier.staged { values[4] = try condition(stage.enable, "ceb1") ?? "1'b1" }
            values[5] = try condition(multiplier.enableB, "ceb2") ?? "1'b1"
            values[6] = try condition(multiplier.enableM, "cem") ?? "1'b1"
        }
        if let c = cell.c {
            values[2] = try source(c, "c").resized(48)
            values[7] = try condition(cell.enableC, "cec") ?? "1'b1"
        }
        values[8] = try condition(cell.enableP, "cep") ?? "1'b1"
        if let cascade = cell.cascade { values.append(try cascadeOutput(cascade)) }
        if let starts = cell.starts { values.append(try condition(starts, "start").map { "!(\($0))" } ?? "1'b0") }
        for (pin, value) in zip(DSPText.wires(cell), values) { text.line("assign \(place)\(pin.name) = \(value);") }
    }

    /// PCOUT of the neighbour in this lane; it has no way across modules.
    private func cascadeOutput(_ id: NetID) throws -> String {
        let net = design[id]
        guard net.scope == scope, net.name.hasSuffix(".P") else {
            throw RTLError("\(design.path(of: id)): a cascade joins DSP48E2 of one module")
        }
        let name = variable(net, lane: lane)
        return String(name.dropLast(2)) + "_PCOUT"
    }
}
