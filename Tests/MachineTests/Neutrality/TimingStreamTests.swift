import Accelerator
import ExternalMemory
import Kernel
import Networks
import Observation
import Schedule
import Streams
import TestSupport
import Testing

@testable import Machine

/// Does the timing cone, over jumps and with a number for its loop nest, take the cycles of the whole machine, by the same
/// causes, with the same traffic?
@Suite struct TimingStreamTests {
    @Test func vectorArrays() throws {
        var (steps, cycles) = (0, 0)
        for seed in UInt64(1)...(Tools.isLong ? 600 : 12) {
            let random = RandomCase(seed: seed)
            let run = try random.bench().expectSameTiming(random.text)
            if !random.memory.stalls { (steps, cycles) = (steps + run.steps, cycles + run.cycles) }
        }
        #expect(steps < cycles * 9 / 10, "\(steps) of \(cycles) cycles were not jumped over")
    }

    @Test func convolvers() throws {
        for seed in UInt64(1)...(Tools.isLong ? 600 : 8) {
            guard let random = RandomCase(seed: seed).onConvolver() else { continue }
            try random.bench().expectSameTiming(random.text)
        }
    }

    @Test func branchesWithPreActivations() throws {
        for seed in UInt64(1)...(Tools.isLong ? 200 : 3) {
            var random = RandomCase(seed: seed).withBranches(preActivates: true)
            random.parameters.preActivationDepth = 512
            try random.bench().expectSameTiming(random.text)
        }
    }

    @Test(arguments: HostLayerTests.Places.allCases)
    func hostLayers(_ places: HostLayerTests.Places) throws {
        for timing in [MemoryTiming.ideal, MemoryTiming(latency: 9, bytesPerCycle65536: 3 << 16, stallSeed: 5)] {
            let p = AcceleratorParameters(.svpe(weightBits: 3), 2, 2, 4)
            try Bench(p, HostLayerTests.network(places), timing: timing).expectSameTiming("\(places)")
        }
    }
}

extension Bench {
    /// Runs the whole plain machine and the timing stream. Returns the cycles and those not jumped over.
    @discardableResult
    fileprivate func expectSameTiming(_ text: String) throws -> (steps: Int, cycles: Int) {
        let machine = try build.machine(with: inputs[0], options: PlanOptions(countsToggles: false))
        let whole = monitor { [machine.memory.bytesRead, machine.memory.bytesWritten] }
        machine.attach(whole.monitor)
        _ = try machine.run()

        let separation = try Separation(accelerator.design, memory: accelerator.memory)
        let traffic = TrafficLog(
            instructions: compiled.instructionBytes, at: compiled.instructionPlace.lowerBound,
            memoryBytes: compiled.memoryBytes)
        let stream = try TimingStream(separation, watching: accelerator.probes.nets)
        stream.attach(memory.device(traffic, interface: accelerator.memory))
        let streamed = monitor { [traffic.bytesRead, traffic.bytesWritten] }
        stream.attach(streamed.monitor)
        for case .array(let streams) in compiled.steps {
            stream.attach(HostPulse(accelerator, streams, inputs: stream.inputs, cycle: stream.cycle))
            let end = try stream.run(stop: accelerator.ports.done, limit: CycleLimit.cycles(compiled, memory))
            guard case .stopped = end else {
                Issue.record("\(end); \(text)")
                break
            }
        }
        #expect(stream.cycle == machine.simulation.cycle && traffic.fault == nil, "\(text)")
        #expect(
            streamed.monitor.causes == whole.monitor.causes && streamed.monitor.ends == whole.monitor.ends, "\(text)")
        #expect(streamed.bytes.values == whole.bytes.values, "\(text)")
        return (stream.steps, stream.cycle)
    }

    private final class Bytes { var values: [[Int]] = [] }

    /// Causes and traffic layer by layer.
    private func monitor(_ bytes: @escaping () -> [Int]) -> (monitor: RunMonitor, bytes: Bytes) {
        let ends = Bytes()
        let monitor = RunMonitor(
            probes: accelerator.probes, layerEnds: compiled.layerEnds,
            layerEnded: { _, _ in ends.values.append(bytes()) })
        return (monitor, ends)
    }
}
