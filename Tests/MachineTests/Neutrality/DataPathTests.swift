import Accelerator
import ExternalMemory
import Networks
import Streams
import TestSupport
import Testing

@testable import Machine

/// Does the data path, run a block at a time behind control, hold in every register and byte of memory what the plain
/// machine holds, for every array, in blocks of any length, with every kernel, for several images at once?
@Suite struct DataPathTests {
    /// Blocks of one cycle, around words of 64 cycles, longer than a layer; C and Swift; with and without toggles.
    static let ways: [DataWay] =
        [
            DataWay(), DataWay(level: .swift), DataWay(countsToggles: true, capacity: 200),
            DataWay(countsToggles: true, level: .swift, capacity: 65), DataWay(capacity: 1),
            DataWay(level: .c(0), capacity: 63), DataWay(capacity: 64), DataWay(capacity: 4096),
        ] + RowLevel.available.flatMap { [DataWay(level: $0.value), DataWay(countsToggles: true, level: $0.value)] }

    @Test(arguments: NeutralityTests.elements)
    func everyWay(_ element: ProcessingElement) throws {
        let data = try StreamedData(NeutralityTests.bench(element, images: 2), element.name)
        for way in Self.ways {
            let compared = try data.expectEqual(way)
            #expect(compared.registers > 20 && compared.sums == (way.countsToggles ? 0 : 1), "\(way)")
        }
    }

    /// Vector arrays of every lane, with one and several pixels, many passes, stalls, slow memory.
    @Test func vectorArrays() throws {
        // In the last two no sum is fused, since there is one input alone: stages run though nobody counts.
        for seed in Array(UInt64(1)...(Tools.isLong ? 500 : 24)) + [160, 396] {
            let random = RandomCase(seed: seed)
            try StreamedData(random.bench(), random.text).expectEqual(Self.ways[Int(seed) % Self.ways.count])
        }
    }

    @Test func convolvers() throws {
        var run = 0
        // In the last three the pipeline pauses: its enables end one after the other, and a sum's way leads over them all.
        for seed in Array(UInt64(1)...(Tools.isLong ? 600 : 24)) + [40, 214, 244] {
            guard let random = RandomCase(seed: seed).onConvolver() else { continue }
            run += 1
            try StreamedData(random.bench(), random.text).expectEqual(Self.ways[Int(seed) % Self.ways.count])
        }
        #expect(run > 5)
        for one in ConvolverCase.all.enumerated() where Tools.isLong || one.offset % 8 == 3 {
            let data = try StreamedData(one.element.bench(), one.element.testDescription)
            try data.expectEqual(Self.ways[one.offset / 8 % Self.ways.count])
        }
    }

    /// A shift register in the data path, joined tensors, filters of two terms.
    @Test func preActivations() throws {
        for seed in UInt64(1)...(Tools.isLong ? 100 : 8) {
            var random = RandomCase(seed: seed).withBranches(preActivates: true)
            random.parameters.preActivationDepth = 512
            if random.parameters.element.kind.mostTerms > 1, random.parameters.element.weightBits > 1 {
                random.parameters.terms = 2
            }
            try StreamedData(random.bench(), random.text).expectEqual(Self.ways[Int(seed) % Self.ways.count])
        }
    }

    /// Sums above 32 bits have weights in two planes, of which each term of a convolver's weights takes its own part.
    @Test(arguments: [4, 5], [1, 2])
    func wideSums(weightBits: Int, terms: Int) throws {
        for isConvolver in [true, false] {
            var parameters = AcceleratorParameters(
                .svpe(weightBits: weightBits), 1, isConvolver ? 32 : 12, 6, ifmap: 2048, weights: 4096, ofmap: 1024,
                terms: terms)
            if isConvolver {
                parameters.family = .convolver(
                    ConvolverParameters(kernel: 3, taps: [], rowLength: 64, columnAdders: .lut, psumDepth: 512))
            }
            let accelerator = try Accelerator(parameters)
            var run = 0
            for seed in UInt64(1)...6 {
                let random = RandomLayer(seed: seed, on: parameters)
                guard let bench = try? Bench(accelerator, random.network, images: 2, seed: seed) else { continue }
                let data = try StreamedData(bench, "\(random.text), seed \(seed)")
                let compared = try data.expectEqual(Self.ways[run % Self.ways.count])
                #expect(compared.sums == (Self.ways[run % Self.ways.count].countsToggles ? 0 : 1))
                run += 1
            }
            #expect(run > 1)
        }
    }

    /// Sixteen and more outputs that share an activation run in place by the widest vectors, whatever a lane is made of.
    @Test(arguments: [(1, 16, 16), (2, 8, 16), (1, 5, 16), (1, 4, 32)])
    func wideProducts(pixels: Int, inputs: Int, outputs: Int) throws {
        let elements: [ProcessingElement] = [
            .svpe(weightBits: 3), .svpe(weightBits: 5), .vpe(weightBits: 8), .vpe(weightBits: 16),
        ]
        for (index, element) in elements.enumerated() {
            var parameters = AcceleratorParameters(
                element, pixels, inputs, outputs, activationBits: index % 2 == 0 ? 8 : 16, ifmap: 4096, weights: 8192,
                ofmap: 2048)
            parameters.family = .dilating
            let accelerator = try Accelerator(parameters)
            let random = RandomLayer(seed: UInt64(index), on: parameters)
            let bench = try Bench(accelerator, random.network, images: 1, seed: 1)
            let data = try StreamedData(bench, "\(element.name) \(element.weightBits): \(random.text)")
            for level in RowLevel.available { try data.expectEqual(DataWay(countsToggles: true, level: level.value)) }
        }
    }

    /// Layers that follow each other within a block: what one writes the next one reads.
    @Test(arguments: NeutralityTests.elements)
    func rereadBeats(_ element: ProcessingElement) throws {
        let data = try StreamedData(NeutralityTests.bench(element, images: 2), element.name)
        for counts in [false, true] {
            let compared = try data.expectEqual(DataWay(countsToggles: counts, capacity: 8192))
            #expect(compared.rereads > 0)
        }
    }

    /// The array stops for the host and is started again.
    @Test func hostLayers() throws {
        for timing in [MemoryTiming.ideal, MemoryTiming(latency: 9, bytesPerCycle65536: 3 << 16, stallSeed: 5)] {
            let p = AcceleratorParameters(.svpe(weightBits: 3), 2, 2, 4)
            let bench = try Bench(p, HostLayerTests.network(.twoInTurn), timing: timing)
            for way in Self.ways { try StreamedData(bench, "host layers").expectEqual(way) }
        }
    }

    /// Every array of the property tests finds its sum of products, but for convolvers that choose between taps, and for
    /// long chains in LUTs, whose widths suffice only by the count of their products.
    @Test func sumsAreFound() throws {
        for array in LayerArray.all {
            let accelerator = try Accelerator(array.parameters)
            let separation = try Separation(accelerator.design, memory: accelerator.memory)
            let plan = try DataPath.Plan(separation, options: .init(countsToggles: false, capacity: 64))
            let path = try DataPath(plan, memory: accelerator.memory)
            let chooses = (array.parameters.convolver?.taps.count ?? 1) > 1
            let isLong = (array.parameters.convolver?.kernel ?? 1) > 3 && array.parameters.element.kind == .svpe
            #expect(path.fusedSums == (chooses || isLong ? 0 : 1), "\(array)")
        }
    }

    /// Where toggles are counted, products whose lanes fill vectors run in place, and are no stages without the kernels.
    @Test func productsRunInPlace() throws {
        let arrays = try LayerArray.all.map { try Accelerator($0.parameters) }
        var found = 0
        for accelerator in arrays {
            let separation = try Separation(accelerator.design, memory: accelerator.memory)
            func path(_ level: RowLevel) throws -> DataPath {
                let options = DataPath.Options(countsToggles: true, capacity: 64, level: level)
                return try DataPath(DataPath.Plan(separation, options: options), memory: accelerator.memory)
            }
            #expect(try path(.swift).registersInPlace == 0)
            if case .c(1...) = RowLevel.best, try path(.best).registersInPlace > 1 { found += 1 }
        }
        // Most of these arrays are too narrow: four outputs share an activation, and rows are whole vectors.
        if case .c(1...) = RowLevel.best { #expect(found > 1, "\(found) of \(arrays.count)") }
    }
}
