import Accelerator
import ExternalMemory
import Machine
import Networks
import Schedule
import Support
import TestSupport
import Testing

/// Does the clock of programs tell every cycle of a simulation, layer by layer, without it?
@Suite struct ProgramClockTests {
    /// Bandwidths of part of a beat up to all that ports can move, odd ones among them; latencies of a queue and more.
    private static func timing(_ seed: UInt64) -> MemoryTiming {
        var random = SeededGenerator(seed: seed ^ 0xC10C)
        guard seed % 5 != 0 else { return .ideal }
        let latency = RandomCase.pick([1, 2, 3, Int.random(in: 4...60, using: &random), 300], &random)
        let bytes = Int.random(in: 1 << 14...(RandomCase.pick([4, 24, 64], &random) << 16), using: &random)
        return MemoryTiming(
            latency: latency, bytesPerCycle65536: seed % 5 == 1 ? nil : bytes, stallSeed: nil)
    }

    @Test func vectorArrays() throws {
        for seed in UInt64(1)...(Tools.isLong ? 600 : 40) {
            let random = RandomCase(seed: seed)
            var bench = try random.bench()
            bench.memory = .simple(Self.timing(seed))
            try bench.expectSameCycles(random.text)
        }
    }

    @Test func convolvers() throws {
        var run = 0
        for seed in UInt64(1)...(Tools.isLong ? 600 : 40) {
            guard let random = RandomCase(seed: seed).onConvolver() else { continue }
            var bench = try random.bench()
            bench.memory = .simple(Self.timing(seed))
            try bench.expectSameCycles(random.text)
            run += 1
        }
        #expect(run >= 10)
    }

    @Test func branchesWithPreActivations() throws {
        for seed in UInt64(1)...(Tools.isLong ? 200 : 15) {
            var random = RandomCase(seed: seed).withBranches(preActivates: true)
            random.parameters.preActivationDepth = 512
            var bench = try random.bench()
            bench.memory = .simple(Self.timing(seed))
            try bench.expectSameCycles(random.text)
        }
    }

    @Test(arguments: HostLayerTests.Places.allCases, [false, true])
    func hostLayers(places: HostLayerTests.Places, onConvolver: Bool) throws {
        var p = AcceleratorParameters(.svpe(weightBits: 3), onConvolver ? 1 : 2, 2, 4)
        if onConvolver { p.family = .convolver(ConvolverParameters(kernel: 3)) }
        for seed in UInt64(0)..<6 {
            try Bench(p, HostLayerTests.network(places, convolver: onConvolver), timing: Self.timing(seed))
                .expectSameCycles("\(places)")
        }
    }
}

extension Bench {
    /// Compares the clock's cycles to those of mode timing.
    fileprivate func expectSameCycles(_ text: String) throws {
        guard case .simple(let timing) = memory else {
            Issue.record("ports; \(text)")
            return
        }
        let clock = ProgramClock(
            accelerator.parameters, latency: timing.latency, bytesPerCycle65536: timing.bytesPerCycle65536)
        let predicted = try #require(compiled.predictedTiming(clock), "\(text)")
        let simulated = try build.time()
        let host = simulated.layers.reduce(0) { $0 + $1.counts.host }
        #expect(predicted.total + host == simulated.perImage.total, "\(timing); \(text)")
        #expect(predicted.layers.count == simulated.layers.count)
        var hostBefore = 0
        for (range, layer) in zip(predicted.layers, simulated.layers) {
            #expect(range.lowerBound + hostBefore == layer.startCycle, "\(layer.name); \(timing); \(text)")
            hostBefore += layer.counts.host
            #expect(range.upperBound + hostBefore == layer.endCycle, "\(layer.name); \(timing); \(text)")
        }
    }
}
