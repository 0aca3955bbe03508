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

    /// One lane, one tile: what CycleCauseTests.oneTile counts, and how the sum grows with latency and with fewer bytes.
    @Test func termsOfOneTile() throws {
        let p = AcceleratorParameters(.svpe(weightBits: 3), 1, 1, 1, ifmap: 8192, weights: 512, ofmap: 4096)
        var maker = LayerMaker(.svpe(weightBits: 3), activationBits: 16, seed: 3)
        let shape = Shape(channels: 1, height: 3, width: 4)
        let layer = maker.layer("a", shape, .convolution(outputs: 1, groups: 1), Window(kernel: 1))
        let program = try Bench(p, QuantizedNetwork([layer], activationBits: 16)).firstFit().compiled.program
        func total(latency: Int, bytes: Int?) throws -> Int {
            let clock = ProgramClock(p, latency: latency, bytesPerCycle65536: bytes.map { $0 << 16 })
            return try #require(clock.run(program)).total
        }
        let terms = [
            1, 6 * 5,  // start; fetches: compute, weights, end of compute, constants, store, features
            1, 1, 1 + 12 + 1,  // features move, the load begins; request, beats, write
            1 + 12 + 9,  // the compute begins, steps, drain
            1 + 3 + 12 + 1 + 1,  // the store begins; pipeline, beats, acknowledgement, finish
            1,  // done
        ]
        #expect(try total(latency: 1, bytes: nil) == terms.reduce(0, +))
        // Six fetches, the load of features and the last beat of the store wait longer each.
        #expect(try total(latency: 10, bytes: nil) == terms.reduce(0, +) + (6 + 1 + 1) * 9)
        // A byte a cycle: 16 cycles for each beat of an instruction, 2 for one of the map and of the results.
        let slow = try total(latency: 1, bytes: 1)
        #expect(slow > terms.reduce(0, +) + 6 * 3 * 15 + 10)
        #expect(slow == (try simulated(p, layer, .fixed(latency: 1, bytesPerCycle: 1))))
    }

    private func simulated(
        _ p: AcceleratorParameters, _ layer: QuantizedLayer, _ timing: MemoryTiming
    ) throws -> Int {
        try Bench(p, QuantizedNetwork([layer], activationBits: 16), timing: timing).firstFit().build.time().perImage
            .total
    }

    /// A program whose compute waits for a token that nobody gives has no end, and says so on either way through memory.
    @Test(arguments: [nil, 1 << 16])
    func waitingForEver(bytes: Int?) throws {
        let p = AcceleratorParameters(.svpe(weightBits: 3), 1, 1, 1)
        var compute = Instruction()
        compute[CommonField.opcode] = Opcode.compute.rawValue
        let clock = ProgramClock(p, latency: 3, bytesPerCycle65536: bytes)
        #expect(clock.run([compute])?.total ?? 0 > 0)
        compute[CommonField.popLoad] = 1
        #expect(clock.run([compute]) == nil)
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
