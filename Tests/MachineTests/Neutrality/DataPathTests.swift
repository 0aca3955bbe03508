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
    static let ways: [DataWay] = [
        DataWay(), DataWay(level: .swift), DataWay(countsToggles: true, capacity: 200),
        DataWay(countsToggles: true, level: .swift, capacity: 65), DataWay(capacity: 1),
        DataWay(level: .c(0), capacity: 63), DataWay(capacity: 64), DataWay(capacity: 4096),
    ]

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
        for seed in UInt64(1)...(Tools.isLong ? 500 : 24) {
            let random = RandomCase(seed: seed)
            try StreamedData(random.bench(), random.text).expectEqual(Self.ways[Int(seed) % Self.ways.count])
        }
    }

    @Test func convolvers() throws {
        var run = 0
        for seed in UInt64(1)...(Tools.isLong ? 600 : 24) {
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

    /// The array stops for the host and is started again.
    @Test func hostLayers() throws {
        for timing in [MemoryTiming.ideal, MemoryTiming(latency: 9, bytesPerCycle65536: 3 << 16, stallSeed: 5)] {
            let p = AcceleratorParameters(.svpe(weightBits: 3), 2, 2, 4)
            let bench = try Bench(p, HostLayerTests.network(.twoInTurn), timing: timing)
            for way in Self.ways { try StreamedData(bench, "host layers").expectEqual(way) }
        }
    }

    /// Every array of the property tests finds its sum of products, but for convolvers that choose between taps.
    @Test func sumsAreFound() throws {
        for array in LayerArray.all {
            let accelerator = try Accelerator(array.parameters)
            let separation = try Separation(accelerator.design, memory: accelerator.memory)
            let path = try DataPath(
                separation, beat: accelerator.memory.beat, options: .init(countsToggles: false, capacity: 64))
            let chooses = (array.parameters.convolver?.taps.count ?? 1) > 1
            #expect(path.fusedSums == (chooses ? 0 : 1), "\(array)")
        }
    }
}
