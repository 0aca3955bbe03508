import Design
import Fabric

// Rounding shifts and the power-of-two multiplication of an SVPE lane.

extension CellWriter {
    /// a / 2^b, halves to even.
    mutating func roundShift(_ cell: LogicCell, _ width: Int) throws -> String {
        let a = try source(cell.operands[0], "a")
        let b = try source(cell.operands[1], "b")
        if let constant = b.constantValue { return rounded(a, by: Int(constant & 63), width) }
        let places = amount(b)
        // One stage per amount bit on {a, 0}: the lowest bit of the result is the half, what stages drop is below it.
        let width1 = a.width + 1
        var stage = wire("wide", width: width1, signed: a.signed, "{\(a.resized(a.width)), 1'b0}")
        var lost: [String] = []
        for bit in (0..<places.width).reversed() {
            let distance = 1 << bit
            let chosen = places.bit(bit)
            lost.append("(\(chosen) && (|\(stage.bits(from: 0, count: min(distance, width1)))))")
            let moved = stage.bits(from: distance, count: width1)
            let text = "\(chosen) ? \(moved) : \(stage.resized(width1))"
            stage = wire("by\(distance)", width: width1, signed: a.signed, text)
        }
        let odd = stage.bits(from: 1, count: 1)
        let up = wire("up", width: 1, "\(stage.bit(0)) && (\(odd) || \(lost.joined(separator: " || ")))")
        return "\(stage.bits(from: 1, count: width)) + \(up.resized(width))"
    }

    private mutating func rounded(_ a: BitSource, by amount: Int, _ width: Int) -> String {
        if let value = a.constantValue {
            return Literal.text(LogicMeaning.roundHalfEven(value, Int64(amount)), width: width)
        }
        if amount == 0 { return a.resized(width) }
        let half = a.bits(from: amount - 1, count: 1)
        let low = a.bits(from: amount, count: 1)
        let lost = amount == 1 ? low : "((|\(a.bits(from: 0, count: amount - 1))) || \(low))"
        let up = wire("up", width: 1, "\(half) && \(lost)")
        return "\(a.bits(from: amount, count: width)) + \(up.resized(width))"
    }

    /// a times the value of an n-bit code: a left shift by the complement of the code's magnitude field, cleared for
    /// field 0, and negated through the carry chain. Of seven forms tried under Yosys 0.23 (xcup, 16-bit a) the
    /// smallest: n = 2: 16, 3: 18, 4: 41, 5: 81 LUT. Up to n = 3 magnitude and sign of one bit fit one LUT6 when
    /// written as a selection; from n = 4 a shifter is smaller.
    mutating func powerOfTwoShift(_ cell: LogicCell, _ width: Int) throws -> String {
        let bits = cell.parameter
        let a = try source(cell.operands[0], "a")
        let code = try source(cell.operands[1], "code")
        // One bit more than a: the negative of the least value.
        let needed = a.width + 1 + PowerOfTwoCode.largestExponent(bits: bits)
        let work = min(width, needed)
        if let constant = code.constantValue {
            return scaled(a, by: PowerOfTwoCode.value(constant & ((1 << Int64(bits)) - 1), bits: bits), width)
        }
        let codeWire = wire("code", width: bits, code.resized(bits))
        let value = wire("value", width: work, a.resized(work))
        let magnitude = wire("magnitude", width: work, selected(value, codeWire, bits))
        let sign = codeWire.bit(bits - 1)
        let product = wire(
            "signed", width: work, signed: true,
            "(\(magnitude.resized(work)) ^ {\(work){\(sign)}}) + \(extended(sign, to: work))")
        return product.resized(width)
    }

    /// An addend plus the product of an SVPE lane in one carry chain (`ShiftAdd`): the magnitude's ones' complement where
    /// the code is negative, and its sign as the carry-in. Under Yosys 0.23 (xcup, 16-bit a, sums three bits wider than
    /// the product): n = 1 and 2: 19, 4: 46, 5: 100 LUT, the sum's included.
    mutating func shiftAdd(_ cell: LogicCell, _ known: ShiftAdd, _ width: Int) throws -> String {
        guard case .logic(let shift) = design.cells[known.shift] else { throw RTLError("no product is added") }
        let addend = try source(cell.operands[1 - known.operand], "addend")
        let bits = shift.parameter
        let a = try source(shift.operands[0], "a")
        let code = wire("code", width: bits, try source(shift.operands[1], "code_source").resized(bits))
        let work = ShiftAdd.magnitudeBits(activationBits: a.signedWidth, codeBits: bits)
        let value = wire("value", width: work, a.resized(work))
        let magnitude = wire("magnitude", width: work, selected(value, code, bits))
        let sign = code.bit(bits - 1)
        // No exclusive or: CXXRTL of Yosys 0.23 leaves bits above a shift's width, which a complement clears.
        let chosen = "\(sign) ? ~\(magnitude.resized(work)) : \(magnitude.resized(work))"
        let ones = wire("ones", width: work, signed: true, chosen)
        return "\(addend.resized(width)) + \(ones.resized(width)) + \(extended(sign, to: width))"
    }

    private func extended(_ bit: String, to width: Int) -> String {
        width == 1 ? bit : "{\(width - 1)'d0, \(bit)}"
    }

    private func scaled(_ a: BitSource, by weight: Int64, _ width: Int) -> String {
        if weight == 0 { return "\(width)'d0" }
        let exponent = abs(weight).trailingZeroBitCount
        if exponent >= width { return "\(width)'d0" }
        let shifted = exponent == 0 ? a.resized(width) : "{\(a.resized(width - exponent)), \(exponent)'d0}"
        return weight > 0 ? shifted : "\(width)'d0 - \(shifted)"
    }

    private mutating func selected(_ value: BitSource, _ code: BitSource, _ bits: Int) -> String {
        let width = value.width
        if bits == 1 { return value.resized(width) }
        let field = wire("field", width: bits - 1, code.bits(from: 0, count: bits - 1))
        let places = PowerOfTwoCode.magnitudes(bits: bits)
        if bits > 3 {
            let shift = wire("places", width: bits - 1, "~\(field.resized(bits - 1))")
            return "\(field.nonZero) ? (\(value.resized(width)) << \(shift.resized(bits - 1))) : \(width)'d0"
        }
        let terms = (1...places).map { index in
            let chosen = bits == 2 ? field.resized(1) : "(\(field.resized(bits - 1)) == \(bits - 1)'d\(index))"
            let shift = places - index
            let shifted = shift == 0 ? value.resized(width) : "(\(value.resized(width)) << \(shift))"
            return "({\(width){\(chosen)}} & \(shifted))"
        }
        return terms.joined(separator: " | ")
    }
}
