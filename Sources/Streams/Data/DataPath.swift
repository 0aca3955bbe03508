// The data path of a Design, a block of cycles at a time, behind the control that a ControlStream hands on. Units run in
// the order in which data flows, each for the whole block; images share everything but their state.

import Design
import Fabric
import RowKernels

#if MUTANTS
    import Mutants
#endif

/// One image's side of a run: external memory, buffers, and what registers hold between blocks.
package final class ImageState {
    /// External memory, with room for reads past its end.
    package let memory: UnsafeMutableRawPointer
    /// Bytes of external memory.
    package let memoryBytes: Int
    /// Bits that changed so far, by net of the data path.
    fileprivate var toggles: [UInt64]
    /// Rows that the nets carry, two each in turn, and the one that holds now.
    fileprivate var rows: [(UnsafeMutableRawPointer, UnsafeMutableRawPointer)]
    fileprivate var current: [UnsafeRawPointer?]
    fileprivate var memories: [RowMemory]
    /// Rows of the cycles before the block, by net of fused sums, two sides in turn.
    fileprivate var past: [(UnsafeMutableRawPointer, UnsafeMutableRawPointer)]
    fileprivate var pastRows: [UnsafeRawPointer?]
    fileprivate var pastSide = false

    fileprivate init(_ image: [UInt8], _ path: DataPath) {
        memoryBytes = image.count
        let memory = RowNet.zeros(image.count + path.wideBeat.bytes)
        image.withUnsafeBytes { memory.copyMemory(from: $0.baseAddress!, byteCount: image.count) }
        self.memory = memory
        toggles = Array(repeating: 0, count: path.nets.count)
        let rows = path.nets.map { (RowNet.zeros($0.stride), RowNet.zeros($0.stride)) }
        self.rows = rows
        current = rows.map { UnsafeRawPointer($0.0) }
        memories = path.memories.map { $0.makeContents() }
        let depth = path.pastDepth
        let past = path.pastNets.map { (RowNet.zeros($0.stride * depth), RowNet.zeros($0.stride * depth)) }
        self.past = past
        pastRows = past.flatMap { side in (0..<depth).map { _ in UnsafeRawPointer(side.0) } }
    }

    deinit {
        RowNet.release(memory)
        for (a, b) in rows + past {
            RowNet.release(a)
            RowNet.release(b)
        }
    }

    /// The host's access between two runs of the array.
    package func withMemory<R>(_ body: (UnsafeMutableRawBufferPointer) throws -> R) rethrows -> R {
        try body(UnsafeMutableRawBufferPointer(start: memory, count: memoryBytes))
    }
}

/// Runs the data path of images behind blocks of control. One thread's: threads have one each.
package final class DataPath {
    /// What the data path must provide besides results.
    package struct Options: Sendable {
        /// Count the toggles of every register: no sum is fused then.
        package var countsToggles: Bool
        /// Most cycles of a block.
        package var capacity: Int
        /// Who computes rows.
        package var level: RowLevel

        /// Options of a data path; the best kernels unless said otherwise.
        package init(countsToggles: Bool, capacity: Int, level: RowLevel = .best) {
            (self.countsToggles, self.capacity, self.level) = (countsToggles, capacity, level)
        }
    }

    /// A fused sum needed what is no longer there: the results are not known, and the run is the plain kernel's. No program
    /// of the scheduler does that.
    package struct Lost: Error, CustomStringConvertible {
        /// What it is, for people.
        package let description: String
    }

    fileprivate let nets: [RowNet]
    fileprivate let memories: [MemoryPorts]
    fileprivate var pastNets: [RowNet] { past?.nets ?? [] }
    fileprivate var pastDepth: Int { past?.depth ?? 0 }
    private let parts: DataPathParts
    private let past: FusedPast?
    private let options: Options
    private let beat: MemoryInterface.Beat
    fileprivate let wideBeat: MemoryInterface.Beat
    private let part: ControlBlock
    private let design: Design
    private var serial: Int32 = 0
    /// Looks at the first image.
    private var tap: RowTap?
    /// Cycles with a read, and with a write, of each memory so far, the same for all images; 0 when not counting.
    package private(set) var accesses: [(memory: NetID, reads: UInt64, writes: UInt64)] = []

    /// What is known of a Design's data path before it is bound to storage: made once for all images and threads.
    package struct Plan: Sendable {
        let separation: Separation
        let graph: DataGraph
        let layout: LayoutPlan
        /// What the data path must provide.
        package let options: Options

        /// Plans the data path of a Design. Throws `Separation.Obstacle` for what rows cannot say.
        package init(_ separation: Separation, options: Options) throws {
            (self.separation, self.options) = (separation, options)
            var graph = try DataGraph(separation, splits: !options.countsToggles)
            var layout = options.countsToggles ? LayoutPlan() : LayoutPlanner.plan(&graph)
            if !layout.computes(graph.splitProducts, of: graph) {
                graph = try DataGraph(separation, splits: false)
                layout = LayoutPlanner.plan(&graph)
            }
            (self.graph, self.layout) = (graph, layout)
        }
    }

    /// Binds a data path. Throws `Separation.Obstacle` where beats of memory are no rows of it.
    package init(_ plan: Plan, memory: MemoryInterface) throws {
        let beat = memory.beat
        let (graph, options) = (plan.graph, plan.options)
        let parts = DataPathParts(plan)
        guard parts.nets[graph.source].element.bytes == beat.fieldBytes,
            parts.nets[graph.sink].element.bytes == beat.fieldBytes
        else { throw Separation.Obstacle(description: "the beats of memory are no rows of the data path") }
        (self.parts, self.options, self.beat, wideBeat) = (parts, options, beat, memory.wideBeat)
        (nets, memories) = (parts.nets, parts.memories)
        past = parts.sums.isEmpty ? nil : FusedPast(parts.sums.map(\.terms), isFixed: parts.sumsAreFixed)
        part = ControlBlock(plan.separation.boundary, of: plan.separation.design, capacity: options.capacity)
        design = plan.separation.design
        accesses = memories.map { ($0.latchID, 0, 0) }
    }

    /// An image at power-up, its external memory as given.
    package func makeImage(_ image: [UInt8]) -> ImageState {
        let state = ImageState(image, self)
        for (net, initial) in parts.initialValues {
            for lane in 0..<nets[net].shape.lanes {
                RowLane.store(initial, state.rows[net].0, nets[net].element, lane)
            }
        }
        return state
    }

    /// Runs a block for images. Throws `Lost`, and what a tap throws.
    package func run(_ block: ControlBlock, _ images: [ImageState]) throws {
        var start = 0
        for cut in cuts(block) {
            part.copy(block, from: start, to: cut)
            try runPart(part, images)
            start = cut
        }
        if start == 0 {
            try runPart(block, images)
        } else {
            part.copy(block, from: start, to: block.count)
            try runPart(part, images)
        }
        if parts.sums.contains(where: \.unit.isLost) {
            throw Lost(description: "a sum of products needs cycles that are forgotten")
        }
        if memories.contains(where: \.isTorn) {
            throw Lost(description: "weights are written while a cascade reads them")
        }
    }

    /// Cycles whose read beat an earlier write of the block has changed.
    private func cuts(_ block: ControlBlock) -> [Int] {
        if block.reads.isEmpty || block.writes.isEmpty { return [] }
        #if MUTANTS
            if isPlanted("block-cut") { return [] }
        #endif
        var result: [Int] = []
        var first = 0
        var next = 0
        // The port shows as many bytes as its widest beat has.
        let (shown, written) = (UInt32(wideBeat.bytes), UInt32(beat.bytes))
        var (low, high) = (UInt32.max, UInt32.min)
        for read in block.reads {
            while next < block.writes.count, block.writes[next].index < read.index {
                low = min(low, block.writes[next].address)
                high = max(high, block.writes[next].address)
                next += 1
            }
            guard next > first, read.address + shown > low, read.address < high + written else { continue }
            let hits = block.writes[first..<next].contains {
                read.address + shown > $0.address && read.address < $0.address + written
            }
            guard hits else { continue }
            result.append(Int(read.index))
            first = next
            (low, high) = (.max, .min)
        }
        return result
    }

    private func runPart(_ block: ControlBlock, _ images: [ImageState]) throws {
        if block.count == 0 { return }
        serial &+= 1
        for events in parts.events { events.find(block) }
        if options.countsToggles { countAccesses() }
        past?.find(block.count)
        for (position, image) in images.enumerated() {
            enter(image)
            feed(block, image)
            for unit in parts.units { unit.run(block, serial: serial) }
            if options.countsToggles { countToggles(block) }
            if position == 0, let tap { try tap.show(block) }
            leave(block, image)
        }
        past?.shift()
    }

    // MARK: images

    private func enter(_ image: ImageState) {
        for index in nets.indices {
            nets[index].used = 0
            nets[index].pointers[0] = image.current[index]
            nets[index].toggles = image.toggles[index]
        }
        for index in memories.indices { memories[index].contents = image.memories[index] }
        #if MUTANTS
            if isPlanted("image-past") { return }
        #endif
        for (index, net) in pastNets.enumerated() {
            for k in 0..<(past?.count ?? 0) { net.pointers[-1 - k] = image.pastRows[index * pastDepth + k] }
        }
    }

    /// What the read port holds.
    private func feed(_ block: ControlBlock, _ image: ImageState) {
        let pointers = nets[parts.source].pointers
        var row = pointers[0]
        var position = 0
        for read in block.reads {
            let at = Int(read.index)
            while position < at {
                pointers[position] = row
                position += 1
            }
            row = UnsafeRawPointer(image.memory + Int(read.address))
        }
        while position <= block.count {
            pointers[position] = row
            position += 1
        }
    }

    /// Keeps what the nets hold at the end, then lets the block's writes reach external memory.
    private func leave(_ block: ControlBlock, _ image: ImageState) {
        let count = block.count
        if let past {
            for (index, net) in past.nets.enumerated() {
                let side = image.pastSide ? image.past[index].0 : image.past[index].1
                let rows = past.carry(index, to: side)
                for k in 0..<rows { image.pastRows[index * pastDepth + k] = net.pointers[-1 - k] }
            }
            image.pastSide.toggle()
        }
        for index in parts.carried {
            let net = nets[index]
            let last = net.pointers[count]
            if last != image.current[index] {
                let (a, b) = image.rows[index]
                let row = image.current[index] == UnsafeRawPointer(a) ? b : a
                row.copyMemory(from: last!, byteCount: net.stride)
                image.current[index] = UnsafeRawPointer(row)
            }
        }
        for index in nets.indices { image.toggles[index] = nets[index].toggles }
        write(block, image)
        for memory in memories { memory.contents.endBlock() }
    }

    /// Beats that come straight from external memory are taken before any of them is written there.
    private func write(_ block: ControlBlock, _ image: ImageState) {
        let rows = nets[parts.sink].pointers
        let bytes = beat.fields * beat.fieldBytes
        let memory = UnsafeRawPointer(image.memory)
        let isStraight = block.writes.contains { write in
            let row = rows[Int(write.index)]!
            return row >= memory && row < memory + image.memoryBytes
        }
        let taken =
            isStraight
            ? block.writes.map { [UInt8](UnsafeRawBufferPointer(start: rows[Int($0.index)], count: bytes)) } : []
        for (position, write) in block.writes.enumerated() {
            let place = image.memory + Int(write.address)
            if isStraight {
                place.copyMemory(from: taken[position], byteCount: bytes)
            } else {
                place.copyMemory(from: rows[Int(write.index)]!, byteCount: bytes)
            }
        }
    }

    // MARK: observation

    /// Has a tap look at the first image of each block; before the first block.
    package func attach(_ tap: RowTap) {
        tap.bind(nets, of: design)
        self.tap = tap
    }

    private func countAccesses() {
        for (index, memory) in memories.enumerated() {
            accesses[index].reads &+= UInt64(memory.reads.count)
            accesses[index].writes &+= UInt64(memory.writes.count)
        }
    }

    private func countToggles(_ block: ControlBlock) {
        for memory in parts.pairs { memory.forget() }
        for (net, events) in parts.compared where events.count > 0 {
            nets[net].toggles &+= RowToggles.count(nets[net], events, options.level) &* UInt64(nets[net].copies)
        }
    }

    /// Toggles of the data path's registers so far, by net; 0 when not counting, though stages count whenever they run.
    package func toggles(of image: ImageState) -> [(net: NetID, count: UInt64)] {
        parts.counted.compactMap { index in
            nets[index].id.map { ($0, options.countsToggles ? image.toggles[index] : 0) }
        }
    }

    /// Registers that run in place.
    package var registersInPlace: Int { parts.inPlace.count }

    /// Registers whose sums of products are computed at once.
    package var fusedSums: Int { parts.sums.count }

    /// Nets whose values `value` can tell: registers that are not inside a fused sum.
    package var readable: [NetID] { parts.carried.compactMap { nets[$0].id } }

    /// What a register holds after the last block; nil for nets that have no rows.
    package func value(_ id: NetID, lane: Int, of image: ImageState) -> Int64? {
        guard let index = nets.firstIndex(where: { $0.id == id }), parts.carried.contains(index) else { return nil }
        return nets[index].value(image.current[index]!, lane: lane)
    }
}

extension ControlBlock {
    /// Takes over cycles of another block.
    func copy(_ other: ControlBlock, from start: Int, to end: Int) {
        count = end - start
        isLast = other.isLast && end == other.count
        for index in histories.indices {
            let source = other.histories[index]
            histories[index].isConstant = source.isConstant
            histories[index].constant = source.constant
            if source.isBit {
                let shift = UInt64(start & 63)
                for word in 0...(count >> 6) {
                    let low = source.bits[start >> 6 + word] >> shift
                    let isInside = start >> 6 + word + 1 <= other.count >> 6
                    let high = shift == 0 || !isInside ? 0 : source.bits[start >> 6 + word + 1] << (64 - shift)
                    histories[index].bits[word] = low | high
                }
            } else {
                histories[index].values.update(from: source.values + start, count: count)
            }
        }
        func part(_ beats: [BeatRecord]) -> [BeatRecord] {
            beats.filter { $0.index >= start && $0.index < end }.map {
                BeatRecord(index: $0.index - Int32(start), address: $0.address)
            }
        }
        (reads, writes) = (part(other.reads), part(other.writes))
        (samples, layerEnds) = (other.samples, other.layerEnds)
    }
}
