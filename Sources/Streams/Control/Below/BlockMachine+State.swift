// Registers and delays over a stretch of cycles: position i + 1 follows from position i, position 0 from the stretch
// before.

import RowKernels

extension BlockMachine {
    /// A register for the C kernels.
    @inline(__always) func register(_ output: Int, _ enable: Int, _ reset: Int, initial: Int64, _ count: Int)
        -> ct_register
    {
        let q = nets + output
        return ct_register(
            enable: table.words(enable), reset: table.words(reset), value: q.pointee.next, initial: initial,
            words: Int32((count &+ 63) >> 6), values: q.pointee.values)
    }

    /// A register whose inputs are complete.
    func takeRegister(_ step: UnsafePointer<BlockStep>, _ count: Int) {
        let q = nets + step.pointee.output
        let (data, enable, reset) = (nets + step.pointee.a, nets + step.pointee.enable, nets + step.pointee.reset)
        let before = q.pointee.next
        let initial = q.pointee.canonical(step.pointee.initial)
        let neverResets = reset.pointee.state != .varying && reset.pointee.constant == 0
        let neverTakes = enable.pointee.state != .varying && enable.pointee.constant == 0
        let takesSame = data.pointee.state != .varying && q.pointee.canonical(data.pointee.constant) == before
        if (neverTakes || takesSame) && (neverResets || initial == before) { return q.pointee.hold(before) }
        q.pointee.state = .varying
        if q.pointee.isBit {
            takeBits(q, data, step, count)
        } else {
            takeNumbers(q, step, count)
        }
        q.pointee.next = q.pointee.value(count)
    }

    private func takeBits(
        _ q: UnsafeMutablePointer<BlockNet>, _ data: UnsafeMutablePointer<BlockNet>, _ step: UnsafePointer<BlockStep>,
        _ count: Int
    ) {
        let (enable, reset) = (nets + step.pointee.enable, nets + step.pointee.reset)
        let initial: UInt64 = step.pointee.initial & 1 != 0 ? ~0 : 0
        // A number that is truncated to a bit is read as one.
        let numbers = data.pointee.isBit || data.pointee.state != .varying ? nil : table.numbers(step.pointee.a, count)
        let constant: UInt64 = data.pointee.constant & 1 != 0 ? ~0 : 0
        var carry: UInt64 = q.pointee.next != 0 ? 1 : 0
        let bits = q.pointee.bits
        for word in 0...count >> 6 {
            var value: UInt64
            if let numbers {
                value = 0
                for bit in 0..<64 {
                    value |= UInt64(truncatingIfNeeded: numbers.start[64 &* word &+ bit] & 1) << UInt64(bit)
                }
            } else {
                value = data.pointee.state == .varying ? data.pointee.bits[word] : constant
            }
            let resets = reset.pointee.word(word)
            let moves = enable.pointee.word(word) | resets
            value = (value & ~resets) | (initial & resets)
            let after = BlockMachine.filled(value, moves, carry)
            bits[word] = after << 1 | carry
            carry = after >> 63
        }
    }

    /// Bit i is that of `value` at the last set bit of `moves` up to i, or the carry where there is none.
    @inline(__always) static func filled(_ value: UInt64, _ moves: UInt64, _ carry: UInt64) -> UInt64 {
        if moves == ~0 { return value }
        if moves == 0 { return 0 &- carry }
        var known = value & moves
        var open = ~moves
        var distance: UInt64 = 1
        while distance < 64 {
            known |= open & (known << distance)
            open &= (open << distance) | ((1 << distance) &- 1)
            distance <<= 1
        }
        return known | (open & (0 &- carry))
    }

    /// A bit whose next value is known for both of its own.
    func takeBitCircle(_ step: UnsafePointer<BlockStep>, _ count: Int) {
        let (q, zero, one) = (nets + step.pointee.output, nets + step.pointee.a, nets + step.pointee.b)
        let before = q.pointee.next
        let kept = before != 0 ? one : zero
        if kept.pointee.state != .varying && kept.pointee.constant == before { return q.pointee.hold(before) }
        q.pointee.state = .varying
        var carry: UInt64 = before != 0 ? 1 : 0
        for word in 0...count >> 6 {
            let (afterZero, afterOne) = (zero.pointee.word(word), one.pointee.word(word))
            var after: UInt64 = 0
            if afterZero & ~afterOne == 0 {
                // Where both are the same, that is the value; else it stays.
                after = BlockMachine.filled(afterZero, ~(afterZero ^ afterOne), carry)
            } else {
                var value = carry
                for bit in UInt64(0)..<64 {
                    value = (value != 0 ? afterOne : afterZero) &>> bit & 1
                    after |= value &<< bit
                }
            }
            q.pointee.bits[word] = after << 1 | carry
            carry = after >> 63
        }
        q.pointee.next = q.pointee.value(count)
    }

    private func takeNumbers(_ q: UnsafeMutablePointer<BlockNet>, _ step: UnsafePointer<BlockStep>, _ count: Int) {
        if let level = table.level {
            var register = register(
                step.pointee.output, step.pointee.enable, step.pointee.reset,
                initial: q.pointee.canonical(step.pointee.initial), count)
            return ct_take(&register, table.values(step.pointee.a, count), q.pointee.form, level)
        }
        let (data, stride) = table.numbers(step.pointee.a, count)
        let (enable, reset) = (nets + step.pointee.enable, nets + step.pointee.reset)
        let initial = q.pointee.canonical(step.pointee.initial)
        let net = q.pointee
        var value = net.next
        net.values[0] = value
        for word in 0..<(count &+ 63) >> 6 {
            let resets = reset.pointee.word(word)
            let moves = enable.pointee.word(word) | resets
            let first = 64 &* word
            let values = net.values + (first &+ 1)
            if moves == 0 {
                for bit in 0..<64 { values[bit] = value }
            } else if moves == ~0 && resets == 0 {
                for bit in 0..<64 { values[bit] = net.canonical(data[(first &+ bit) &* stride]) }
                value = values[63]
            } else {
                for bit in 0..<64 {
                    let now = UInt64(truncatingIfNeeded: bit)
                    let taken = (resets &>> now) & 1 != 0 ? initial : net.canonical(data[(first &+ bit) &* stride])
                    value = (moves &>> now) & 1 != 0 ? taken : value
                    values[bit] = value
                }
            }
        }
    }

    /// A shift register without an enable.
    func takeDelay(_ step: UnsafePointer<BlockStep>, _ count: Int) {
        let (q, data) = (nets + step.pointee.output, nets + step.pointee.a)
        let line = delays.baseAddress! + step.pointee.index
        let isBits = q.pointee.isBit && data.pointee.isBit && line.pointee.depth < 64
        if data.pointee.state != .varying, line.pointee.still >= line.pointee.depth,
            q.pointee.canonical(data.pointee.constant) == q.pointee.next
        {
            return q.pointee.hold(q.pointee.next)
        }
        q.pointee.state = .varying
        if isBits {
            delayBits(q, data, line, count)
        } else {
            delayNumbers(q, step, line, count)
        }
        // The output is the input once that has been the same for long enough.
        switch data.pointee.state {
        case .varying: line.pointee.still = 0
        case .new: line.pointee.still = count
        case .same: line.pointee.still &+= count
        }
        q.pointee.next = q.pointee.value(count)
    }

    private func delayBits(
        _ q: UnsafeMutablePointer<BlockNet>, _ data: UnsafeMutablePointer<BlockNet>,
        _ line: UnsafeMutablePointer<DelayLine>, _ count: Int
    ) {
        let depth = UInt64(line.pointee.depth)
        var before = line.pointee.bits
        for word in 0...count >> 6 {
            let input = data.pointee.word(word)
            q.pointee.bits[word] = input << depth | before >> (64 &- depth)
            // What lies behind the stretch is not known yet.
            let left = UInt64(min(64, count &- 64 &* word))
            before = left == 64 ? input : left == 0 ? before : input << (64 &- left) | before >> left
        }
        line.pointee.bits = before
    }

    private func delayNumbers(
        _ q: UnsafeMutablePointer<BlockNet>, _ step: UnsafePointer<BlockStep>,
        _ line: UnsafeMutablePointer<DelayLine>, _ count: Int
    ) {
        let (depth, past) = (line.pointee.depth, line.pointee.past)
        // The past, then the stretch; the output is `depth` behind the input.
        let (input, stride) = table.numbers(step.pointee.a, count)
        for cycle in 0..<count { past[depth &+ cycle] = q.pointee.canonical(input[cycle &* stride]) }
        if q.pointee.isBit {
            for word in 0...count >> 6 {
                var value: UInt64 = 0
                for bit in 0..<min(64, count &+ 1 &- 64 &* word) {
                    value |= UInt64(truncatingIfNeeded: past[64 &* word &+ bit]) << UInt64(bit)
                }
                q.pointee.bits[word] = value
            }
        } else {
            for cycle in 0...count { q.pointee.values[cycle] = past[cycle] }
        }
        for index in 0..<depth { past[index] = past[count &+ index] }
    }
}
