// The contents of a block memory, row by row. Reads give pointers, so a row that somebody may still point to is not
// written over within a block: the write goes to a fresh row that takes the word's place, and the old one is free again
// when the block is over.

import Design
import Fabric

#if MUTANTS
    import Mutants
#endif

/// What one memory of one image holds.
final class RowMemory {
    /// Row of each word.
    let rows: UnsafeMutablePointer<UnsafeMutableRawPointer>
    /// Block in which each word's row was last read.
    private let readIn: UnsafeMutablePointer<Int32>
    #if MUTANTS
        private let overwrites = isPlanted("row-overwrite")
    #endif
    private let stride: Int
    private let contents: UnsafeMutableRawPointer
    private var extra: [UnsafeMutableRawPointer] = []
    private var free: [UnsafeMutableRawPointer] = []
    private var retired: [UnsafeMutableRawPointer] = []

    init(words: Int, stride: Int) {
        self.stride = stride
        contents = RowNet.zeros(words * stride)
        rows = .allocate(capacity: words)
        for word in 0..<words { (rows + word).initialize(to: contents + word * stride) }
        readIn = .allocate(capacity: words)
        readIn.initialize(repeating: -1, count: words)
    }

    deinit {
        RowNet.release(contents)
        rows.deallocate()
        readIn.deallocate()
        for row in extra { RowNet.release(row) }
    }

    /// The row of a word, which stays as it is until the block is over.
    @inline(__always) func read(_ word: Int, block: Int32) -> UnsafeRawPointer {
        readIn[word] = block
        return UnsafeRawPointer(rows[word])
    }

    /// The row of a word to write into; `isWhole`: all of it is written.
    @inline(__always) func write(_ word: Int, block: Int32, isWhole: Bool) -> UnsafeMutableRawPointer {
        #if MUTANTS
            if overwrites { return rows[word] }
        #endif
        if readIn[word] == block { replace(word, keeps: !isWhole) }
        return rows[word]
    }

    @inline(never) private func replace(_ word: Int, keeps: Bool) {
        if free.isEmpty {
            let row = RowNet.zeros(stride)
            extra.append(row)
            free.append(row)
        }
        let row = free.removeLast()
        if keeps { row.copyMemory(from: rows[word], byteCount: stride) }
        retired.append(rows[word])
        rows[word] = row
        readIn[word] = -1
    }

    /// Nobody points to earlier rows any more.
    func endBlock() {
        if retired.isEmpty { return }
        free += retired
        retired.removeAll(keepingCapacity: true)
    }
}

/// How a memory of the data path is read and written.
final class MemoryPorts {
    /// Lanes that one value of the bank's number selects.
    private struct Bank {
        var number: Int
        var first: Int
        var count: Int
        /// First lane of the data, where the data's lanes follow each other.
        var dataFirst: Int?
    }
    let latch: RowNet
    private let data: RowNet
    private let dataLanes: [Int]
    private let banks: [Bank]
    private let memory: DataGraph.Memory
    private let mask: Int
    let reads: Events
    let writes: Events
    /// Names the memory: the first one where several are read as one.
    var latchID: NetID { memory.cell.latch }
    /// Bytes are copied as they are.
    private let copies: Bool
    /// All lanes are written at once, as they lie from some byte of the data's rows on: that one; nil: other writes.
    private let wholeFrom: Int?
    /// Weight of each code.
    private let decoded: [Int64]
    /// Contents of the image that runs.
    var contents: RowMemory
    /// Reads of the last cycles, where a word must not be written for some cycles after its read: cycle from the block's
    /// beginning, and word.
    private var recent: [(cycle: Int, word: Int)] = []
    private var checkedSerial: Int32 = -1
    /// A word was written too soon.
    private(set) var isTorn = false

    init(
        _ memory: DataGraph.Memory, latch: RowNet, data: (net: RowNet, lanes: [Int]), lanesToNumber: [Int],
        events: (reads: Events, writes: Events)
    ) {
        self.memory = memory
        self.latch = latch
        self.data = data.net
        dataLanes = data.lanes
        (reads, writes) = (events.reads, events.writes)
        mask = (1 << BlockMemoryShape.addressBits(depth: memory.cell.depth)) - 1
        let lanes = latch.shape.lanes
        banks = stride(from: 0, to: lanes, by: memory.cell.lanesPerBank).map { first in
            let count = min(memory.cell.lanesPerBank, lanes - first)
            let follow = (0..<count).allSatisfy { data.lanes[first + $0] == data.lanes[first] + $0 }
            return Bank(
                number: lanesToNumber[first], first: first, count: count, dataFirst: follow ? data.lanes[first] : nil)
        }
        copies =
            latch.layout == nil && latch.element == data.net.element && latch.shape.signed == data.net.shape.signed
            && latch.shape.width >= data.net.shape.width
        let isOne = banks.count == 1 && banks[0].number == 0 && memory.bank == nil
        let first = isOne && copies ? banks[0].dataFirst : nil
        wholeFrom = first.map { $0 * latch.element.bytes }
        let bits = latch.layout?.codeBits
        decoded = bits.map { bits in (0..<1 << bits).map { PowerOfTwoCode.value(Int64($0), bits: bits) } } ?? []
        contents = RowMemory(words: 1, stride: 64)
    }

    /// An empty memory.
    func makeContents() -> RowMemory { RowMemory(words: mask + 1, stride: latch.stride) }

    /// Reads and writes of a block in the order of their cycles; of one cycle the read comes first.
    func run(_ block: ControlBlock, serial: Int32) {
        let addresses = block.histories[memory.readAddress].values
        let contents = self.contents
        let pointers = latch.pointers + 1
        let list = reads.list
        let mask = self.mask
        if let joined = memory.joined, checkedSerial != serial { check(block, serial, skew: joined.skew) }
        if writes.count == 0 {
            let rows = contents.rows
            for e in 0..<reads.count {
                let i = Int(list[e])
                pointers[i] = UnsafeRawPointer(rows[Int(addresses[i]) & mask])
            }
        } else {
            var next = 0
            for w in 0..<writes.count {
                let at = writes.list[w]
                while next < reads.count && list[next] <= at {
                    let i = Int(list[next])
                    pointers[i] = contents.read(Int(addresses[i]) & mask, block: serial)
                    next += 1
                }
                write(Int(at), block, serial)
            }
            while next < reads.count {
                let i = Int(list[next])
                pointers[i] = contents.read(Int(addresses[i]) & mask, block: serial)
                next += 1
            }
        }
        latch.hold(reads, block.count)
    }

    /// Finds writes of words that were read less than `skew` cycles before, for all images at once.
    private func check(_ block: ControlBlock, _ serial: Int32, skew: Int) {
        checkedSerial = serial
        let (addresses, targets) = (block.histories[memory.readAddress], block.histories[memory.writeAddress])
        func word(_ e: Int) -> Int { Int(addresses.value(Int(reads.list[e]))) & mask }
        var next = 0
        for w in 0..<writes.count {
            let at = Int(writes.list[w])
            let target = Int(targets.value(at)) & mask
            while next < reads.count, Int(reads.list[next]) <= at { next += 1 }
            var e = next - 1
            while e >= 0, Int(reads.list[e]) > at - skew {
                if word(e) == target { isTorn = true }
                e -= 1
            }
            if recent.contains(where: { $0.cycle > at - skew && $0.word == target }) { isTorn = true }
        }
        let count = block.count
        recent = recent.map { ($0.cycle - count, $0.word) }.filter { $0.cycle > -skew }
        var e = reads.count - 1
        while e >= 0, Int(reads.list[e]) - count > -skew {
            recent.append((Int(reads.list[e]) - count, word(e)))
            e -= 1
        }
    }

    /// The read of cycle i.
    func read(_ i: Int, _ block: ControlBlock, _ serial: Int32) {
        let address = Int(block.histories[memory.readAddress].value(i)) & mask
        latch.pointers[i + 1] = contents.read(address, block: serial)
    }

    /// The write of cycle i.
    func write(_ i: Int, _ block: ControlBlock, _ serial: Int32) {
        write(i, row: data.pointers[i]!, block, serial)
    }

    /// The write of cycle i, the data's row being known.
    func write(_ i: Int, row source: UnsafeRawPointer, _ block: ControlBlock, _ serial: Int32) {
        let address = Int(block.histories[memory.writeAddress].value(i)) & mask
        if let wholeFrom {
            let row = contents.write(address, block: serial, isWhole: true)
            MemoryPorts.copy(source + wholeFrom, to: row, latch.shape.lanes * latch.element.bytes)
            return
        }
        let number = memory.bank.map { Int(block.histories[$0].value(i)) } ?? 0
        for bank in banks where bank.number == number {
            write(bank, source, into: contents.write(address, block: serial, isWhole: banks.count == 1))
        }
    }

    /// Copies bytes: mostly those of one vector.
    @inline(__always)
    private static func copy(_ source: UnsafeRawPointer, to row: UnsafeMutableRawPointer, _ count: Int) {
        switch count {
        case 64: row.storeBytes(of: source.loadUnaligned(as: SIMD64<UInt8>.self), as: SIMD64<UInt8>.self)
        case 32: row.storeBytes(of: source.loadUnaligned(as: SIMD32<UInt8>.self), as: SIMD32<UInt8>.self)
        default: row.copyMemory(from: source, byteCount: count)
        }
    }

    private func write(_ bank: Bank, _ source: UnsafeRawPointer, into row: UnsafeMutableRawPointer) {
        if copies, let first = bank.dataFirst {
            let bytes = latch.element.bytes
            MemoryPorts.copy(source + first * bytes, to: row + bank.first * bytes, bank.count * bytes)
            return
        }
        let (width, signed) = (latch.shape.width, latch.shape.signed)
        guard let layout = latch.layout else {
            for lane in bank.first..<bank.first + bank.count {
                let value = RowLane.load(source, data.element, dataLanes[lane])
                RowLane.store(LogicMeaning.canonical(value, width: width, signed: signed), row, latch.element, lane)
            }
            return
        }
        let places = row.assumingMemoryBound(to: Int16.self)
        for lane in bank.first..<bank.first + bank.count {
            let stored = LogicMeaning.canonical(
                RowLane.load(source, data.element, dataLanes[lane]), width: width, signed: signed)
            let weight = layout.codeBits == nil ? stored : decoded[Int(stored)]
            let place = layout.places[lane]
            if layout.planes == 1 {
                places[place] = Int16(truncatingIfNeeded: weight)
            } else {
                places[place] = Int16(truncatingIfNeeded: weight >> 8)
                places[place + layout.planeSize] = Int16(truncatingIfNeeded: weight & 255)
            }
        }
    }
}
