import Design
import Fabric

// DSP48E2 instances (UG579): A and B through one register each, M and P registers, C registered beside M.
// P = M, or M + C when the cell has a C operand.

/// Pins of a DSP48E2 that the design drives; the other pins are tied in `instance`.
enum DSPText {
    /// Helper wires of a lane, as (name, bits), named after the cell.
    static func wires(_ cell: DSPCell) -> [(name: String, bits: Int)] {
        let name = cell.name
        return [
            ("\(name)__A", 30), ("\(name)__B", 18), ("\(name)__C", 48), ("\(name)__CEAB", 1), ("\(name)__CEM", 1),
            ("\(name)__CEC", 1), ("\(name)__CEP", 1),
        ]
    }

    /// The instance itself; it stands where the lane is declared, so that its path is that of the Design.
    /// `declaresP` is false where P already is a port of the module.
    static func instance(_ cell: DSPCell, declaresP: Bool = true) -> TextBuilder {
        var text = TextBuilder()
        for wire in wires(cell) { text.line(Declaration.text("wire", wire.name, width: wire.bits) + ";") }
        if declaresP { text.line(Declaration.text("wire", "\(cell.name)_P", width: 48, signed: true) + ";") }
        text.list("DSP48E2 #(", parameters, ")")
        text.list("\(cell.name) (", pins(cell), ");")
        return text
    }

    private static let parameters = [
        ".AMULTSEL(\"A\")", ".BMULTSEL(\"B\")", ".USE_MULT(\"MULTIPLY\")", ".USE_SIMD(\"ONE48\")", ".AREG(1)",
        ".ACASCREG(1)", ".BREG(1)", ".BCASCREG(1)", ".CREG(1)", ".MREG(1)", ".PREG(1)", ".ADREG(0)", ".DREG(0)",
        ".INMODEREG(0)", ".OPMODEREG(0)", ".ALUMODEREG(0)", ".CARRYINREG(0)", ".CARRYINSELREG(0)",
    ]

    private static func pins(_ cell: DSPCell) -> [String] {
        let name = cell.name
        // OPMODE: W = 0, Z = 0 or C, Y and X = M (UG579 tables 2-3 to 2-6).
        let mode = cell.c == nil ? "9'b00_000_01_01" : "9'b00_011_01_01"
        let driven = [
            ".CLK(clk)", ".A(\(name)__A)", ".B(\(name)__B)", ".C(\(name)__C)", ".CEA2(\(name)__CEAB)",
            ".CEB2(\(name)__CEAB)", ".CEM(\(name)__CEM)", ".CEC(\(name)__CEC)", ".CEP(\(name)__CEP)",
            ".OPMODE(\(mode))", ".P(\(name)_P)",
        ]
        let bits = [
            ("D", 27), ("ACIN", 30), ("BCIN", 18), ("PCIN", 48), ("ALUMODE", 4), ("INMODE", 5), ("CARRYINSEL", 3),
            ("CARRYIN", 1), ("CARRYCASCIN", 1), ("MULTSIGNIN", 1), ("CEA1", 1), ("CEB1", 1), ("CED", 1), ("CEAD", 1),
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
        let a = try source(cell.a, "a").resized(27)
        let wide = wire("a27", width: 27, signed: true, a).resized(30)
        let values = [
            wide, try source(cell.b, "b").resized(18), try cell.c.map { try source($0, "c").resized(48) } ?? "48'd0",
            try condition(cell.enableOperands, "ceab") ?? "1'b1", try condition(cell.enableM, "cem") ?? "1'b1",
            cell.c == nil ? "1'b0" : try condition(cell.enableC, "cec") ?? "1'b1",
            try condition(cell.enableP, "cep") ?? "1'b1",
        ]
        for (pin, value) in zip(DSPText.wires(cell), values) { text.line("assign \(place)\(pin.name) = \(value);") }
    }
}
