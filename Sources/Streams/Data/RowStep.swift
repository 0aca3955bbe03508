// One computed row: any primitive on the rows of a cycle. Lanes are widened to 64 bits, computed, cut to the net's
// width and narrowed again. What only chooses between rows passes a pointer on.

import Design
import Fabric
import RowKernels

/// What a step computes.
enum StepOperation: Sendable, Hashable {
    case logic(PrimitiveKind, parameter: Int)
    case product
    /// a register's data as it is
    case copy
}

/// A step's operand.
struct StepSource {
    enum Kind { case rows, scalar, constant }
    var kind: Kind
    /// Of `rows`.
    var net: RowNet?
    var pointers: RowPointers?
    var element = RowElement.int64
    /// Of `scalar`: the boundary's index.
    var scalar = 0
    /// Of `constant`.
    var constant: Int64 = 0
    /// The operand's rows are rows of the result: every lane its own, of the same type.
    var isRow = false
}

/// Computes rows of a net from rows of others.
final class RowStep {
    let output: RowNet
    let operation: StepOperation
    let sources: [StepSource]
    private let runs: [LaneRun]
    /// The result needs no cut.
    private let fits: Bool
    /// Of `laneSelect`: choices of the index.
    private let choices: Int
    private let wide: [UnsafeMutablePointer<Int64>]
    /// Rows of constant operands, by position.
    private var constantRows: [UnsafeRawPointer?] = []
    private let kernel: RowKernel?
    /// Of the operands that are rows.
    private let rowPointers: [RowPointers]
    /// Of the operands that are scalars.
    private let scalars: [Int]
    /// Cycles whose rows are computed: those in which some operand differs from the event before.
    private let distinct: UnsafeMutablePointer<Int32>

    /// What a step reads.
    struct Form {
        var sources: [StepSource]
        /// Source lanes of each lane, by operand; nil for operands without lanes.
        var tables: [[Int?]?]
        /// Bits that the operands' values need.
        var bits: [Int]
        /// The result needs no cut.
        var fits: Bool
        /// Of `laneSelect`: values of the index that stay inside its operand.
        var choices = 1
    }

    init(_ output: RowNet, _ operation: StepOperation, _ form: Form, capacity: Int, level: RowLevel) {
        (self.output, self.operation, sources, fits) = (output, operation, form.sources, form.fits)
        let (sources, tables) = (form.sources, form.tables)
        rowPointers = sources.compactMap { $0.kind == .rows ? $0.pointers : nil }
        scalars = sources.compactMap { $0.kind == .scalar ? $0.scalar : nil }
        distinct = .allocate(capacity: capacity + 64)
        distinct.initialize(repeating: 0, count: capacity + 64)
        let lanes = output.shape.lanes
        runs = RowStep.movesLanes(operation) ? [] : LaneRun.join(tables, lanes: lanes)
        choices = RowStep.choices(operation, sources, tables)
        wide = (0..<3).map { _ in
            let buffer = UnsafeMutablePointer<Int64>.allocate(capacity: lanes + 8)
            buffer.initialize(repeating: 0, count: lanes + 8)
            return buffer
        }
        var form = form
        form.choices = choices
        kernel = RowKernel(output, operation, form, runs, level: level)
        constantRows = sources.map { source in
            guard source.kind == .constant else { return nil }
            let row = RowNet.zeros(output.stride)
            for lane in 0..<lanes { RowLane.store(source.constant, row, output.element, lane) }
            return UnsafeRawPointer(row)
        }
        if !isAlwaysPointer { output.makePool() }
    }

    deinit {
        for buffer in wide { buffer.deallocate() }
        for row in constantRows { RowNet.release(UnsafeMutableRawPointer(mutating: row)) }
        distinct.deallocate()
    }

    private static func movesLanes(_ operation: StepOperation) -> Bool {
        switch operation {
        case .logic(.pack, _), .logic(.unpack, _): true
        case .logic, .product, .copy: false
        }
    }

    /// How many index values of a laneSelect stay inside its operand.
    private static func choices(_ operation: StepOperation, _ sources: [StepSource], _ tables: [[Int?]?]) -> Int {
        guard case .logic(.laneSelect, let step) = operation, let net = sources[0].net, let table = tables[0] else {
            return 1
        }
        return (net.shape.lanes - 1 - (table.compactMap { $0 }.max() ?? 0)) / step + 1
    }

    /// A multiplexer by a scalar.
    var isChoice: Bool {
        if case .logic(.multiplex, _) = operation { return sources[0].kind != .rows && fits }
        return false
    }

    /// No row is ever computed.
    private var isAlwaysPointer: Bool {
        isChoice && sources.dropFirst().allSatisfy { $0.isRow || $0.kind == .constant }
    }

    // MARK: rows

    /// Rows of the events, at `pointers[event + shift]`.
    func evaluate(_ events: Events, _ block: ControlBlock, shift: Int) {
        let pointers = output.pointers + shift
        let list = events.list
        if isChoice {
            for e in 0..<events.count { pointers[Int(list[e])] = choose(Int(list[e]), block) }
            return
        }
        let first = output.pool + output.used &* output.stride
        let vary = scalars.contains { !block.histories[$0].isConstant }
        let count: Int
        if rowPointers.count == 1 && !vary {
            let a = rowPointers[0]
            count = findDistinct(events, pointers, first) { a[$0] != a[$1] }
        } else if rowPointers.count == 2 && !vary {
            let (a, b) = (rowPointers[0], rowPointers[1])
            count = findDistinct(events, pointers, first) { a[$0] != a[$1] || b[$0] != b[$1] }
        } else {
            count = findDistinct(events, pointers, first) { differs($0, $1, block) }
        }
        output.used &+= count
        if let kernel {
            kernel.run(distinct, count, block, first)
        } else {
            for e in 0..<count { compute(Int(distinct[e]), block, into: first + e &* output.stride) }
        }
    }

    /// Lists the events whose rows are computed, from `first` on, and sets the pointers of all; how many there are. The row
    /// of the event before stands for this one, too, where no operand has changed.
    @inline(__always)
    private func findDistinct(
        _ events: Events, _ pointers: RowPointers, _ first: UnsafeMutableRawPointer,
        _ differs: (_ i: Int, _ before: Int) -> Bool
    ) -> Int {
        let (list, stride) = (events.list, output.stride)
        var row = UnsafeRawPointer(first)
        var count = 0
        var before = 0
        for e in 0..<events.count {
            let i = Int(list[e])
            if e == 0 || differs(i, before) {
                distinct[count] = Int32(truncatingIfNeeded: i)
                row = UnsafeRawPointer(first + count &* stride)
                count &+= 1
            }
            before = i
            pointers[i] = row
        }
        return count
    }

    /// Whether an operand of cycle i may differ from that of an earlier cycle.
    @inline(__always) private func differs(_ i: Int, _ before: Int, _ block: ControlBlock) -> Bool {
        for index in 0..<sources.count {
            switch sources[index].kind {
            case .rows: if sources[index].pointers![i] != sources[index].pointers![before] { return true }
            case .scalar:
                let history = block.histories[sources[index].scalar]
                if !history.isConstant && history.value(i) != history.value(before) { return true }
            case .constant: break
            }
        }
        return false
    }

    /// The row of cycle i.
    func row(_ i: Int, _ block: ControlBlock) -> UnsafeRawPointer {
        if isChoice { return choose(i, block) }
        let row = output.nextRow()
        compute(i, block, into: row)
        return UnsafeRawPointer(row)
    }

    @inline(__always) private func scalar(_ source: Int, _ i: Int, _ block: ControlBlock) -> Int64 {
        switch sources[source].kind {
        case .scalar: block.histories[sources[source].scalar].value(i)
        case .constant: sources[source].constant
        case .rows: preconditionFailure("rows are no scalar")
        }
    }

    private func choose(_ i: Int, _ block: ControlBlock) -> UnsafeRawPointer {
        let position = scalar(0, i, block) != 0 ? 1 : 2
        if sources[position].isRow { return sources[position].pointers![i]! }
        if let row = constantRows[position] { return row }
        let row = output.nextRow()
        load(position, i, block, offset: 0)
        finish(wide[position - 1], into: row)
        return UnsafeRawPointer(row)
    }

    /// Widens an operand; multiplexers have their condition apart, so that operand 1 is in buffer 0.
    private func load(_ position: Int, _ i: Int, _ block: ControlBlock, offset: Int) {
        let buffer = isChoice ? wide[position - 1] : wide[position]
        let lanes = output.shape.lanes
        let source = sources[position]
        guard source.kind == .rows else {
            let value = scalar(position, i, block)
            for lane in 0..<lanes { buffer[lane] = value }
            return
        }
        let row = source.pointers![i]!
        for run in runs {
            if run.isZero[position] {
                for lane in run.first..<run.first + run.count { buffer[lane] = 0 }
            } else {
                let first = row + source.element.bytes * (run.offsets[position] + offset)
                RowStep.widen(buffer + run.first, first, source.element, run.count, run.strides[position])
            }
        }
    }

    private static func widen(
        _ result: UnsafeMutablePointer<Int64>, _ first: UnsafeRawPointer, _ element: RowElement, _ count: Int,
        _ stride: Int
    ) {
        switch element {
        case .int8: widen(result, first, Int8.self, count, stride)
        case .int16: widen(result, first, Int16.self, count, stride)
        case .int32: widen(result, first, Int32.self, count, stride)
        case .int64: widen(result, first, Int64.self, count, stride)
        }
    }

    @inline(__always)
    private static func widen<T: FixedWidthInteger & SignedInteger>(
        _ result: UnsafeMutablePointer<Int64>, _ row: UnsafeRawPointer, _: T.Type, _ count: Int, _ stride: Int
    ) {
        let size = MemoryLayout<T>.size
        for k in 0..<count {
            result[k] = Int64(row.loadUnaligned(fromByteOffset: size &* k &* stride, as: T.self))
        }
    }

    // MARK: operations

    private func compute(_ i: Int, _ block: ControlBlock, into row: UnsafeMutableRawPointer) {
        let lanes = output.shape.lanes
        let (a, b) = (wide[0], wide[1])
        switch operation {
        case .copy: load(0, i, block, offset: 0)
        case .product:
            load(0, i, block, offset: 0)
            load(1, i, block, offset: 0)
            for lane in 0..<lanes { a[lane] = a[lane] &* b[lane] }
        case .logic(.pack, let parts): pack(i, parts)
        case .logic(.unpack, let parts): unpack(i, parts)
        case .logic(.laneSelect, let step):
            load(0, i, block, offset: LogicMeaning.choice(scalar(1, i, block), of: choices) * step)
        case .logic(let kind, let parameter):
            for position in sources.indices { load(position, i, block, offset: 0) }
            apply(kind, parameter)
        }
        finish(a, into: row)
    }

    /// Lane by lane on the widened operands, into the first.
    private func apply(_ kind: PrimitiveKind, _ parameter: Int) {
        let (a, b, c) = (wide[0], wide[1], wide[2])
        let (lanes, width) = (output.shape.lanes, output.shape.width)
        if kind == .add {
            for lane in 0..<lanes { a[lane] = a[lane] &+ b[lane] }
        } else if kind == .maximum {
            for lane in 0..<lanes { a[lane] = max(a[lane], b[lane]) }
        } else if kind != .slice || parameter != 0 {
            for lane in 0..<lanes {
                a[lane] = LogicMeaning.evaluate(kind, a[lane], b[lane], c[lane], parameter: parameter, width: width)
            }
        }
    }

    private func pack(_ i: Int, _ parts: Int) {
        let source = sources[0]
        let row = source.pointers![i]!
        let width = source.net!.shape.width
        let mask = (Int64(1) << Int64(width)) - 1
        for lane in 0..<output.shape.lanes {
            var word: Int64 = 0
            for part in 0..<parts {
                word |= (RowLane.load(row, source.element, lane * parts + part) & mask) << Int64(part * width)
            }
            wide[0][lane] = word
        }
    }

    private func unpack(_ i: Int, _ parts: Int) {
        let source = sources[0]
        let row = source.pointers![i]!
        let width = output.shape.width
        for lane in 0..<output.shape.lanes {
            let word = RowLane.load(row, source.element, lane / parts)
            wide[0][lane] = LogicMeaning.unpacked(word, part: lane % parts, width: width)
        }
    }

    /// Cuts lanes to the net's width and narrows them.
    private func finish(_ lanes: UnsafeMutablePointer<Int64>, into row: UnsafeMutableRawPointer) {
        let count = output.shape.lanes
        if !fits {
            let unused = Int64(64 - output.shape.width)
            if output.shape.signed {
                for lane in 0..<count { lanes[lane] = (lanes[lane] &<< unused) &>> unused }
            } else {
                let mask = (Int64(1) << Int64(output.shape.width)) - 1
                for lane in 0..<count { lanes[lane] &= mask }
            }
        }
        for lane in 0..<count { RowLane.store(lanes[lane], row, output.element, lane) }
    }
}

/// Whether a result of 64 bits fits its net, so that nothing needs to be cut.
enum RowBounds {
    /// `operands` are the bits that their values need; those of constants and scalars as well.
    static func fits(_ operation: StepOperation, operands bits: [Int], in shape: RowShape) -> Bool {
        guard shape.signed else { return false }
        switch operation {
        case .copy: return shape.width >= bits[0]
        case .product: return shape.width >= bits[0] + bits[1]
        case .logic(let kind, let parameter):
            switch kind {
            case .add, .subtract: return shape.width > max(bits[0], bits[1])
            case .powerOfTwoShift:
                return shape.width > bits[0] + PowerOfTwoCode.largestExponent(bits: parameter)
            case .multiplex: return shape.width >= max(bits[1], bits[2])
            case .maximum: return shape.width >= max(bits[0], bits[1])
            case .slice, .laneSelect, .shiftRight: return shape.width >= bits[0]
            case .saturate: return true
            case .not, .and, .or, .xor, .equal, .lessThan, .shiftLeftConstant, .shiftLeft, .roundShift, .unpack, .pack,
                .register, .shiftRegister, .blockMemory, .dsp48e2:
                return false
            }
        }
    }
}
