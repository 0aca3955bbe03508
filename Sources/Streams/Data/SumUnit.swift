// A fused sum: rows of a register that adds products, straight from the operands' rows.
//
// The register takes at event i what the register before it holds, which that one took at its last event before i, and so
// on back to the operands: the last event before the last event ... Mostly every register's enable is the one's before
// it a cycle later, so that this is position i - k; that is checked for every event by the enables' bits, and where it does
// not hold (a pipeline that has stood still) the way is walked event by event. Positions before 0 are those earlier
// cycles in which one of the registers did something (FusedPast); what lies between them changed nothing.

import Design
import Fabric
import RowKernels

/// Runs one sum.
final class SumUnit: RowUnit {
    struct Operand {
        var net: RowNet
        /// Bytes into the net's rows.
        var offset: Int
    }
    struct Term {
        var x: Operand
        var w: Operand
        /// The registers between, from the one before the sum on.
        var path: [Events]
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
    /// Events whose ways are walked, and the others.
    private let straight: UnsafeMutablePointer<Int32>
    private var straightCount = 0
    private var walked: [Int] = []
    private var checkedSerial: Int32 = -1
    /// A way led to an event that is forgotten: the sum is not known.
    private(set) var isLost = false

    init(
        _ output: RowNet, _ events: Events, _ terms: [Term], _ shape: rk_sum_shape, _ options: DataPath.Options
    ) {
        (self.output, self.events, self.terms, self.shape) = (output, events, terms, shape)
        level = options.level
        kernelTerms = .allocate(capacity: terms.count)
        var checks: [(events: Events, delay: Int)] = []
        for (index, term) in terms.enumerated() {
            (kernelTerms + index).initialize(
                to: rk_term(
                    x: UnsafePointer(term.x.net.pointers), w: UnsafePointer(term.w.net.pointers),
                    delay: Int32(term.path.count), x_offset: Int32(term.x.offset), w_offset: Int32(term.w.offset)))
            for (position, events) in term.path.enumerated()
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
        let pointers = output.pointers + 1
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
        output.hold(events, block.count)
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
                    let position = taken(term.path, i)
                    rows[2 * index] = position.map { term.x.net.pointers[$0]! } ?? UnsafeRawPointer(zero)
                    rows[2 * index + 1] = position.map { term.w.net.pointers[$0]! } ?? UnsafeRawPointer(zero)
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

/// The cycles before a block in which registers between fused sums and their operands did something.
final class FusedPast {
    private let events: [Events]
    let nets: [RowNet]
    /// Positions, from -1 downwards, of the block's end.
    private var positions: [Int] = []
    let depth: Int

    init(_ sums: [[SumUnit.Term]]) {
        var events: [ObjectIdentifier: Events] = [:]
        var nets: [ObjectIdentifier: RowNet] = [:]
        var depth = 0
        for term in sums.flatMap({ $0 }) {
            for net in [term.x.net, term.w.net] { nets[ObjectIdentifier(net)] = net }
            for one in term.path { events[ObjectIdentifier(one)] = one }
            depth = max(depth, term.path.count)
        }
        self.events = Array(events.values)
        self.nets = Array(nets.values)
        self.depth = min(RowNet.past, depth + 2)
    }

    /// At the end of a block, before the images': which cycles stay.
    func find(_ count: Int) {
        positions.removeAll(keepingCapacity: true)
        var word = (count - 1) >> 6
        while word >= -1 && positions.count < depth {
            var bits = events.reduce(0) { $0 | $1.words[word] }
            while bits != 0 && positions.count < depth {
                let bit = 63 - bits.leadingZeroBitCount
                positions.append(word << 6 + bit)
                bits &= ~(1 << UInt64(bit))
            }
            word -= 1
        }
    }

    /// After the images': events of the cycles that stay.
    func shift(_ count: Int) {
        for one in events {
            var past: UInt64 = 0
            var kept = 0
            for (k, position) in positions.enumerated() where one.contains(position) {
                past |= 1 << UInt64(63 - k)
                kept += 1
            }
            if kept < one.count + one.words[-1].nonzeroBitCount { one.hasForgotten = true }
            one.setPast(past)
        }
    }

    /// Rows of the cycles that stay are copied to `side` and are the positions before 0 of the next block.
    func carry(_ net: RowNet, to side: UnsafeMutableRawPointer) {
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
    }
}
