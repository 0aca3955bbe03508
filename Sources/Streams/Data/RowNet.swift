// Rows of one net over a block of cycles. A net has one pointer a cycle to the row that holds its lanes then, in the
// narrowest integers that hold every value. So a register that holds repeats a pointer, a register that copies passes
// pointers on, a multiplexer by a scalar chooses one, and a memory gives pointers into its contents: rows are made
// only where something is computed.
//
// Position i of a block is its cycle i; a register's position `count` is what it carries into the next block. Positions
// before 0 are those earlier cycles to which a fused sum can lead back (SumUnit).

import Design
import Fabric
import Foundation

/// Type of one lane in a row.
enum RowElement: Int, Sendable {
    case int8 = 1
    case int16 = 2
    case int32 = 4
    case int64 = 8

    var bytes: Int { rawValue }

    /// The narrowest that holds every value.
    init(_ shape: RowShape) {
        self = shape.bits <= 8 ? .int8 : shape.bits <= 16 ? .int16 : shape.bits <= 32 ? .int32 : .int64
    }
}

/// Reads and writes of single lanes.
enum RowLane {
    @inline(__always) static func load(_ row: UnsafeRawPointer, _ element: RowElement, _ lane: Int) -> Int64 {
        switch element {
        case .int8: Int64(row.load(fromByteOffset: lane, as: Int8.self))
        case .int16: Int64(row.loadUnaligned(fromByteOffset: 2 &* lane, as: Int16.self))
        case .int32: Int64(row.loadUnaligned(fromByteOffset: 4 &* lane, as: Int32.self))
        case .int64: row.loadUnaligned(fromByteOffset: 8 &* lane, as: Int64.self)
        }
    }

    @inline(__always)
    static func store(_ value: Int64, _ row: UnsafeMutableRawPointer, _ element: RowElement, _ lane: Int) {
        switch element {
        case .int8: row.storeBytes(of: Int8(truncatingIfNeeded: value), toByteOffset: lane, as: Int8.self)
        case .int16: row.storeBytes(of: Int16(truncatingIfNeeded: value), toByteOffset: 2 &* lane, as: Int16.self)
        case .int32: row.storeBytes(of: Int32(truncatingIfNeeded: value), toByteOffset: 4 &* lane, as: Int32.self)
        case .int64: row.storeBytes(of: value, toByteOffset: 8 &* lane, as: Int64.self)
        }
    }
}

/// Weights as fused sums read them: decoded to 16-bit integers, two inputs side by side.
struct WeightLayout: Sendable, Hashable {
    /// Place of each lane, in 16-bit integers.
    var places: [Int]
    /// 16-bit integers of all blocks; a block has its planes one behind the other.
    var size: Int
    /// 16-bit integers of a plane: the distance from a weight's high part to its low byte.
    var planeSize: Int
    /// 1: the weight; 2: weight = 256 * first plane + second plane.
    var planes: Int
    /// Bits of power-of-two codes; nil: stored weights are integers.
    var codeBits: Int?
}

/// Pointer lists as C sees them.
typealias RowPointers = UnsafeMutablePointer<UnsafeRawPointer?>

/// The rows of one net.
final class RowNet {
    /// Readable bytes behind every row: whole vectors are read.
    static let padding = 64
    /// Positions before 0: whole words of events.
    static let past = 128

    let shape: RowShape
    let id: NetID?
    let element: RowElement
    let layout: WeightLayout?
    /// Stored lane of each lane of the net; nil: all are stored.
    let table: [Int]?
    /// Bytes from row to row.
    let stride: Int
    /// Row of each position, -past ... capacity.
    let pointers: RowPointers
    /// Where computed rows go; allocated when a unit asks for it.
    private(set) var pool: UnsafeMutableRawPointer
    private(set) var poolRows = 0
    /// Rows of the pool that this block uses.
    var used = 0
    /// Shared with registers that hand the same rows on.
    var pairs: PairMemory?
    /// Bits of registers that changed, of the image that runs.
    var toggles: UInt64 = 0
    private let zero: UnsafeMutableRawPointer
    private let capacity: Int

    init(_ info: DataGraph.RowNetInfo, element: RowElement, layout: WeightLayout?, capacity: Int) {
        (shape, id, table) = (info.shape, info.id, info.table)
        self.element = layout == nil ? element : .int16
        self.layout = layout
        self.capacity = capacity
        let bytes = layout.map { 2 * $0.size } ?? info.shape.lanes * element.bytes
        // Vectors do not cross cache lines.
        stride = bytes <= 32 ? 32 : (bytes + 63) & ~63
        zero = RowNet.zeros(stride)
        pool = zero
        let all = RowPointers.allocate(capacity: RowNet.past + capacity + 2)
        all.initialize(repeating: UnsafeRawPointer(zero), count: RowNet.past + capacity + 2)
        pointers = all + RowNet.past
    }

    deinit {
        (pointers - RowNet.past).deallocate()
        if poolRows > 0 { RowNet.release(pool) }
        RowNet.release(zero)
    }

    /// A zeroed block at a cache line's beginning, with room for reads past its end, to be given back by `release`. Large
    /// ones cost nothing until they are touched.
    static func zeros(_ bytes: Int) -> UnsafeMutableRawPointer {
        guard let block = calloc(1, bytes + padding + 64) else { fatalError("out of memory: \(bytes) bytes") }
        // Before it stands what is to be freed.
        let aligned = (block + 64).alignedDown(toMultipleOf: 64)
        aligned.storeBytes(of: block, toByteOffset: -8, as: UnsafeMutableRawPointer.self)
        return aligned
    }

    /// Gives a block of `zeros` back.
    static func release(_ block: UnsafeMutableRawPointer?) {
        guard let block else { return }
        free(block.load(fromByteOffset: -8, as: UnsafeMutableRawPointer.self))
    }

    /// Makes room for a row a cycle.
    func makePool() {
        guard poolRows == 0 else { return }
        poolRows = capacity + 2
        pool = RowNet.zeros(stride * poolRows)
    }

    /// The next free row of the pool.
    @inline(__always) func nextRow() -> UnsafeMutableRawPointer {
        let row = pool + used &* stride
        used &+= 1
        return row
    }

    /// Positions after events: those between events repeat the row before. Events at position i made row i + 1.
    @inline(__always) func hold(_ events: Events, _ count: Int) {
        let pointers = self.pointers
        if events.count == count { return }
        var position = 0
        let list = events.list
        for e in 0..<events.count {
            let next = Int(list[e])
            let row = pointers[position]
            while position < next {
                position &+= 1
                pointers[position] = row
            }
            position = next &+ 1
        }
        let row = pointers[position]
        while position < count {
            position &+= 1
            pointers[position] = row
        }
    }

    /// Lanes of the net that each stored lane stands for.
    var copies: Int { table.map { $0.count / shape.lanes } ?? 1 }

    /// Value of a lane in a row of this net.
    func value(_ row: UnsafeRawPointer, lane: Int) -> Int64 {
        let lane = table?[lane] ?? lane
        guard let layout else { return RowLane.load(row, element, lane) }
        let place = layout.places[lane]
        let high = RowLane.load(row, .int16, place)
        let weight = layout.planes == 1 ? high : high << 8 + RowLane.load(row, .int16, place + layout.planeSize)
        guard let bits = layout.codeBits else { return weight }
        return Int64(PowerOfTwoCode.encode(Int(weight), bits: bits) ?? 0)
    }
}

/// The cycles of a block in which an enable is high.
final class Events {
    /// Boundary indices of the enables; nil: every cycle.
    let enables: EnableSet?
    let list: UnsafeMutablePointer<Int32>
    private(set) var count = 0
    /// One bit a cycle; the words before the first hold earlier positions as RowNet does, bit 63 position -1.
    let words: UnsafeMutablePointer<UInt64>
    /// An event before the positions that are kept.
    var hasForgotten = false
    private var filledAll = 0
    private static let pastWords = RowNet.past / 64

    init(_ enables: EnableSet?, capacity: Int) {
        self.enables = enables
        list = .allocate(capacity: capacity + 64)
        list.initialize(repeating: 0, count: capacity + 64)
        let all = UnsafeMutablePointer<UInt64>.allocate(capacity: Self.pastWords + capacity / 64 + 2)
        all.initialize(repeating: 0, count: Self.pastWords + capacity / 64 + 2)
        words = all + Self.pastWords
    }

    deinit {
        list.deallocate()
        (words - Self.pastWords).deallocate()
    }

    /// Whether a cycle, or a position before 0, is an event.
    @inline(__always) func contains(_ i: Int) -> Bool { (words[i >> 6] >> UInt64(i & 63)) & 1 != 0 }

    /// The last event before position i, nil when there is none among the positions that are kept.
    func last(before i: Int) -> Int? {
        var word = (i - 1) >> 6
        var bits = words[word] & (~0 >> UInt64(63 - ((i - 1) & 63)))
        while bits == 0 {
            word -= 1
            if word < -Self.pastWords { return nil }
            bits = words[word]
        }
        return word << 6 + 63 - bits.leadingZeroBitCount
    }

    /// Finds the events of a block.
    func find(_ block: ControlBlock) {
        let n = block.count
        let whole = (n + 63) >> 6
        guard let enables else {
            if filledAll != n {
                for i in 0..<n { list[i] = Int32(i) }
                for word in 0..<whole { words[word] = ~0 }
                words[whole] = 0
                if n & 63 != 0 { words[n >> 6] = (1 << UInt64(n & 63)) - 1 }
                filledAll = n
            }
            count = n
            return
        }
        for word in 0...whole { words[word] = 0 }
        for index in enables {
            let history = block.histories[index]
            if history.isConstant && history.constant == 0 { continue }
            for word in 0..<whole { words[word] |= history.bits[word] }
        }
        if n & 63 != 0 { words[n >> 6] &= (1 << UInt64(n & 63)) - 1 }
        var found = 0
        for word in 0..<whole {
            var bits = words[word]
            if bits == 0 { continue }
            let base = Int32(truncatingIfNeeded: word << 6)
            if bits == ~0 {
                for k in 0..<64 { list[found &+ k] = base &+ Int32(truncatingIfNeeded: k) }
                found &+= 64
                continue
            }
            while bits != 0 {
                list[found] = base &+ Int32(truncatingIfNeeded: bits.trailingZeroBitCount)
                found &+= 1
                bits &= bits &- 1
            }
        }
        count = found
    }

    /// At a block's end: these of its positions, latest first, are -1, -2, ... of the next one.
    func setPast(_ positions: [Int]) {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: Self.pastWords) { past in
            past.initialize(repeating: 0)
            for (k, position) in positions.enumerated() where contains(position) {
                past[Self.pastWords - 1 - k >> 6] |= 1 << UInt64(63 - k & 63)
            }
            (words - Self.pastWords).update(from: past.baseAddress!, count: Self.pastWords)
        }
    }
}
