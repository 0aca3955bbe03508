// Accumulators: a register that takes a sum or a maximum of its own value and a row that comes, by way of a memory of
// sums or directly. What the register takes is an expression of multiplexers by scalars around one operation; in each
// cycle only the branch that is chosen is computed.

import Design
import Fabric

/// Part of what an accumulator takes.
struct AccumulatorTerm {
    enum Kind { case zero, row, held, choose, add, maximum, shifted }
    var kind: Kind
    /// Of `choose`: the boundary's index.
    var scalar = 0
    /// Operands, by their place in the expression.
    var a = 0
    var b = 0
    /// Of `row`.
    var pointers: RowPointers?
    var element = RowElement.int64
    /// Of `shifted`: places to the left.
    var octaves = 0
}

/// One accumulator, with the memory that holds its sums if there is one.
final class AccumulatorUnit: RowUnit {
    /// The memory between the register and the operation.
    struct Sums {
        var ports: MemoryPorts
        /// The memory's output register, which the operation reads.
        var output: RowNet
        var events: Events
    }
    private let value: RowNet
    private let events: Events
    private let terms: UnsafeMutableBufferPointer<AccumulatorTerm>
    private let sums: Sums?
    /// Unused bits of a lane above the register's width.
    private let unused: Int
    private let zero: UnsafeMutableRawPointer
    /// Additions in C, where no memory is between.
    private let forms: AccumulatorForms?

    init(_ value: RowNet, _ events: Events, _ terms: [AccumulatorTerm], sums: Sums?, level: RowLevel) {
        (self.value, self.events, self.sums) = (value, events, sums)
        self.terms = .allocate(capacity: terms.count)
        _ = self.terms.initialize(from: terms)
        unused = max(0, 8 * value.element.bytes - value.shape.width)
        zero = RowNet.zeros(value.stride)
        value.makePool()
        if case .c(let level) = level, sums == nil {
            forms = AccumulatorForms(self.terms, value, unused: unused, zero: zero, level: level)
        } else {
            forms = nil
        }
    }

    deinit {
        terms.deallocate()
        RowNet.release(zero)
    }

    override func run(_ block: ControlBlock, serial: Int32) {
        if let sums {
            runWithSums(sums, block, serial)
            return
        }
        let pointers = value.pointers
        var held = pointers[0]!
        for word in 0..<(block.count + 63) >> 6 where events.words[word] != 0 {
            if let forms {
                forms.kernel.pointers = pointers
                forms.kernel.pool = value.pool.assumingMemoryBound(to: CChar.self)
                (forms.kernel.used, forms.kernel.held) = (Int64(value.used), held)
                if forms.run(events.words[word], word: word, block) {
                    (value.used, held) = (Int(forms.kernel.used), forms.kernel.held)
                    continue
                }
            }
            var bits = events.words[word]
            while bits != 0 {
                let i = word << 6 + bits.trailingZeroBitCount
                bits &= bits &- 1
                held = row(i, held, block)
                pointers[i + 1] = held
            }
        }
        value.hold(events, block.count)
    }

    /// All ports of a cycle see what was held before it.
    private func runWithSums(_ sums: Sums, _ block: ControlBlock, _ serial: Int32) {
        let (ports, latch, output) = (sums.ports, sums.ports.latch, sums.output)
        var held = value.pointers[0]!
        var latched = latch.pointers[0]
        var put = output.pointers[0]
        for word in 0..<(block.count + 63) >> 6 {
            let (takes, moves) = (events.words[word], sums.events.words[word])
            let (reads, writes) = (ports.reads.words[word], ports.writes.words[word])
            var bits = takes | moves | reads | writes
            while bits != 0 {
                let bit = bits & (0 &- bits)
                let i = word << 6 + bits.trailingZeroBitCount
                bits &= bits &- 1
                let (before, beforeLatch) = (held, latched)
                if takes & bit != 0 {
                    held = row(i, put!, block)
                    value.pointers[i + 1] = held
                }
                if moves & bit != 0 {
                    put = beforeLatch
                    output.pointers[i + 1] = put
                }
                if reads & bit != 0 {
                    ports.read(i, block, serial)
                    latched = latch.pointers[i + 1]
                }
                if writes & bit != 0 { ports.write(i, row: before, block, serial) }
            }
        }
        value.hold(events, block.count)
        output.hold(sums.events, block.count)
        latch.hold(ports.reads, block.count)
    }

    // MARK: rows

    private typealias Term = UnsafePointer<AccumulatorTerm>

    /// What the register takes in cycle i, `held` being what the operation reads.
    @inline(__always)
    private func row(_ i: Int, _ held: UnsafeRawPointer, _ block: ControlBlock) -> UnsafeRawPointer {
        let root = chosen(0, i, block)
        let result = value.nextRow()
        if root.pointee.kind == .add, addVectors(result, root, i, held, block) { return UnsafeRawPointer(result) }
        switch value.element {
        case .int32: compute(result.assumingMemoryBound(to: Int32.self), root, i, held, block)
        case .int64: compute(result.assumingMemoryBound(to: Int64.self), root, i, held, block)
        case .int16: compute(result.assumingMemoryBound(to: Int16.self), root, i, held, block)
        case .int8: compute(result.assumingMemoryBound(to: Int8.self), root, i, held, block)
        }
        return UnsafeRawPointer(result)
    }

    /// Follows multiplexers.
    @inline(__always) private func chosen(_ place: Int, _ i: Int, _ block: ControlBlock) -> Term {
        var term = Term(terms.baseAddress! + place)
        while term.pointee.kind == .choose {
            let isTrue = (block.histories.baseAddress! + term.pointee.scalar).pointee.value(i) != 0
            term = Term(terms.baseAddress! + (isTrue ? term.pointee.a : term.pointee.b))
        }
        return term
    }

    /// Adds a row of the register's type to what is held, by whole vectors: rows have room for them. False for any other
    /// addition.
    @inline(__always)
    private func addVectors(
        _ result: UnsafeMutableRawPointer, _ root: Term, _ i: Int, _ held: UnsafeRawPointer, _ block: ControlBlock
    ) -> Bool {
        let a = chosen(root.pointee.a, i, block)
        let b = chosen(root.pointee.b, i, block)
        guard b.pointee.kind == .row, b.pointee.element == value.element else { return false }
        let earlier: UnsafeRawPointer
        let octaves: Int
        switch a.pointee.kind {
        case .zero: (earlier, octaves) = (UnsafeRawPointer(zero), 0)
        case .held: (earlier, octaves) = (held, 0)
        case .shifted: (earlier, octaves) = (held, a.pointee.octaves)
        case .row, .choose, .add, .maximum: return false
        }
        let row = b.pointee.pointers![i]!
        switch value.element {
        case .int32: add(result, earlier, row, SIMD8<Int32>.self, octaves: octaves)
        case .int64: add(result, earlier, row, SIMD4<Int64>.self, octaves: octaves)
        case .int8, .int16: return false
        }
        return true
    }

    @inline(__always)
    private func add<V: SIMD>(
        _ result: UnsafeMutableRawPointer, _ earlier: UnsafeRawPointer, _ row: UnsafeRawPointer, _: V.Type,
        octaves: Int
    ) where V.Scalar: FixedWidthInteger & SignedInteger {
        let (left, back) = (V(repeating: V.Scalar(octaves)), V(repeating: V.Scalar(unused)))
        for offset in stride(from: 0, to: value.stride, by: 32) {
            var sum = earlier.loadUnaligned(fromByteOffset: offset, as: V.self)
            if octaves > 0 { sum = sum &<< left }
            sum &+= row.loadUnaligned(fromByteOffset: offset, as: V.self)
            if unused > 0 { sum = (sum &<< back) &>> back }
            result.storeBytes(of: sum, toByteOffset: offset, as: V.self)
        }
    }

    @inline(__always)
    private func compute<T: FixedWidthInteger & SignedInteger>(
        _ d: UnsafeMutablePointer<T>, _ root: Term, _ i: Int, _ held: UnsafeRawPointer, _ block: ControlBlock
    ) {
        let h = held.assumingMemoryBound(to: T.self)
        let lanes = value.shape.lanes
        switch root.pointee.kind {
        case .zero, .row, .held, .shifted: merge(d, root, i, h) { _, new in new }
        case .add:
            // The sum that comes is the second operand.
            let a = chosen(root.pointee.a, i, block)
            let b = chosen(root.pointee.b, i, block)
            switch a.pointee.kind {
            case .zero: merge(d, b, i, h) { _, new in new }
            case .held: merge(d, b, i, h) { h[$0] &+ $1 }
            case .shifted:
                let octaves = T(a.pointee.octaves)
                merge(d, b, i, h) { (h[$0] &<< octaves) &+ $1 }
            case .row, .choose, .add, .maximum:
                merge(d, a, i, h) { _, new in new }
                merge(d, b, i, h) { d[$0] &+ $1 }
            }
        case .maximum:
            merge(d, chosen(root.pointee.a, i, block), i, h) { _, new in new }
            merge(d, chosen(root.pointee.b, i, block), i, h) { max(d[$0], $1) }
        case .choose: preconditionFailure("a choice has been made")
        }
        if unused > 0 { for lane in 0..<lanes { d[lane] = (d[lane] &<< T(unused)) &>> T(unused) } }
    }

    /// Each lane becomes what `merge` makes of its number and of an operand's lane.
    @inline(__always)
    private func merge<T: FixedWidthInteger & SignedInteger>(
        _ d: UnsafeMutablePointer<T>, _ term: Term, _ i: Int, _ h: UnsafePointer<T>, _ merge: (Int, T) -> T
    ) {
        let lanes = value.shape.lanes
        switch term.pointee.kind {
        case .zero: for lane in 0..<lanes { d[lane] = merge(lane, 0) }
        case .held: for lane in 0..<lanes { d[lane] = merge(lane, h[lane]) }
        case .shifted:
            let octaves = T(term.pointee.octaves)
            for lane in 0..<lanes { d[lane] = merge(lane, h[lane] &<< octaves) }
        case .row:
            let row = term.pointee.pointers![i]!
            switch term.pointee.element {
            case .int8: RowNet.merge(d, row, Int8.self, lanes, merge)
            case .int16: RowNet.merge(d, row, Int16.self, lanes, merge)
            case .int32: RowNet.merge(d, row, Int32.self, lanes, merge)
            case .int64: RowNet.merge(d, row, Int64.self, lanes, merge)
            }
        case .choose, .add, .maximum: preconditionFailure("operations are not nested")
        }
    }
}

extension RowNet {
    /// Merges lanes of one type into lanes of another.
    @inline(__always)
    static func merge<T: FixedWidthInteger & SignedInteger, S: FixedWidthInteger & SignedInteger>(
        _ d: UnsafeMutablePointer<T>, _ row: UnsafeRawPointer, _: S.Type, _ lanes: Int, _ merge: (Int, T) -> T
    ) {
        let s = row.assumingMemoryBound(to: S.self)
        for lane in 0..<lanes { d[lane] = merge(lane, T(truncatingIfNeeded: s[lane])) }
    }
}
