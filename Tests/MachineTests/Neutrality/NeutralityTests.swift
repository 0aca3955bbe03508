import Accelerator
import Design
import Kernel
import Networks
import Observation
import Streams
import Synchronization
import TestSupport
import Testing
import Waveforms

@testable import Machine

/// Do observers, modes, threads and the kernel's skipping leave outputs, cycles and toggles as they are?
@Suite struct NeutralityTests {
    static let elements: [ProcessingElement] = [.svpe(weightBits: 3), .vpe(weightBits: 8)]

    /// Convolution, residual and pooling in several tiles, with stalls.
    static func bench(_ element: ProcessingElement, images: Int = 3) throws -> Bench {
        var maker = LayerMaker(element, activationBits: 8, seed: 5)
        let shape = Shape(channels: 6, height: 8, width: 9)
        let first = maker.layer(
            "a", shape, .convolution(outputs: 6, groups: 1), Window(kernel: 3, pad: 1), residual: Network.inputName)
        let second = maker.layer("b", from: "a", shape, .maxPool, Window(kernel: 2, stride: 2))
        let third = maker.layer(
            "c", from: "b", second.outputShape, .convolution(outputs: 5, groups: 1), Window(kernel: 1), relu: true)
        let parameters = AcceleratorParameters(
            element, 2, 4, 4, activationBits: 8, ifmap: 256, weights: 128, ofmap: 64)
        return try Bench(
            parameters, QuantizedNetwork([first, second, third], activationBits: 8), images: images,
            timing: .init(latency: 4, bytesPerCycle65536: 8 << 16, stallSeed: 11))
    }

    @Test(arguments: elements)
    func modesAndThreads(_ element: ProcessingElement) throws {
        let bench = try Self.bench(element)
        let scratch = try Scratch()
        let functional = try bench.run(keepsTensors: true)
        let full = try bench.run(toggles: true, keepsTensors: true)
        let parallel = try bench.run(toggles: true, threads: 2, keepsTensors: true)
        // A trace makes the kernel evaluate every net in every cycle.
        let request = TraceRequest(path: scratch.path("run.fst"), clockMHz: 200)
        let traced = try bench.run(toggles: true, threads: 2, trace: request, keepsTensors: true)
        #expect(bench.compiled.layers.contains { $0.tiles > 1 })
        for other in [full, parallel, traced] {
            #expect(other.outputs == functional.outputs)
            #expect(other.tensors == functional.tensors)
            #expect(other.perImage == functional.perImage)
            #expect(other.layers == functional.layers)
            #expect(other.readBytes == functional.readBytes && other.writtenBytes == functional.writtenBytes)
            #expect(other.laneUpdates == functional.laneUpdates)
            #expect(other.toggles == full.toggles && other.togglesTotal == full.togglesTotal)
        }
        #expect(functional.togglesTotal == 0 && full.togglesTotal > 0)
        #expect(traced.tracedSignals > 0 && full.tracedSignals == 0)
    }

    /// Both engines, on one to three threads, whether control has layers or not: all that a run yields is the same.
    @Test(arguments: elements, [false, true])
    func engines(_ element: ProcessingElement, counts: Bool) throws {
        let bench = try Self.bench(element, images: 5)
        var options = MachineOptions(countsToggles: counts, keepsTensors: true)
        options.engine = .plain
        let plain = try bench.build.run(bench.inputs, options: options)
        options.engine = .streams
        for threads in 1...3 {
            options.threads = threads
            let streams = try bench.build.run(bench.inputs, options: options)
            #expect(streams.plainKernelReason == nil)
            #expect(streams.outputs == plain.outputs && streams.tensors == plain.tensors, "\(threads)")
            #expect(streams.timing == plain.timing && streams.laneUpdates == plain.laneUpdates, "\(threads)")
            #expect(streams.toggles == plain.toggles && streams.finishedImages == 5, "\(threads)")
            #expect(streams.activity == plain.activity && streams.activity.isEmpty != counts, "\(threads)")
        }
    }

    /// More images than run behind one control; an interruption keeps those of groups that were finished.
    @Test func groupsOfImages() throws {
        let bench = try Self.bench(.svpe(weightBits: 3), images: 35)
        let group = try StreamRun(bench.build, countsToggles: false).imagesAtOnce(threads: 1)
        #expect((2..<35).contains(group))
        var options = MachineOptions(countsToggles: false)
        options.engine = .plain
        let plain = try bench.build.run(bench.inputs, options: options)
        options.engine = .streams
        let streams = try bench.build.run(bench.inputs, options: options)
        #expect(streams.outputs == plain.outputs && streams.timing == plain.timing)
        // Asked once a block, of which a run has as many as this.
        let blocks = (plain.perImage.total + StreamRun.blockCycles - 1) / StreamRun.blockCycles
        let asked = Atomic<Int>(0)
        let partial = try bench.build.run(
            bench.inputs, options: options,
            interrupted: {
                asked.add(1, ordering: .relaxed).newValue > blocks + 1
            })
        #expect(partial.finishedImages == group)
        #expect(partial.outputs == Array(plain.outputs[..<group]))
    }

    /// Each image alone has the toggles and outputs that it has among others, in any order.
    @Test(arguments: elements)
    func imagesDoNotInfluenceEachOther(_ element: ProcessingElement) throws {
        var bench = try Self.bench(element)
        let together = try bench.run(toggles: true, threads: 2)
        let images = bench.inputs
        var outputs: [IntegerTensor] = []
        var toggles: UInt64 = 0
        for image in images.reversed() {
            bench.inputs = [image]
            let alone = try bench.run(toggles: true)
            outputs.insert(alone.outputs[0], at: 0)
            toggles += alone.togglesTotal
            #expect(alone.perImage == together.perImage)
        }
        #expect(outputs == together.outputs)
        #expect(toggles == together.togglesTotal)
    }

    /// Every net has the same value in every cycle whether or not the kernel skips what cannot change.
    @Test(arguments: elements)
    func skippingChangesNoRegister(_ element: ProcessingElement) throws {
        let bench = try Self.bench(element, images: 1)
        let fast = try bench.simulation(PlanOptions(countsToggles: false))
        let plain = try bench.simulation(PlanOptions(countsToggles: true, evaluatesEverything: true))
        let design = bench.accelerator.design
        let registers = design.nets.indices.map { NetID($0) }.filter { design[$0].isRegister }
        let cycles = try bench.run().perImage.total
        for cycle in 0..<min(cycles, 3000) {
            try fast.step()
            try plain.step()
            let wrong = registers.first { id in
                (0..<design[id].lanes).contains {
                    fast.state.value(id, lane: $0) != plain.state.value(id, lane: $0)
                }
            }
            try #require(wrong == nil, "\(wrong.map { design.path(of: $0) } ?? "") differs after cycle \(cycle)")
        }
    }

    /// The kernel's count of a register is that of the bits that change in the waveform of the same run.
    @Test(arguments: elements)
    func togglesAreThoseOfTheWaveform(_ element: ProcessingElement) throws {
        let bench = try Self.bench(element, images: 1)
        let design = bench.accelerator.design
        let scratch = try Scratch()
        let simulation = try bench.simulation(PlanOptions(countsToggles: true, evaluatesEverything: true))
        let signals = try TraceSignals(design, taps: .everything)
        let path = scratch.path("run.vcd")
        let recorder = try TraceRecorder(
            path: path, signals: signals, times: CycleTimes(picoseconds: 1000), window: 0..<Int.max)
        simulation.attach(recorder)
        for _ in 0..<900 { try simulation.step() }
        let counted = design.nets.indices.map { simulation.toggleCount(NetID($0)) }
        // What the last of these edges did stands in the cycle after it.
        try simulation.step()
        try recorder.close()
        let seen = try Self.togglesByPath(of: path)
        var compared = 0
        var sum: UInt64 = 0
        for (index, net) in design.nets.enumerated() where net.role == .register || net.role == .primitiveRegister {
            let id = NetID(index)
            let toggles = try (0..<net.lanes).reduce(UInt64(0)) { sum, lane in
                sum + (try #require(seen[design.path(of: id, lane: lane)]))
            }
            #expect(toggles == counted[index], "\(design.path(of: id))")
            compared += 1
            sum += toggles
        }
        #expect(compared > 50 && sum > 10_000)
    }

    /// Bits that change after the first value, by signal.
    private static func togglesByPath(of path: String) throws -> [String: UInt64] {
        let file = try TraceFile.open(path)
        var last = [[UInt64]?](repeating: nil, count: file.signals.count)
        var toggles = [UInt64](repeating: 0, count: file.signals.count)
        try file.forEachChange { change in
            let words = Array(change.words)
            if let before = last[change.signal] {
                for (old, new) in zip(before, words) { toggles[change.signal] += UInt64((old ^ new).nonzeroBitCount) }
            }
            last[change.signal] = words
        }
        var result: [String: UInt64] = [:]
        for signal in file.signals { result[signal.path] = toggles[signal.source] }
        return result
    }
}
