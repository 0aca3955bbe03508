// Registers that read themselves, over a stretch of cycles. Counters and walks, which are most of them, run natively:
// where a walk goes next is known for all cycles before it runs, only its sums are not. Any other circle of cells is
// computed cycle by cycle.

import Fabric
import RowKernels

/// A register of a walk under way through 64 cycles. Plain data.
private struct WalkMover {
    private let register: WalkRegister
    private let bases: UnsafePointer<Int64>
    private let strideBase: Int
    private let amounts: UnsafePointer<Int64>
    private let strideAmount: Int
    private var values: UnsafeMutablePointer<Int64>
    private var first = 0
    private var filled = 0
    private var resets: UInt64 = 0
    private var moves: UInt64 = 0
    private var next: Int64
    /// The value of the cycle.
    private(set) var value: Int64

    init(_ register: WalkRegister, _ table: BlockNets, _ count: Int) {
        self.register = register
        (bases, strideBase) = table.numbers(register.base, count)
        (amounts, strideAmount) = table.numbers(register.amount, count)
        values = table.nets[register.output].values
        value = table.nets[register.output].next
        next = value
        values[0] = value
        values += 1
    }

    /// Cycles of the word in which the register moves.
    mutating func begin(_ word: Int, _ nets: UnsafeMutablePointer<BlockNet>) -> UInt64 {
        resets = nets[register.reset].word(word)
        moves = nets[register.enable].word(word) | resets
        (first, filled) = (64 &* word, 0)
        return moves
    }

    @inline(__always) func isMoved(_ bit: Int) -> Bool { (moves &>> UInt64(truncatingIfNeeded: bit)) & 1 != 0 }
    @inline(__always) func base(_ bit: Int) -> Int { Int(bases[(first &+ bit) &* strideBase]) }

    @inline(__always) mutating func choose(_ base: Int64, _ bit: Int) {
        let moved = (base &+ amounts[(first &+ bit) &* strideAmount]) & register.mask
        next = (resets &>> UInt64(truncatingIfNeeded: bit)) & 1 != 0 ? register.initial : moved
    }

    /// The value of the cycles from `bit + 1` on.
    @inline(__always) mutating func take(_ bit: Int) {
        guard isMoved(bit) else { return }
        while filled < bit {
            values[filled] = value
            filled &+= 1
        }
        value = next
    }

    mutating func finish() {
        while filled < 64 {
            values[filled] = value
            filled &+= 1
        }
        values += 64
    }
}

extension BlockMachine {
    /// `q = reset ? initial : enable ? (q == limit ? 0 : q + 1) : q`
    func takeCounter(_ step: UnsafePointer<BlockStep>, _ count: Int) {
        let q = nets + step.pointee.output
        let (enable, reset) = (nets + step.pointee.enable, nets + step.pointee.reset)
        let before = q.pointee.next
        let initial = q.pointee.canonical(step.pointee.initial)
        if enable.pointee.state != .varying, enable.pointee.constant == 0, reset.pointee.state != .varying,
            reset.pointee.constant == 0 || before == initial
        {
            return q.pointee.hold(before)
        }
        q.pointee.state = .varying
        if let level = table.level {
            var register = register(
                step.pointee.output, step.pointee.enable, step.pointee.reset, initial: initial, count)
            ct_count(&register, table.values(step.pointee.a, count), q.pointee.form.mask, level)
            q.pointee.next = q.pointee.values[count]
            return
        }
        let (limit, stride) = table.numbers(step.pointee.a, count)
        let net = q.pointee
        var value = before
        net.values[0] = value
        for word in 0..<(count &+ 63) >> 6 {
            let resets = reset.pointee.word(word)
            let moves = enable.pointee.word(word) | resets
            let first = 64 &* word
            let values = net.values + (first &+ 1)
            if moves == 0 {
                for bit in 0..<64 { values[bit] = value }
                continue
            }
            for bit in 0..<64 {
                let now = UInt64(truncatingIfNeeded: bit)
                let more = value == limit[(first &+ bit) &* stride] ? 0 : net.canonical(value &+ 1)
                let taken = (resets &>> now) & 1 != 0 ? initial : more
                value = (moves &>> now) & 1 != 0 ? taken : value
                values[bit] = value
            }
        }
        q.pointee.next = net.values[count]
    }

    /// Registers that move by known amounts from known bases.
    func takeWalk(_ step: UnsafePointer<BlockStep>, _ count: Int) {
        let walk = UnsafeBufferPointer(walks[step.pointee.index])
        if walk.allSatisfy({ stands($0) }) {
            for register in walk { nets[register.output].hold(nets[register.output].next) }
        } else if let level = table.level, walk.count <= CT_WALKERS {
            move(walk, count, level)
        } else if walk.count == 1 {
            move(walk[0], count)
        } else {
            move(walk, count)
        }
    }

    /// By the C kernels.
    private func move(_ walk: UnsafeBufferPointer<WalkRegister>, _ count: Int, _ level: Int32) {
        withUnsafeTemporaryAllocation(of: ct_walker.self, capacity: walk.count) { walkers in
            for (index, register) in walk.enumerated() {
                let q = self.register(
                    register.output, register.enable, register.reset, initial: register.initial, count)
                walkers.initializeElement(
                    at: index,
                    to: ct_walker(
                        q: q, base: table.values(register.base, count), amount: table.values(register.amount, count),
                        mask: register.mask))
                nets[register.output].state = .varying
            }
            ct_walk(walkers.baseAddress!, Int32(walk.count), level)
            for register in walk { nets[register.output].next = nets[register.output].values[count] }
        }
    }

    /// Neither enabled nor reset to something else in all of the stretch.
    private func stands(_ register: WalkRegister) -> Bool {
        let (enable, reset) = (nets + register.enable, nets + register.reset)
        return enable.pointee.state != .varying && enable.pointee.constant == 0 && reset.pointee.state != .varying
            && (reset.pointee.constant == 0 || nets[register.output].next == register.initial)
    }

    private func move(_ register: WalkRegister, _ count: Int) {
        let q = nets + register.output
        let (enable, reset) = (nets + register.enable, nets + register.reset)
        let (base, strideBase) = table.numbers(register.base, count)
        let (amount, strideAmount) = table.numbers(register.amount, count)
        q.pointee.state = .varying
        let all = q.pointee.values
        var value = q.pointee.next
        all[0] = value
        for word in 0..<(count &+ 63) >> 6 {
            let resets = reset.pointee.word(word)
            var moves = enable.pointee.word(word) | resets
            let first = 64 &* word
            let values = all + (first &+ 1)
            if moves == ~0 && resets == 0 {
                for bit in 0..<64 {
                    let cycle = first &+ bit
                    value =
                        ((value & (0 &- base[cycle &* strideBase])) &+ amount[cycle &* strideAmount]) & register.mask
                    values[bit] = value
                }
                continue
            }
            var filled = 0
            while moves != 0 {
                let bit = moves.trailingZeroBitCount
                moves &= moves &- 1
                while filled < bit {
                    values[filled] = value
                    filled &+= 1
                }
                let cycle = first &+ bit
                let moved = (value & (0 &- base[cycle &* strideBase])) &+ amount[cycle &* strideAmount]
                value = (resets &>> UInt64(truncatingIfNeeded: bit)) & 1 != 0 ? register.initial : moved & register.mask
            }
            while filled < 64 {
                values[filled] = value
                filled &+= 1
            }
        }
        q.pointee.next = all[count]
    }

    /// Several registers, of which each may begin from another.
    private func move(_ walk: UnsafeBufferPointer<WalkRegister>, _ count: Int) {
        withUnsafeTemporaryAllocation(of: WalkMover.self, capacity: walk.count) { movers in
            for (index, register) in walk.enumerated() {
                movers.initializeElement(at: index, to: WalkMover(register, table, count))
                nets[register.output].state = .varying
            }
            for word in 0..<(count &+ 63) >> 6 {
                var any: UInt64 = 0
                for index in walk.indices { any |= movers[index].begin(word, nets) }
                while any != 0 {
                    let bit = any.trailingZeroBitCount
                    any &= any &- 1
                    for index in walk.indices where movers[index].isMoved(bit) {
                        let base = movers[index].base(bit)
                        movers[index].choose(base == 0 ? 0 : movers[base &- 1].value, bit)
                    }
                    for index in walk.indices { movers[index].take(bit) }
                }
                for index in walk.indices { movers[index].finish() }
            }
            for register in walk {
                nets[register.output].next = nets[register.output].values[count]
            }
        }
    }

    // MARK: circles

    /// Cells that read each other in any way, cycle by cycle.
    func takeCircle(_ step: UnsafePointer<BlockStep>, _ count: Int) {
        let circle = circles[step.pointee.index]
        withUnsafeTemporaryAllocation(of: Int64.self, capacity: circle.slots + circle.registers.count + 1) { all in
            let slots = all.baseAddress!
            let next = slots + circle.slots
            for (slot, value) in circle.constants { slots[slot] = value }
            for register in circle.registers { slots[register.slot] = nets[register.net].next }
            let isStill = circle.outside.allSatisfy { nets[$0].state != .varying }
            if isStill {
                load(circle, 0, slots)
                if !turn(circle, slots, next) {
                    for register in circle.registers { nets[register.net].hold(slots[register.slot]) }
                    return
                }
                for register in circle.registers { slots[register.slot] = nets[register.net].next }
            }
            for register in circle.registers { begin(register, slots[register.slot]) }
            for cycle in 0..<count {
                load(circle, cycle, slots)
                _ = turn(circle, slots, next)
                for register in circle.registers { put(slots[register.slot], register.net, cycle + 1) }
            }
            for register in circle.registers { nets[register.net].next = slots[register.slot] }
        }
    }

    private func begin(_ register: CircleRegister, _ value: Int64) {
        let net = nets + register.net
        net.pointee.state = .varying
        if net.pointee.isBit { for word in 0..<BlockNet.words { net.pointee.bits[word] = 0 } }
        put(value, register.net, 0)
    }

    @inline(__always) private func put(_ value: Int64, _ index: Int, _ cycle: Int) {
        let net = nets + index
        if net.pointee.isBit {
            net.pointee.bits[cycle >> 6] |= UInt64(truncatingIfNeeded: value) &<< UInt64(cycle & 63)
        } else {
            net.pointee.values[cycle] = value
        }
    }

    @inline(__always) private func load(_ circle: CircleTable, _ cycle: Int, _ slots: UnsafeMutablePointer<Int64>) {
        for slot in circle.outside.indices { slots[slot] = nets[circle.outside[slot]].value(cycle) }
    }

    /// One cycle; whether a register changed.
    private func turn(
        _ circle: CircleTable, _ slots: UnsafeMutablePointer<Int64>, _ next: UnsafeMutablePointer<Int64>
    ) -> Bool {
        for cell in circle.cells {
            let value = LogicMeaning.evaluate(
                cell.logic, slots[cell.a], slots[cell.b], slots[cell.c], parameter: cell.parameter, width: cell.width)
            slots[cell.output] = LogicMeaning.canonical(value, width: cell.width, signed: cell.isSigned)
        }
        var changed = false
        for (index, register) in circle.registers.enumerated() {
            let net = nets + register.net
            let taken = slots[register.enable] != 0 ? net.pointee.canonical(slots[register.data]) : slots[register.slot]
            next[index] = slots[register.reset] != 0 ? register.initial : taken
            changed = changed || next[index] != slots[register.slot]
        }
        for (index, register) in circle.registers.enumerated() { slots[register.slot] = next[index] }
        return changed
    }
}
