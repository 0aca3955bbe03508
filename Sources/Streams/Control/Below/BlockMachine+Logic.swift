// Logic over a stretch of cycles. Same meaning as `LogicMeaning`, cycle by cycle.

import Fabric
import RowKernels

extension BlockMachine {
    /// Holds the output if the inputs hold. Returns whether there is nothing left to do.
    @inline(__always) private func settle(_ step: UnsafePointer<BlockStep>) -> Bool {
        let (a, b, c) = (nets + step.pointee.a, nets + step.pointee.b, nets + step.pointee.c)
        if a.pointee.state == .varying || b.pointee.state == .varying || c.pointee.state == .varying { return false }
        let output = nets + step.pointee.output
        if a.pointee.state == .same && b.pointee.state == .same && c.pointee.state == .same {
            output.pointee.state = .same
            return true
        }
        let value = LogicMeaning.evaluate(
            step.pointee.logic, a.pointee.constant, b.pointee.constant, c.pointee.constant,
            parameter: step.pointee.parameter, width: output.pointee.width)
        output.pointee.hold(output.pointee.canonical(value))
        return true
    }

    /// Bits of bits.
    func evaluateBits(_ step: UnsafePointer<BlockStep>, _ count: Int) {
        if settle(step) { return }
        let output = nets + step.pointee.output
        output.pointee.state = .varying
        switch step.pointee.logic {
        case .and: eachWord(step, count) { a, b, _ in a & b }
        case .or: eachWord(step, count) { a, b, _ in a | b }
        case .xor: eachWord(step, count) { a, b, _ in a ^ b }
        case .equal: eachWord(step, count) { a, b, _ in ~(a ^ b) }
        case .multiplex: eachWord(step, count) { a, b, c in (a & b) | (~a & c) }
        case .slice: eachWord(step, count) { a, _, _ in a }
        default: preconditionFailure("\(step.pointee.logic) is not computed on bits")
        }
    }

    @inline(__always) private func eachWord(
        _ step: UnsafePointer<BlockStep>, _ count: Int, _ body: (UInt64, UInt64, UInt64) -> UInt64
    ) {
        let (a, b, c) = (nets + step.pointee.a, nets + step.pointee.b, nets + step.pointee.c)
        let bits = nets[step.pointee.output].bits
        for word in 0...count >> 6 {
            bits[word] = body(a.pointee.word(word), b.pointee.word(word), c.pointee.word(word))
        }
    }

    /// Any logic.
    func evaluateLogic(_ step: UnsafePointer<BlockStep>, _ count: Int) {
        if settle(step) { return }
        nets[step.pointee.output].state = .varying
        if let level = table.level, evaluateLogic(step, count, level) { return }
        let parameter = Int64(step.pointee.parameter)
        switch step.pointee.logic {
        case .multiplex where nets[step.pointee.a].isBit && !nets[step.pointee.output].isBit: choose(step, count)
        case .add: eachPair(step, count) { a, b in a &+ b }
        case .subtract: eachPair(step, count) { a, b in a &- b }
        case .equal: eachPair(step, count) { a, b in a == b ? 1 : 0 }
        case .lessThan: eachPair(step, count) { a, b in a < b ? 1 : 0 }
        case .and: eachPair(step, count) { a, b in a & b }
        case .or: eachPair(step, count) { a, b in a | b }
        case .slice: eachPair(step, count) { a, _ in a &>> parameter }
        case .shiftRight: eachPair(step, count) { a, b in a >> (b & 63) }
        default: eachCycle(step, count)
        }
    }

    /// By the C kernels; false where they do not know the logic.
    private func evaluateLogic(_ step: UnsafePointer<BlockStep>, _ count: Int, _ level: Int32) -> Bool {
        let output = nets[step.pointee.output]
        let words = Int32(count >> 6 &+ 1)
        if step.pointee.logic == .multiplex {
            guard nets[step.pointee.a].isBit, !output.isBit else { return false }
            let form = step.pointee.fits ? ct_form(mask: -1, sign: 0) : output.form
            ct_choose(
                table.words(step.pointee.a), table.values(step.pointee.b, count), table.values(step.pointee.c, count),
                form, words, output.values, level)
            return true
        }
        guard let kind = BlockMachine.kernel(step.pointee.logic) else { return false }
        var logic = ct_logic(
            kind: kind, parameter: Int32(truncatingIfNeeded: step.pointee.parameter), words: words,
            a: table.values(step.pointee.a, count), b: table.values(step.pointee.b, count), form: output.form,
            values: output.values, bits: output.isBit ? output.bits : nil)
        ct_logic_run(&logic, level)
        return true
    }

    private static func kernel(_ logic: PrimitiveKind) -> ct_kind? {
        switch logic {
        case .add: CT_ADD
        case .subtract: CT_SUBTRACT
        case .equal: CT_EQUAL
        case .lessThan: CT_LESS
        case .and: CT_AND
        case .or: CT_OR
        case .xor: CT_XOR
        case .slice: CT_SLICE
        case .shiftLeftConstant: CT_SHIFT_LEFT
        default: nil
        }
    }

    /// Values of two operands. The cases that vectorise are apart.
    @inline(__always) private func eachPair(
        _ step: UnsafePointer<BlockStep>, _ count: Int, _ body: (Int64, Int64) -> Int64
    ) {
        let (a, strideA) = table.numbers(step.pointee.a, count)
        let (b, strideB) = table.numbers(step.pointee.b, count)
        let output = nets[step.pointee.output]
        if output.isBit {
            for word in 0...count >> 6 {
                var bits: UInt64 = 0
                let first = 64 &* word
                for bit in 0..<64 {
                    let value = body(a[(first &+ bit) &* strideA], b[(first &+ bit) &* strideB])
                    bits |= UInt64(truncatingIfNeeded: value & 1) &<< UInt64(truncatingIfNeeded: bit)
                }
                output.bits[word] = bits
            }
        } else if strideA == 1 && strideB == 0 {
            let b = b[0]
            for cycle in 0...count { output.values[cycle] = output.canonical(body(a[cycle], b)) }
        } else {
            for cycle in 0...count {
                output.values[cycle] = output.canonical(body(a[cycle &* strideA], b[cycle &* strideB]))
            }
        }
    }

    /// A choice by a bit, 64 cycles at a time: what is chosen more often is copied, the rest is put into it.
    private func choose(_ step: UnsafePointer<BlockStep>, _ count: Int) {
        let condition = nets + step.pointee.a
        let (yes, strideYes) = table.numbers(step.pointee.b, count)
        let (no, strideNo) = table.numbers(step.pointee.c, count)
        let output = nets[step.pointee.output]
        for word in 0...count >> 6 {
            let bits = condition.pointee.word(word)
            let first = 64 &* word
            let values = output.values + first
            let (usual, strideUsual, other, strideOther, exceptions) =
                bits.nonzeroBitCount > 32 ? (yes, strideYes, no, strideNo, ~bits) : (no, strideNo, yes, strideYes, bits)
            if strideUsual == 1 {
                values.update(from: usual + first, count: 64)
            } else {
                values.update(repeating: usual[0], count: 64)
            }
            var left = exceptions
            while left != 0 {
                let bit = left.trailingZeroBitCount
                values[bit] = other[(first &+ bit) &* strideOther]
                left &= left &- 1
            }
            if !step.pointee.fits { for bit in 0..<64 { values[bit] = output.canonical(values[bit]) } }
        }
    }

    /// By the definition, for what is rare.
    private func eachCycle(_ step: UnsafePointer<BlockStep>, _ count: Int) {
        let (a, strideA) = table.numbers(step.pointee.a, count)
        let (b, strideB) = table.numbers(step.pointee.b, count)
        let (c, strideC) = table.numbers(step.pointee.c, count)
        let output = nets[step.pointee.output]
        if output.isBit { for word in 0...count >> 6 { output.bits[word] = 0 } }
        for cycle in 0..<count {
            let value = output.canonical(
                LogicMeaning.evaluate(
                    step.pointee.logic, a[cycle &* strideA], b[cycle &* strideB], c[cycle &* strideC],
                    parameter: step.pointee.parameter, width: output.width))
            if output.isBit {
                output.bits[cycle >> 6] |= UInt64(truncatingIfNeeded: value) &<< UInt64(truncatingIfNeeded: cycle & 63)
            } else {
                output.values[cycle] = value
            }
        }
    }
}
