import Accelerator
import ExternalMemory
import Networks
import ReferenceModel
import Support
import TestSupport
import Testing

@testable import Diagnostics
@testable import Machine
@testable import Schedule

/// Is there a better schedule than the one that is chosen, and do layers that overlap wait for what they need?
@Suite struct ScheduleSearchTests {
    /// A small layer, an array with small buffers and a memory.
    struct Case {
        var parameters: AcceleratorParameters
        var random: RandomLayer
        var timing: MemoryTiming

        init(seed: UInt64) {
            var generator = SeededGenerator(seed: seed &+ 7_000)
            let arrays = LayerArray.all
            parameters = arrays[Int.random(in: 0..<arrays.count, using: &generator)].parameters
            parameters.ifmapDepth = [64, 128, 256, 512].randomElement(using: &generator)!
            parameters.weightDepth = [32, 64, 128, 512].randomElement(using: &generator)!
            parameters.ofmapDepth = [16, 32, 128].randomElement(using: &generator)!
            random = RandomLayer(seed: seed, on: parameters)
            let memories: [MemoryTiming] = [
                .ideal, .fixed(latency: 40, bytesPerCycle: 32), .fixed(latency: 9, bytesPerCycle: 5.5),
            ]
            timing = memories.randomElement(using: &generator)!
        }

        var options: ScheduleOptions {
            ScheduleOptions(memory: .init(latency: timing.latency, bytesPerCycle65536: timing.bytesPerCycle65536))
        }

        func time(_ program: CompiledNetwork, on accelerator: Accelerator) throws -> RunTiming {
            try Build(accelerator, random.network, program, .simple(timing), 200).time()
        }
    }

    static let cases = Tools.isLong ? 200 : 24

    /// Every tiling of the space of a layer of one part, simulated: none costs less, in cycles and in traffic by their
    /// weights, than the one that the scheduler has chosen.
    @Test func noneOfTheSpaceIsBetter() throws {
        var (looked, widest) = (0, 0)
        var seed: UInt64 = 0
        while looked < Self.cases {
            seed += 1
            let item = Case(seed: seed)
            let (network, p) = (item.random.network, item.parameters)
            guard let parts = try? Scheduler.lastParts(of: network, for: p, options: item.options), parts.count == 1
            else { continue }
            let space = TileShape.space(parts[0].shape, p)
            guard space.count > 1 else { continue }
            (looked, widest) = (looked + 1, max(widest, space.count))
            let accelerator = try Accelerator(p)
            func cost(_ program: CompiledNetwork) throws -> ScheduleCost {
                let run = try item.time(program, on: accelerator)
                // Instructions come from memory, too.
                let moved = run.readBytes + run.writtenBytes - program.program.count * Instruction.bytes
                return ScheduleCost(cycles: run.perImage.total, bytes: moved)
            }
            let best = try cost(try Scheduler.compile(network, for: p, options: item.options))
            for tile in space {
                let other = try cost(try Scheduler.compile(network, for: p, options: item.options, tile: tile))
                #expect(other >= best, "\(tile) takes \(other) beside \(best); \(item.random.text)")
            }
        }
        #expect(widest > 20, "spaces are wide")
    }

    /// Rows of 2 x 40 tiles: the stores of the first layer give the second's loads as many tokens as it has tiles, were it
    /// not for their counters of 4 bits. Results are right and the second layer begins before the first has ended.
    @Test func layersOverlapBeyondTheCounters() throws {
        let element = ProcessingElement.svpe(weightBits: 3)
        var p = AcceleratorParameters(element, 1, 4, 4, activationBits: 8, ifmap: 64, weights: 64, ofmap: 16)
        p.constantDepth = 16
        var maker = LayerMaker(element, activationBits: 8, seed: 3)
        let shape = Shape(channels: 4, height: 80, width: 8)
        let first = maker.layer("a", shape, .convolution(outputs: 4, groups: 1), Window(kernel: 1, pad: 0))
        var second = maker.layer("b", shape, .convolution(outputs: 4, groups: 1), Window(kernel: 1, pad: 0))
        second.input = "a"
        let network = QuantizedNetwork([first, second], activationBits: 8)
        let timing = MemoryTiming.fixed(latency: 30, bytesPerCycle: 8)
        var totals: [ScheduleOptions.Search: Int] = [:]
        for search in ScheduleOptions.Search.allCases {
            let accelerator = try Accelerator(p)
            let build = try Build.make(network, on: accelerator, memory: .simple(timing), .init(search: search))
            #expect(build.program.layers.allSatisfy { $0.tiles >= 40 })
            var generator = SeededGenerator(seed: 5)
            let input = IntegerTensor.random(network.input, bits: 8, &generator)
            let run = try build.run([input], options: MachineOptions(countsToggles: false))
            #expect(try ReferenceModel.infer(network, input: input) == run.outputs[0])
            totals[search] = run.perImage.total
        }
        // First-fit waits for the last store once more; the tiles are as small in both.
        #expect(totals[.optimal]! < totals[.firstFit]!, "\(totals)")
    }

    /// Random networks of several layers, simulated: none takes longer than with first-fit's tiles, and most take less.
    @Test func noNetworkIsSlower() throws {
        var (faster, compared) = (0, 0)
        for seed in UInt64(1)...(Tools.isLong ? 400 : 60) {
            let bench = try RandomCase(seed: seed).bench()
            guard case .simple(let timing) = bench.memory, timing.stallSeed == nil else { continue }
            let best = try Build.make(bench.network, on: bench.accelerator, memory: bench.memory)
            // First-fit wants half of each buffer.
            guard let usual = try? bench.firstFit().build else { continue }
            let (total, other) = (try best.time().perImage.total, try usual.time().perImage.total)
            #expect(total <= other, "seed \(seed)")
            (faster, compared) = (faster + (total < other ? 1 : 0), compared + 1)
        }
        #expect(compared > 10 && 2 * faster > compared, "\(faster) of \(compared)")
    }

    /// Where first-fit finds tiles, the space has some that are as large.
    @Test func theSpaceReachesFirstFit() throws {
        for seed in UInt64(1)...40 {
            let item = Case(seed: seed)
            let (network, p) = (item.random.network, item.parameters)
            guard let parts = try? Scheduler.lastParts(of: network, for: p, options: item.options), parts.count == 1,
                let first = try? TileShape.choose(parts[0].shape, p, name: "a")
            else { continue }
            let space = TileShape.space(parts[0].shape, p)
            #expect(space.contains { $0.rows >= first.rows && $0.groups >= first.groups }, "\(item.random.text)")
        }
    }
}
