import Accelerator
import Design
import Kernel
import Networks
import TestSupport
import Testing

/// Do the sequencer, loads and stores take the cycles that the predictions count for them?
@Suite struct EngineCycleTests {
    /// Cycles in which nets of 1 bit are high.
    private final class Pulses: Observer {
        let window = 0..<Int.max
        private let nets: [String: NetID]
        private(set) var cycles: [String: [Int]] = [:]

        init(_ design: Design, _ names: [String]) throws {
            nets = try Dictionary(
                uniqueKeysWithValues: names.map { name in
                    let index = design.nets.indices.first { design.path(of: NetID($0)) == "top.\(name)" }
                    return (name, NetID(try #require(index, "no net \(name)")))
                })
        }

        func observe(cycle: Int, _ state: StateView) {
            for (name, net) in nets where state.value(net) != 0 { cycles[name, default: []].append(cycle) }
        }
    }

    /// A pointwise layer of one tile on memory that answers at once: loads of weights, constants and features, one
    /// compute, one store.
    @Test(arguments: [nil, 512])
    func overheadsOfEngines(preActivationDepth: Int?) throws {
        var parameters = AcceleratorParameters(.svpe(weightBits: 4), 1, 4, 4)
        parameters.preActivationDepth = preActivationDepth
        var maker = LayerMaker(parameters.element, activationBits: 16, seed: 9)
        let shape = Shape(channels: 4, height: 5, width: 6)
        let layer = maker.layer("a", shape, .convolution(outputs: 4, groups: 1), Window(kernel: 1))
        let bench = try Bench(parameters, QuantizedNetwork([layer], activationBits: 16)).firstFit()
        let pulses = try Pulses(
            bench.accelerator.design, ["load_begin", "load_finish", "store_begin", "store_finish"])
        let simulation = try bench.simulation(PlanOptions(countsToggles: false, evaluatesEverything: true))
        simulation.attach(pulses)
        #expect(try simulation.run(stop: bench.accelerator.ports.done, limit: 5000) != .limit(cycle: 5000))

        let begins = try #require(pulses.cycles["load_begin"])
        let ends = try #require(pulses.cycles["load_finish"])
        // The start pulse is cycle 0: 1 (running) + 5 + 5 (fetches of the first compute and load) + 1 (current).
        #expect(begins.first == 12 && AcceleratorParameters.startCycles == 12)
        // A word of weights has 4 x 4 codes of 4 bits, 16 in a beat; one of constants 4 x 64 bits, 64 in a beat.
        let loads = zip(begins, ends).map { $1 - $0 + 1 }
        #expect(loads == [1, 4, 5 * 6].map { $0 + parameters.loadOverhead })
        let store = try #require(pulses.cycles["store_begin"]?.first)
        let stored = try #require(pulses.cycles["store_finish"]?.first)
        // begin + beats + 3 (latch, output register, beat) + 2 (acknowledgement, count)
        #expect(stored - store + 1 == 5 * 6 + 6)
        #expect(AcceleratorParameters.storeOverhead == 6)
    }
}
