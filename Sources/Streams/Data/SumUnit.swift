// A fused sum: rows of a register that adds products, straight from the operands' rows.
//
// The register takes at event i what the register before it holds, which that one took at its last event before i, and so
// on back to the operands: the last event before the last event ... Mostly every register's enable is the one's before
// it a cycle later, so that this is position i - k; that is checked for every event by the enables' bits, and where it does
// not hold (a pipeline that has stood still) the way is walked event by event. Positions before 0 are those earlier
// cycles to which a way can lead (FusedPast); what lies between them is not asked for. Of a fixed sum (SumFinder) nothing is
// checked: position i - k it is, and the positions before 0 are the cycles before the block.

import Design
import Fabric
import RowKernels

/// Runs one sum.
final class SumUnit: RowUnit {
    struct Operand {
        var net: RowNet
        /// Bytes into the net's rows.
        var offset: Int
        /// Registers between the operand's net and the sum's own register or logic.
        var delay: Int
        /// When they take their data, from the last one back; of a fixed sum nobody asks.
        var path: [Events]
    }
    struct Term {
        var x: Operand
        var w: Operand
    }
    private let output: RowNet
    private let events: Events
    private let terms: [Term]
    private let shape: rk_sum_shape
    private let kernelTerms: UnsafeMutablePointer<rk_term>
    /// Registers' enables that must have been high so many cycles before the sum's event.
    private let checks: [(events: Events, delay: Int)]
    private let zero: UnsafeMutableRawPointer
    private let level: RowLevel
    /// A register shows its sum in the next cycle, logic in the same one.
    private let isRegister: Bool
    /// Events whose ways are walked, and the others.
    private let straight: UnsafeMutablePointer<Int32>
    private var straightCount = 0
    private var walked: [Int] = []
    private var checkedSerial: Int32 = -1
    /// A way led to an event that is forgotten: the sum is not known.
    private(set) var isLost = false

    init(
        _ output: (net: RowNet, isRegister: Bool), _ events: Events, _ terms: [Term], _ shape: rk_sum_shape,
        _ options: DataPath.Options
    ) {
        (self.output, isRegister) = output
        (self.events, self.terms, self.shape) = (events, terms, shape)
        let output = output.net
        level = options.level
        kernelTerms = .allocate(capacity: terms.count)
        var checks: [(events: Events, delay: Int)] = []
        for (index, term) in terms.enumerated() {
            (kernelTerms + index).initialize(
                to: rk_term(
                    x: UnsafePointer(term.x.net.pointers - term.x.delay),
                    w: UnsafePointer(term.w.net.pointers - term.w.delay),
                    delay: 0, x_offset: Int32(term.x.offset), w_offset: Int32(term.w.offset)))
            for (position, events) in Array(term.x.path.enumerated()) + Array(term.w.path.enumerated())
            where !checks.contains(where: { $0.events === events && $0.delay == position + 1 }) {
                checks.append((events, position + 1))
            }
        }
        self.checks = checks
        let widest = terms.flatMap { [$0.x.net.stride + $0.x.offset, $0.w.net.stride + $0.w.offset] }.max() ?? 64
        zero = RowNet.zeros(widest)
        straight = .allocate(capacity: options.capacity + 64)
        straight.initialize(repeating: 0, count: options.capacity + 64)
        output.makePool()
    }

    deinit {
        kernelTerms.deallocate()
        straight.deallocate()
        RowNet.release(zero)
    }

    override func run(_ block: ControlBlock, serial: Int32) {
        sort(block, serial)
        let pointers = isRegister ? output.pointers + 1 : output.pointers
        let stride = output.stride
        let first = output.pool + output.used &* stride
        output.used &+= straightCount
        sum(kernelTerms, straight, straightCount, first)
        var row = UnsafeRawPointer(first)
        for e in 0..<straightCount {
            pointers[Int(straight[e])] = row
            row += stride
        }
        for i in walked { pointers[i] = walk(i) }
        if isRegister { output.hold(events, block.count) }
    }

    /// Tells events with straight ways from others; the same for all images.
    private func sort(_ block: ControlBlock, _ serial: Int32) {
        if checkedSerial == serial { return }
        checkedSerial = serial
        walked.removeAll(keepingCapacity: true)
        let words = (block.count + 63) >> 6
        var others = false
        for word in 0..<words {
            var bad: UInt64 = 0
            for (events, delay) in checks {
                let delay = UInt64(truncatingIfNeeded: delay)
                bad |= ~(events.words[word] << delay | events.words[word - 1] >> (64 - delay))
            }
            if bad & events.words[word] != 0 { others = true }
        }
        straightCount = events.count
        straight.update(from: events.list, count: events.count)
        guard others else { return }
        straightCount = 0
        for e in 0..<events.count {
            let i = Int(events.list[e])
            if checks.allSatisfy({ $0.events.contains(i - $0.delay) }) {
                straight[straightCount] = Int32(i)
                straightCount += 1
            } else {
                walked.append(i)
            }
        }
    }

    /// The row of an event whose ways are not straight.
    private func walk(_ i: Int) -> UnsafeRawPointer {
        let row = output.nextRow()
        withUnsafeTemporaryAllocation(of: UnsafeRawPointer?.self, capacity: 2 * terms.count) { rows in
            withUnsafeTemporaryAllocation(of: rk_term.self, capacity: terms.count) { list in
                for (index, term) in terms.enumerated() {
                    for (place, operand) in [term.x, term.w].enumerated() {
                        let position = taken(operand.path, i)
                        rows[2 * index + place] =
                            position.map { operand.net.pointers[$0]! } ?? UnsafeRawPointer(zero)
                    }
                    let base = UnsafePointer(rows.baseAddress!)
                    list[index] = rk_term(
                        x: base + 2 * index, w: base + 2 * index + 1, delay: 0, x_offset: Int32(term.x.offset),
                        w_offset: Int32(term.w.offset))
                }
                var position: Int32 = 0
                sum(list.baseAddress!, &position, 1, row)
            }
        }
        return UnsafeRawPointer(row)
    }

    /// When the product was taken that the sum adds at event i; nil: it is still that of power-up, 0.
    private func taken(_ path: [Events], _ i: Int) -> Int? {
        var position = i
        for events in path {
            guard let last = events.last(before: position) else {
                // Nothing has happened yet; or nobody knows any more.
                if events.hasForgotten { isLost = true }
                return nil
            }
            position = last
        }
        return position
    }

    private func sum(
        _ terms: UnsafePointer<rk_term>, _ list: UnsafePointer<Int32>, _ count: Int, _ rows: UnsafeMutableRawPointer
    ) {
        switch level {
        case .swift: sumInSwift(terms, list, count, rows)
        case .c(let level):
            var shape = self.shape
            rk_sum(
                terms, Int32(self.terms.count), &shape, list, Int32(count), rows.assumingMemoryBound(to: CChar.self),
                output.stride, level)
        }
    }

    // MARK: without C

    private func sumInSwift(
        _ terms: UnsafePointer<rk_term>, _ list: UnsafePointer<Int32>, _ count: Int, _ rows: UnsafeMutableRawPointer
    ) {
        for e in 0..<count {
            let row = rows + e * output.stride
            for pixel in 0..<Int(shape.pixels) {
                for first in stride(from: 0, to: Int(shape.padded_outputs), by: 8) {
                    sumEight(terms, Int(list[e]), pixel, first, row)
                }
            }
        }
    }

    /// Eight outputs of a pixel: weights of two inputs side by side in 32 bits.
    private func sumEight(
        _ terms: UnsafePointer<rk_term>, _ i: Int, _ pixel: Int, _ first: Int, _ row: UnsafeMutableRawPointer
    ) {
        var high = SIMD8<Int64>.zero
        for index in 0..<self.terms.count {
            let term = terms + index
            let x =
                term.pointee.x[i - Int(term.pointee.delay)]! + Int(term.pointee.x_offset) + pixel * Int(shape.x_step)
            let w = term.pointee.w[i - Int(term.pointee.delay)]! + Int(term.pointee.w_offset) + 4 * first
            let total = product(x, w)
            let low = shape.plane_bytes == 0 ? SIMD8<Int32>.zero : product(x, w + Int(shape.plane_bytes))
            if shape.plane_bytes == 0 {
                high &+= SIMD8<Int64>(truncatingIfNeeded: total)
            } else {
                high &+= (SIMD8<Int64>(truncatingIfNeeded: total) &<< 8) &+ SIMD8<Int64>(truncatingIfNeeded: low)
            }
        }
        let outputs = Int(shape.outputs)
        for lane in 0..<min(8, outputs - first) {
            RowLane.store(high[lane], row, output.element, pixel * outputs + first + lane)
        }
    }

    @inline(__always) private func product(_ x: UnsafeRawPointer, _ w: UnsafeRawPointer) -> SIMD8<Int32> {
        var sum = SIMD8<Int32>.zero
        let step = 4 * Int(shape.padded_outputs)
        for pair in 0..<Int(shape.pairs) {
            let both = (w + pair * step).loadUnaligned(as: SIMD8<Int32>.self)
            let a = Int32((x + 4 * pair).loadUnaligned(as: Int16.self))
            let b = Int32((x + 4 * pair + 2).loadUnaligned(as: Int16.self))
            sum &+= ((both &<< 16) &>> 16) &* SIMD8(repeating: a) &+ (both &>> 16) &* SIMD8(repeating: b)
        }
        return sum
    }
}

/// The cycles before a block that ways of fused sums can lead to. A later sum's way comes out of its own block at some
/// register, to the last event of that one's enable, and goes on from there as far as the product. So the ways from all
/// registers are walked from the block's end, and the cycles they touch stay: however long an enable pauses, and however
/// many other enables are high meanwhile, no other cycle is asked for. Where all sums are fixed, the last cycles stay, as
/// many as the longest way has registers: a sum of a block's beginning had its operands taken, for its enable's bit was high
/// when they were.
final class FusedPast {
    /// The last event before the cycle of step `from`; before the block's end where that is nil.
    private struct Step {
        var events: Events
        var from: Int?
    }
    private let events: [Events]
    let nets: [RowNet]
    /// Ways and their latter parts, what they share once; a step's `from` stands before it.
    private let steps: [Step]
    /// Where each step leads; nil: nothing has happened yet.
    private var reached: [Int?]
    /// Positions, latest first, that stay at the block's end.
    private var positions: [Int] = []
    /// More cycles were touched than can stay.
    private var isFull = false
    /// Cycles that stayed at the end of the block before.
    private(set) var count = 0
    /// Most cycles that stay.
    let depth: Int
    /// Of each net.
    let depths: [Int]
    private let isFixed: Bool

    init(_ sums: [[SumUnit.Term]], isFixed: Bool) {
        struct Key: Hashable {
            var events: ObjectIdentifier
            var from: Int?
        }
        var events: [ObjectIdentifier: Events] = [:]
        var nets: [ObjectIdentifier: RowNet] = [:]
        var known: [Key: Int] = [:]
        var steps: [Step] = []
        var delays: [ObjectIdentifier: Int] = [:]
        for operand in sums.joined().flatMap({ [$0.x, $0.w] }) {
            nets[ObjectIdentifier(operand.net)] = operand.net
            delays[ObjectIdentifier(operand.net), default: 0] = max(
                operand.delay, delays[ObjectIdentifier(operand.net)] ?? 0)
            for one in operand.path { events[ObjectIdentifier(one)] = one }
            for start in operand.path.indices {
                var from: Int?
                for one in operand.path[start...] {
                    let key = Key(events: ObjectIdentifier(one), from: from)
                    if known[key] == nil { steps.append(Step(events: one, from: from)) }
                    from = known[key, default: steps.count - 1]
                    known[key] = from
                }
            }
        }
        self.events = Array(events.values)
        self.nets = Array(nets.values)
        self.steps = steps
        reached = Array(repeating: nil, count: steps.count)
        self.isFixed = isFixed
        let depth = min(RowNet.past, isFixed ? delays.values.max() ?? 0 : steps.count)
        self.depth = depth
        depths = self.nets.map { isFixed ? delays[ObjectIdentifier($0)] ?? 0 : depth }
    }

    /// At the end of a block, before the images': which cycles stay.
    func find(_ count: Int) {
        positions.removeAll(keepingCapacity: true)
        if isFixed {
            for k in 1...max(1, depth) { positions.append(count - k) }
            return
        }
        for (index, step) in steps.enumerated() {
            let before = step.from.map { reached[$0] } ?? count
            let position = before.flatMap { step.events.last(before: $0) }
            reached[index] = position
            if let position { positions.append(position) }
        }
        positions.sort(by: >)
        var kept = 0
        for position in positions where kept == 0 || position != positions[kept - 1] {
            positions[kept] = position
            kept += 1
        }
        isFull = kept > depth
        positions.removeLast(positions.count - min(kept, depth))
    }

    /// After the images': events of the cycles that stay.
    func shift() {
        for one in events {
            one.setPast(positions)
            if isFull { one.hasForgotten = true }
        }
        count = positions.count
    }

    /// Rows of the cycles that stay are copied to `side` and are the positions before 0 of the next block. Returns how many.
    func carry(_ index: Int, to side: UnsafeMutableRawPointer) -> Int {
        let net = nets[index]
        let positions = positions.prefix(depths[index])
        withUnsafeTemporaryAllocation(of: UnsafeRawPointer?.self, capacity: RowNet.past) { made in
            var before: UnsafeRawPointer?
            var copy: UnsafeMutableRawPointer?
            for (k, position) in positions.enumerated() {
                let row = net.pointers[position]
                if row != before {
                    let place = side + k * net.stride
                    place.copyMemory(from: row!, byteCount: net.stride)
                    (before, copy) = (row, place)
                }
                made[k] = UnsafeRawPointer(copy)
            }
            for k in positions.indices { net.pointers[-1 - k] = made[k] }
        }
        return positions.count
    }
}
