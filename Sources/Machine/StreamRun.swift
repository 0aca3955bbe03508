// Images on the streams: one control for all of them, and behind it, a block of cycles at a time, the data path of each.
// With several threads control runs ahead in one and hands blocks to the others, which have their own images.

import Accelerator
import Design
import Diagnostics
import ExternalMemory
import Foundation
import Kernel
import Networks
import Observation
import Schedule
import Streams
import Support
import Synchronization

/// What all runs of a program on streams share.
package struct StreamRun {
    /// What runs.
    package let build: Build
    /// How its Design falls apart.
    package let separation: Separation
    /// Of the data paths.
    package let plan: DataPath.Plan

    /// Cycles of a block: longer ones cost less each, until what a block touches leaves the cache.
    package static let blockCycles = 512

    /// Throws `Separation.Obstacle` where the accelerator's Design does not fall apart. A tap of a run sees what is
    /// `watched`.
    package init(
        _ build: Build, countsToggles: Bool, level: RowLevel = .best, capacity: Int? = nil,
        watching watched: TapCone? = nil
    ) throws {
        self.build = build
        let apart = try Separation(build.accelerator.design, memory: build.accelerator.memory)
        separation = watched.map { apart.watching($0) } ?? apart
        plan = try DataPath.Plan(
            separation,
            options: DataPath.Options(
                countsToggles: countsToggles, capacity: capacity ?? Self.blockCycles, level: level))
    }

    /// The result of a run on streams.
    package struct Outcome {
        /// In the order of the inputs, each with the data path that ran it.
        package var images: [(state: ImageState, path: DataPath)]
        /// Cycles and traffic of an image.
        package var timing: RunTiming
        /// Control, with its registers' toggles in each image.
        package var control: ControlStream
        /// Of each image, in the order of the inputs: the events of each layer of the array; empty when not counting.
        package var activity: [[ActivityCount]]

        /// Cycles of an image.
        package var cycles: Int { control.cycle }

        /// Bits of registers that changed, by the path of the scope they are in.
        func togglesByScope(of image: (state: ImageState, path: DataPath), in design: Design) -> [String: UInt64] {
            let data = Dictionary(
                image.path.toggles(of: image.state).map { ($0.net, $0.count) }, uniquingKeysWith: +)
            var result: [String: UInt64] = [:]
            for (index, net) in design.nets.enumerated() where net.isRegister {
                let path = design.path(ofScope: net.scope).joined(separator: ".")
                result[path, default: 0] += data[NetID(index)] ?? control.toggleCount(NetID(index))
            }
            return result
        }
    }

    /// Images that run behind one control: as many as some 256 MiB hold, and no more than help.
    func imagesAtOnce(threads: Int) -> Int {
        let design = separation.design
        let bytes = design.cells.reduce(build.program.memoryBytes) { sum, cell in
            guard case .memory(let memory) = cell else { return sum }
            return sum + memory.depth * design[memory.latch].lanes * 2
        }
        let most = (256 << 20) / max(1, bytes)
        return max(threads, min(16 * threads, most))
    }

    /// Control and what watches it.
    private final class Ahead {
        let control: ControlStream
        let traffic: TrafficLog
        let account: RunAccount
        let cut = BlockCut()
        /// Toggles of control up to the end of each layer of the array; empty when not counting.
        private(set) var layerEnds: [[NetID: UInt64]] = []
        private let counted: [NetID]
        private let vectors: VectorLog?
        private let isTapped: Bool

        init(_ run: StreamRun, _ tap: RowTap?) throws {
            let (accelerator, program) = (run.build.accelerator, run.build.program)
            let traffic = TrafficLog(
                instructions: program.instructionBytes, at: program.instructionPlace.lowerBound,
                memoryBytes: program.memoryBytes)
            self.traffic = traffic
            control = try ControlStream(
                layered: run.separation, watching: accelerator.probes.nets + run.separation.watchedVectors,
                traffic: traffic, countsToggles: run.plan.options.countsToggles, level: run.plan.options.level)
            let device = run.build.memory.device(traffic, interface: accelerator.memory)
            control.attach(device)
            let cut = run.plan.options.countsToggles ? cut : nil
            account = RunAccount(
                program, accelerator.probes, layerEnded: { cut?.isAsked = true },
                traffic: { cycle in
                    Traffic(read: traffic.bytesRead, written: traffic.bytesWritten, dram: device.dram(before: cycle))
                })
            control.attach(account.monitor)
            let design = run.separation.design
            counted =
                run.plan.options.countsToggles
                ? design.nets.indices.map { NetID($0) }.filter { design[$0].isRegister } : []
            isTapped = tap != nil
            let watched = run.separation.watchedVectors
            vectors = watched.isEmpty ? nil : tap.map { VectorLog(watched, window: $0.window) }
            if let vectors { control.attach(vectors) }
        }

        /// Adds what counts of layers and a tap need besides histories.
        func note(in block: ControlBlock) {
            if !counted.isEmpty {
                block.layersEnded = account.monitor.ends.count
                while layerEnds.count < block.layersEnded { layerEnds.append(toggles) }
            }
            guard isTapped else { return }
            block.layerEnds = account.monitor.ends
            block.samples = vectors?.take() ?? []
        }

        /// Toggles of registers so far, as far as control knows them.
        var toggles: [NetID: UInt64] {
            Dictionary(uniqueKeysWithValues: counted.map { ($0, control.toggleCount($0)) })
        }
    }

    /// Runs the program for images, from power-up; nil when interrupted. `progress` gets the fraction done, by the
    /// predicted cycles; `tap` looks at the first image. Throws `Defect` on a deadlock and on a wrong access to memory,
    /// `DataPath.Lost`, what the tap throws.
    package func run(
        _ inputs: [IntegerTensor], threads: Int = 1, tap: RowTap? = nil, interrupted: () -> Bool = { false },
        progress: (Double) -> Void = { _ in }
    ) throws -> Outcome? {
        let ahead = try Ahead(self, tap)
        let workers = max(1, min(threads, inputs.count))
        let sides = try mapParallel(count: workers, workers: workers) { worker in
            try DataSide(self, inputs.enumerated().filter { $0.offset % workers == worker }.map(\.element))
        }.compactMap { $0 }
        if let tap { sides[0].attach(tap) }
        let behind: any Behind = threads > 1 ? Ring(self, sides) : InTurn(self, sides[0])
        let isComplete: Bool
        do {
            isComplete = try runAhead(ahead, behind, interrupted, progress)
        } catch {
            behind.end()
            throw error
        }
        behind.end()
        if let failure = behind.failure { throw failure }
        guard isComplete else { return nil }
        let activity = inputs.indices.map { index in
            plan.options.countsToggles ? layers(sides[index % workers], index / workers, ahead) : []
        }
        return Outcome(
            images: inputs.indices.map { sides[$0 % workers].image($0 / workers) },
            timing: ahead.account.timing(clockMHz: build.clockMHz, cycles: ahead.control.cycle), control: ahead.control,
            activity: activity)
    }

    /// The events of each layer of an image from those of data and control up to the layers' ends; what came after the last
    /// one's end is the last one's.
    private func layers(_ side: DataSide, _ image: Int, _ ahead: Ahead) -> [ActivityCount] {
        let (data, count) = (side.activity(image), build.program.layerEnds.count)
        let known = side.registers
        return (0..<count).map { layer in
            let isLast = layer == count - 1 || layer >= ahead.layerEnds.count
            var result = isLast ? data[data.count - 1] : data[min(layer, data.count - 1)]
            for (net, toggles) in isLast ? ahead.toggles : ahead.layerEnds[layer] where !known.contains(net) {
                result.toggles[net.index] = toggles
            }
            return result
        }.steps
    }

    /// Control from the first step to the last; false when interrupted.
    private func runAhead(
        _ ahead: Ahead, _ behind: any Behind, _ interrupted: () -> Bool, _ progress: (Double) -> Void
    ) throws -> Bool {
        let (accelerator, program, control) = (build.accelerator, build.program, ahead.control)
        let limit = CycleLimit.cycles(program, build.memory)
        let predicted = try build.prediction().arrayCycles
        for step in program.steps {
            switch step {
            case .host(let layer): behind.hostLayer(layer)
            case .array(let streams):
                control.attach(HostStart(streams, accelerator, inputs: control.inputs, cycle: control.cycle))
                var isLast = false
                while !isLast {
                    let block = behind.nextBlock()
                    try control.fill(block, stop: accelerator.ports.done, limit: limit, cut: ahead.cut)
                    if let fault = ahead.traffic.fault { throw Defect("memory fault: \(fault)") }
                    ahead.note(in: block)
                    isLast = block.isLast
                    behind.follow(block)
                    if behind.failure != nil || interrupted() { return false }
                    progress(min(1, Double(control.cycle) / Double(max(1, predicted))))
                    guard isLast || control.cycle < limit else {
                        throw Machine.deadlock(after: control.cycle, program)
                    }
                }
            }
        }
        return true
    }
}

/// One thread's data path and images.
final class DataSide: @unchecked Sendable {
    // Touched by one thread at a time: the one that made it, then the one that runs it, then the first again.
    private let run: StreamRun
    private let path: DataPath
    private let states: [ImageState]
    /// Of each image: counts up to the end of each layer that has ended.
    private var layerEnds: [[ActivityCount]]
    private let counts: Bool

    init(_ run: StreamRun, _ inputs: [IntegerTensor]) throws {
        self.run = run
        let path = try DataPath(run.plan, memory: run.build.accelerator.memory)
        self.path = path
        let program = run.build.program
        states = inputs.map { input in
            let state = path.makeImage(program.memoryWithoutInput)
            state.withMemory { program.write(input, to: Network.inputName, in: $0) }
            return state
        }
        layerEnds = inputs.map { _ in [] }
        counts = run.plan.options.countsToggles
    }

    func attach(_ tap: RowTap) { path.attach(tap) }
    func image(_ index: Int) -> (state: ImageState, path: DataPath) { (states[index], path) }
    func follow(_ block: ControlBlock) throws {
        try path.run(block, states)
        guard counts else { return }
        for index in states.indices {
            while layerEnds[index].count < block.layersEnded { layerEnds[index].append(count(index)) }
        }
    }

    /// Registers of the data path.
    var registers: Set<NetID> { states.first.map { state in Set(path.toggles(of: state).map(\.net)) } ?? [] }

    /// Counts up to the end of each layer that has ended, and up to now.
    func activity(_ index: Int) -> [ActivityCount] { layerEnds[index] + [count(index)] }

    private func count(_ index: Int) -> ActivityCount {
        let design = run.separation.design
        var result = ActivityCount(none: design)
        for (net, toggles) in path.toggles(of: states[index]) { result.toggles[net.index] &+= toggles }
        let places = Dictionary(
            uniqueKeysWithValues: design.memoryCells.enumerated().map { ($0.element.latch, $0.offset) })
        for (memory, reads, writes) in path.accesses {
            guard let place = places[memory] else { continue }
            (result.reads[place], result.writes[place]) = (reads, writes)
        }
        return result
    }

    func hostLayer(_ index: Int) throws {
        for state in states { try run.build.program.compute(index, in: state) }
    }
}

/// What follows control.
private protocol Behind: AnyObject {
    /// The first thing that went wrong.
    var failure: (any Error)? { get }
    /// A block to fill.
    func nextBlock() -> ControlBlock
    /// Runs the data paths through a block that is filled.
    func follow(_ block: ControlBlock)
    /// Computes a layer on the host.
    func hostLayer(_ index: Int)
    /// Waits until everything has followed.
    func end()
}

/// Data paths in the thread of control.
private final class InTurn: Behind {
    private let side: DataSide
    private let block: ControlBlock
    private(set) var failure: (any Error)?

    init(_ run: StreamRun, _ side: DataSide) {
        self.side = side
        block = ControlBlock(
            run.separation.boundary, of: run.separation.design, capacity: run.plan.options.capacity)
    }

    func nextBlock() -> ControlBlock { block }
    func follow(_ block: ControlBlock) { attempt { try side.follow(block) } }
    func hostLayer(_ index: Int) { attempt { try side.hostLayer(index) } }
    func end() {}

    private func attempt(_ body: () throws -> Void) {
        do { try body() } catch { failure = failure ?? error }
    }
}

/// Data paths in threads of their own, a few blocks behind.
private final class Ring: Behind, @unchecked Sendable {
    // Blocks pass from control to all workers and back by the semaphores; the failure has a lock.
    private enum Item: @unchecked Sendable {
        case block(ControlBlock)
        case host(Int)
        case end
    }
    private static let depth = 6
    private let blocks: [ControlBlock]
    private let items = Mutex<[Item]>(Array(repeating: .end, count: Ring.depth))
    private var position = 0
    private let free: [DispatchSemaphore]
    private let full: [DispatchSemaphore]
    private let group = DispatchGroup()
    private let firstFailure = Mutex<(any Error)?>(nil)

    init(_ run: StreamRun, _ sides: [DataSide]) {
        blocks = (0..<Ring.depth).map { _ in
            ControlBlock(run.separation.boundary, of: run.separation.design, capacity: run.plan.options.capacity)
        }
        free = sides.map { _ in DispatchSemaphore(value: 0) }
        full = sides.map { _ in DispatchSemaphore(value: 0) }
        for semaphore in free { for _ in 0..<Ring.depth - 1 { semaphore.signal() } }
        for (worker, side) in sides.enumerated() {
            group.enter()
            let thread = Thread { [self] in
                work(worker, side)
                group.leave()
            }
            thread.stackSize = 8 << 20
            thread.start()
        }
    }

    var failure: (any Error)? { firstFailure.withLock { $0 } }

    private func work(_ worker: Int, _ side: DataSide) {
        var position = 0
        while true {
            full[worker].wait()
            let item = items.withLock { $0[position] }
            if case .end = item { return }
            if failure == nil {
                do {
                    if case .block(let block) = item { try side.follow(block) }
                    if case .host(let layer) = item { try side.hostLayer(layer) }
                } catch {
                    firstFailure.withLock { $0 = $0 ?? error }
                }
            }
            position = (position + 1) % Ring.depth
            free[worker].signal()
        }
    }

    /// A worker may still read the blocks of the items before: one fewer than there are is under way.
    func nextBlock() -> ControlBlock {
        for semaphore in free { semaphore.wait() }
        return blocks[position]
    }

    func follow(_ block: ControlBlock) { hand(.block(block)) }

    func hostLayer(_ index: Int) {
        for semaphore in free { semaphore.wait() }
        hand(.host(index))
    }

    func end() {
        for semaphore in free { semaphore.wait() }
        hand(.end)
        group.wait()
    }

    private func hand(_ item: Item) {
        items.withLock { $0[position] = item }
        position = (position + 1) % Ring.depth
        for semaphore in full { semaphore.signal() }
    }
}

extension CompiledNetwork {
    /// Computes a host layer on the maps in an image's memory and writes its result there.
    func compute(_ index: Int, in image: ImageState) throws {
        try image.withMemory { try compute(index, in: $0) }
    }
}

extension ImageState {
    /// A copy of external memory.
    package var bytes: [UInt8] { withMemory { Array($0) } }
}
