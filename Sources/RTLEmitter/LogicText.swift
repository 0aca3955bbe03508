import Design
import Fabric

#if MUTANTS
    import Mutants
#endif

// The text of every logic primitive. Meanings: Fabric/Primitives/LogicMeaning.swift.

extension CellWriter {
    /// Writes a logic cell in this lane; `declares`: its wire, a scalar, is declared with it.
    mutating func write(_ cell: LogicCell, declares: Bool) throws {
        let net = design[cell.output]
        let value = try expression(cell, net)
        let name = variable(net, lane: lane)
        let target =
            declares ? Declaration.text("wire", name, width: net.width, signed: net.signed) : "assign \(name)"
        text.line("\(target) = \(value);")
    }

    private mutating func expression(_ cell: LogicCell, _ net: Net) throws -> String {
        let width = net.width
        switch cell.kind {
        case .not: return "~\(try source(cell.operands[0], "a").resized(width))"
        case .and: return try binary(cell, "&", width)
        case .or: return try binary(cell, "|", width)
        case .xor where width == 1 && cell.operands[1] == .constant(1):
            return "~\(try source(cell.operands[0], "a").resized(1))"
        case .xor: return try binary(cell, "^", width)
        case .add:
            if let known = shiftAdds[cell.output] { return try shiftAdd(cell, known, width) }
            return try binary(cell, "+", width)
        case .subtract: return try binary(cell, "-", width)
        case .equal: return try comparison(cell, "==", width)
        case .lessThan: return try comparison(cell, "<", width)
        case .multiplex: return try multiplex(cell, width)
        case .slice: return try source(cell.operands[0], "a").bits(from: cell.parameter, count: width)
        case .shiftLeftConstant: return shiftedLeft(try source(cell.operands[0], "a"), by: cell.parameter, width)
        case .shiftRight: return try shiftRight(cell, width)
        case .shiftLeft: return try shiftLeft(cell, width)
        case .roundShift: return try roundShift(cell, width)
        case .saturate: return saturate(try source(cell.operands[0], "a"), width)
        case .maximum: return try maximum(cell, width)
        case .powerOfTwoShift: return try powerOfTwoShift(cell, width)
        case .unpack: return try unpack(cell, width)
        case .pack: return try pack(cell, width)
        case .laneSelect: return try laneSelect(cell, width)
        case .register, .shiftRegister, .blockMemory, .dsp48e2: throw RTLError("\(cell.kind) is not logic")
        }
    }

    private mutating func binary(_ cell: LogicCell, _ sign: String, _ width: Int) throws -> String {
        let a = try source(cell.operands[0], "a")
        let b = try source(cell.operands[1], "b")
        return "\(a.resized(width)) \(sign) \(b.resized(width))"
    }

    /// Both operands in one width and sign that hold either.
    private mutating func common(_ cell: LogicCell) throws -> (a: String, b: String, width: Int) {
        let a = try source(cell.operands[0], "a")
        let b = try source(cell.operands[1], "b")
        #if MUTANTS
            let signed = (a.signed || b.signed) && !isPlanted("signed-compare")
        #else
            let signed = a.signed || b.signed
        #endif
        let width = signed ? max(a.signedWidth, b.signedWidth) : max(a.width, b.width)
        // Bits of a vector have no sign; equality needs none.
        func text(_ value: BitSource) -> String {
            let bits = value.resized(width)
            return signed && cell.kind != .equal ? "$signed(\(bits))" : bits
        }
        return (text(a), text(b), width)
    }

    private mutating func comparison(_ cell: LogicCell, _ sign: String, _ width: Int) throws -> String {
        let (a, b, _) = try common(cell)
        return width == 1 ? "\(a) \(sign) \(b)" : "{\(width - 1)'d0, \(a) \(sign) \(b)}"
    }

    private mutating func maximum(_ cell: LogicCell, _ width: Int) throws -> String {
        let (a, b, common) = try common(cell)
        let larger = "(\(a) < \(b)) ? \(b) : \(a)"
        if common == width { return larger }
        let signed = cell.operands.contains { $0.netID.map { design[$0].signed } ?? false }
        return wire("larger", width: common, signed: signed, larger).resized(width)
    }

    private mutating func multiplex(_ cell: LogicCell, _ width: Int) throws -> String {
        let choice = try source(cell.operands[0], "c").nonZero
        let a = try source(cell.operands[1], "a").resized(width)
        let b = try source(cell.operands[2], "b").resized(width)
        return "\(choice) ? \(a) : \(b)"
    }

    private func shiftedLeft(_ a: BitSource, by amount: Int, _ width: Int) -> String {
        if amount >= width { return "\(width)'d0" }
        return amount == 0 ? a.resized(width) : "{\(a.resized(width - amount)), \(amount)'d0}"
    }

    /// The low 6 bits of a shift amount, in a helper wire where its net has more.
    mutating func amount(_ b: BitSource) -> BitSource {
        if !b.signed, b.width <= 6 { return b }
        let width = b.signed ? 6 : min(6, b.width)
        return wire("amount", width: width, b.resized(width))
    }

    private mutating func shiftRight(_ cell: LogicCell, _ width: Int) throws -> String {
        let a = try source(cell.operands[0], "a")
        let b = try source(cell.operands[1], "b")
        if let constant = b.constantValue { return a.bits(from: Int(constant & 63), count: width) }
        let places = amount(b)
        let value = a.signed ? "$signed(\(a.resized(a.width)))" : a.resized(a.width)
        let shifted = "\(value) \(a.signed ? ">>>" : ">>") \(places.resized(places.width))"
        if width == a.width { return shifted }
        if width < a.width { return "\(width)'(\(shifted))" }
        return wire("shifted", width: a.width, signed: a.signed, shifted).resized(width)
    }

    private mutating func shiftLeft(_ cell: LogicCell, _ width: Int) throws -> String {
        let a = try source(cell.operands[0], "a")
        let b = try source(cell.operands[1], "b")
        if let constant = b.constantValue { return shiftedLeft(a, by: Int(constant & 63), width) }
        let places = amount(b)
        return "\(a.resized(width)) << \(places.resized(places.width))"
    }

    private func saturate(_ a: BitSource, _ width: Int) -> String {
        if let value = a.constantValue {
            return Literal.text(LogicMeaning.clamp(value, width: width), width: width)
        }
        if a.signedWidth <= width { return a.resized(width) }
        let above = a.bits(from: width - 1, count: a.width - width + 1)
        guard a.signed else {
            return width == 1 ? "1'd0" : "(|\(above)) ? {1'b0, {\(width - 1){1'b1}}} : \(a.resized(width))"
        }
        let sign = a.bit(a.width - 1)
        if width == 1 { return sign }
        return "((&\(above)) || !(|\(above))) ? \(a.resized(width)) : {\(sign), {\(width - 1){~\(sign)}}}"
    }
}
