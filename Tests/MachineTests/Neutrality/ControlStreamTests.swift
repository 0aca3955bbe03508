import Accelerator
import ExternalMemory
import Networks
import TestSupport
import Testing

/// Does control, run ahead without data, hand on what the whole machine has: every scalar that data reads, every beat,
/// every toggle, in blocks of any length?
@Suite struct ControlStreamTests {
    static let capacities = [1, 63, 64, 65, 1000, 4096]

    @Test(arguments: NeutralityTests.elements, ControlWay.allCases)
    func blocksOfAnyLength(_ element: ProcessingElement, _ way: ControlWay) throws {
        let control = try StreamedControl(NeutralityTests.bench(element, images: 1), countsToggles: true)
        for capacity in Self.capacities {
            let beats = try control.expectEqual(way, capacities: [capacity], element.name)
            #expect(beats.reads > 100 && beats.writes > 10)
        }
        try control.expectEqual(way, capacities: Self.capacities, element.name)
    }

    /// Vector arrays of every lane, with one and several pixels, many passes, stalls, slow memory.
    @Test(arguments: ControlWay.allCases)
    func vectorArrays(_ way: ControlWay) throws {
        for seed in UInt64(1)...(Tools.isLong ? 400 : 10) {
            let random = RandomCase(seed: seed)
            try StreamedControl(random.bench(), countsToggles: seed % 2 == 0)
                .expectEqual(way, capacities: Self.lengths(seed), random.text)
        }
    }

    @Test(arguments: ControlWay.allCases)
    func convolvers(_ way: ControlWay) throws {
        var run = 0
        for seed in UInt64(1)...(Tools.isLong ? 600 : 12) {
            guard let random = RandomCase(seed: seed).onConvolver() else { continue }
            run += 1
            try StreamedControl(random.bench(), countsToggles: seed % 2 == 0)
                .expectEqual(way, capacities: Self.lengths(seed), random.text)
        }
        #expect(run > 2)
        for one in ConvolverCase.all.enumerated() where Tools.isLong || one.offset % 16 == 3 {
            try StreamedControl(one.element.bench(), countsToggles: true)
                .expectEqual(way, capacities: [500], one.element.testDescription)
        }
    }

    /// A shift register in the data path, joined tensors, filters of two terms.
    @Test(arguments: ControlWay.allCases)
    func preActivations(_ way: ControlWay) throws {
        for seed in UInt64(1)...(Tools.isLong ? 100 : 6) {
            var random = RandomCase(seed: seed).withBranches(preActivates: true)
            random.parameters.preActivationDepth = 512
            if random.parameters.element.kind.mostTerms > 1, random.parameters.element.weightBits > 1 {
                random.parameters.terms = 2
            }
            try StreamedControl(random.bench(), countsToggles: true)
                .expectEqual(way, capacities: Self.lengths(seed), random.text)
        }
    }

    /// The array stops for the host and is started again.
    @Test(arguments: ControlWay.allCases, [1, 64, 1000])
    func hostLayers(_ way: ControlWay, capacity: Int) throws {
        for timing in [MemoryTiming.ideal, MemoryTiming(latency: 9, bytesPerCycle65536: 3 << 16, stallSeed: 5)] {
            let p = AcceleratorParameters(.svpe(weightBits: 3), 2, 2, 4)
            let bench = try Bench(p, HostLayerTests.network(.twoInTurn), timing: timing)
            let control = try StreamedControl(bench, countsToggles: true)
            #expect(control.whole.stops.count == 2)
            try control.expectEqual(way, capacities: [capacity], "host layers")
        }
    }

    /// Lengths of blocks that a seed is tried with.
    private static func lengths(_ seed: UInt64) -> [Int] {
        let all = [1000, 64, 4096, 7, 65, 512]
        return Array((all + all)[Int(seed % 6)..<Int(seed % 6) + 3])
    }
}
