import Accelerator
import Design
import ExternalMemory
import Machine
import Networks
import TestSupport
import Testing

/// Does a run that computes no data take the same cycles, by the same causes, with the same traffic, layer by layer?
@Suite struct TimingTests {
    static let perBlock = Tools.isLong ? 60 : 9

    /// All elements, sizes, windows, groups, poolings, residuals, tiles, passes and memories, random stalls among them, on
    /// both families, with and without branches and pre-activations.
    @Test(arguments: 0..<4, [false, true])
    func randomNetworks(block: Int, onConvolver: Bool) throws {
        var (stalled, tiled, several, preActivated, run) = (0, 0, 0, 0, 0)
        for index in 0..<Self.perBlock {
            var random = RandomCase(seed: UInt64(5000 + block * Self.perBlock + index))
            if index % 3 == 0 { random = random.withBranches(preActivates: true) }
            guard var here = onConvolver ? random.onConvolver() : random else { continue }
            if index % 3 == 0 { here.parameters.preActivationDepth = 512 }
            let bench = try here.bench()
            try bench.expectSameTiming(here.text)
            run += 1
            stalled += bench.memory.stalls ? 1 : 0
            tiled += bench.compiled.layers.contains { $0.tiles > 1 } ? 1 : 0
            several += bench.accelerator.parameters.pixels > 1 ? 1 : 0
            preActivated += here.network.layers.contains { $0.preActivation != nil } ? 1 : 0
        }
        #expect(min(stalled, tiled, preActivated) > 0 && (onConvolver || several > 0))
        #expect(run >= Self.perBlock / 3)
    }

    /// One and two terms, every width of lane, every kernel of a grid; and no array keeps a part of its data path.
    @Test(arguments: Array(LayerArray.all.enumerated()))
    func randomLayers(index: Int, array: LayerArray) throws {
        let accelerator = try Accelerator(array.parameters)
        expectNoDataPath(accelerator)
        for number in 0..<(Tools.isLong ? 20 : 2) {
            let seed = UInt64(70_000 + index * 100 + number)
            let random = RandomLayer(seed: seed, on: array.parameters)
            guard let bench = try? Bench(accelerator, random.network, seed: seed) else { continue }
            try bench.expectSameTiming(random.text)
        }
    }

    /// Layers of the host between runs of the array: their time counts, and is not spent.
    @Test(arguments: HostLayerTests.Places.allCases, [false, true])
    func layersOfTheHost(places: HostLayerTests.Places, onConvolver: Bool) throws {
        var p = AcceleratorParameters(.svpe(weightBits: 3), onConvolver ? 1 : 2, 2, 4)
        if onConvolver { p.family = .convolver(ConvolverParameters(kernel: 3)) }
        for timing in [MemoryTiming.ideal, MemoryTiming(latency: 9, bytesPerCycle65536: 3 << 16, stallSeed: 5)] {
            let bench = try Bench(p, HostLayerTests.network(places, convolver: onConvolver), timing: timing)
            try bench.expectSameTiming("\(places)")
            #expect(try bench.build.time().perImage.host > 0)
        }
    }

    /// What is left of a Design has no lanes but those of instructions, no multiplier and no block memory.
    private func expectNoDataPath(_ accelerator: Accelerator) {
        let cone = accelerator.timingCone.design
        #expect(cone.cells.count * 4 < accelerator.design.cells.count * 3)
        #expect(cone.nets.count == accelerator.design.nets.count)
        let wrong = cone.cells.first { cell in
            if case .dsp = cell { return true }
            if case .memory = cell { return true }
            return cell.outputs.contains { cone[$0].lanes > 4 }
        }
        #expect(wrong == nil, "\(wrong.map { cone.path(of: $0.outputs[0]) } ?? "") is left")
    }
}

extension Bench {
    /// Runs with data and without, and without weights in memory.
    fileprivate func expectSameTiming(_ text: String) throws {
        let computed = try run().timing
        #expect(computed.perImage.total > 0)
        for engine in MachineOptions.Engine.allCases {
            #expect(try build.time(engine) == computed, "\(engine); \(text)")
        }
        // Tiles depend on the memory; a bench's may have been changed since.
        let options = Build.Options(clockMHz: build.clockMHz)
        let whole = try Build.make(network, on: accelerator, memory: memory, options)
        let bare = try Build.make(
            network, on: accelerator, memory: memory, .init(clockMHz: build.clockMHz, storesWeights: false))
        #expect(try bare.time() == whole.time(), "without weights; \(text)")
    }
}
