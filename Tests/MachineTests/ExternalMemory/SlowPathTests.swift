import Accelerator
import ExternalMemory
import Machine
import Networks
import TestSupport
import Testing

/// What do a longer way to the DRAM, a slower clock of the ports and fewer ports cost a layer that is bound by memory, and
/// one that is not?
@Suite struct SlowPathTests {
    /// A ZCU102 with a core of 200 MHz.
    static func run(_ bench: Bench, _ change: Change) throws -> MachineResult {
        let clocks = Array(repeating: change.portMHz * 1000, count: change.ports)
        var system = PSMemorySettings.zcu102(ports: clocks, places: Array([0, 1, 3, 2].prefix(change.ports)))
        system.path.forwardClocks *= change.path
        system.path.returnClocks *= change.path
        var bench = bench
        bench.memory = .ports(
            PortSettings(ports: change.ports, coreKHz: 200_000, portKHz: change.portMHz * 1000),
            .processingSystem(system))
        return try bench.run()
    }

    static func fullyConnected() throws -> Bench {
        var maker = LayerMaker(.vpe(weightBits: 16), activationBits: 16, seed: 5)
        let shape = Shape(channels: 512, height: 1, width: 1)
        let layer = maker.layer("fc", shape, .convolution(outputs: 512, groups: 1), Window(kernel: 1))
        return try Bench(
            AcceleratorParameters(.vpe(weightBits: 16), 1, 32, 32), QuantizedNetwork([layer], activationBits: 16)
        ).firstFit()
    }

    static func convolution() throws -> Bench {
        var maker = LayerMaker(.vpe(weightBits: 8), activationBits: 16, seed: 5)
        let shape = Shape(channels: 16, height: 16, width: 16)
        let layer = maker.layer("conv", shape, .convolution(outputs: 16, groups: 1), Window(kernel: 3, pad: 1))
        return try Bench(
            AcceleratorParameters(.vpe(weightBits: 8), 1, 4, 4, ifmap: 512, weights: 512, ofmap: 256),
            QuantizedNetwork([layer], activationBits: 16)
        ).firstFit()
    }

    /// How a board differs from four ports in the core's clock.
    struct Change: CustomTestStringConvertible, Sendable {
        var ports = 4
        var portMHz = 200
        var path = 1
        var testDescription: String { "\(ports) ports at \(portMHz) MHz, \(path) times the way" }

        static let all = [
            Change(), Change(ports: 1), Change(portMHz: 100), Change(ports: 1, portMHz: 100), Change(path: 10),
            Change(ports: 1, path: 10),
        ]

        /// Edges of the ports' clock from AR to the first beat of R, rows open: 4 into the PS, 28 + 29 controller clocks of
        /// two DRAM clocks each on the way, CL 15 and half a burst of 8, 4 edges out.
        var answerEdges: Int { 8 + ((2 * 57 * path + 15 + 4) * portMHz * 1000 + 1_066_499) / 1_066_500 }

        /// Bytes that all ports bring in an edge at most: a beat each. And no more than eight bursts of 256 bytes per
        /// port, the PS' limit, between the AR of one and the end of its data, 15 edges behind its first beat.
        var bytesPerEdge: Double { Double(ports) * min(16, 8 * 256 / Double(answerEdges + 15)) }

        /// What one answer takes, in cycles of the core: beside it, in edges of the ports, two flip-flops and AR.
        var answerCycles: Double { Double(answerEdges + 3) * 200 / Double(portMHz) }
    }

    /// A fully connected layer of 512 x 512 weights of 16 bits uses each once; its beats are 64 bytes. So it takes what
    /// the ports take for its bytes:
    ///
    ///     4 ports at 200 MHz   64 bytes a cycle       4 ports at 100 MHz   32 bytes a cycle
    ///     1 port  at 200 MHz   16                     1 port  at 100 MHz    8
    ///     10 times the way: an answer is 226 edges, 2 KiB in 241: 8.5 bytes a port and cycle, 34 with four, 8.5 with one
    ///
    /// What may come on top: refresh, 276 of 8,192 DRAM clocks; nothing hides the answers of the first instruction, of the
    /// three loads' first beats, of an instruction more and of the store; and what the array does: 256 steps.
    @Test(arguments: Change.all)
    func aMemoryBoundLayerFollowsThePorts(change: Change) throws {
        let bench = try Self.fullyConnected()
        let plan = bench.compiled.layers[0]
        try #require(plan.loads == 3 && plan.stores == 1 && plan.computeCycles == 273)
        let run = try Self.run(bench, change)
        let transfer = Double(run.readBytes) / change.bytesPerEdge * 200 / Double(change.portMHz)
        let most = transfer * (1 + 276.0 / 8192) + 6 * change.answerCycles + 273
        #expect((transfer...most).contains(Double(run.perImage.total)), "\(run.perImage.total)")
        #expect(run.outputs == (try bench.run().outputs))
    }

    /// A convolution of 36,864 steps moves 37 KB in beats of 8 bytes, tile by tile, all behind the steps but the first
    /// loads and the last store. Instructions come one at a time: those of load, compute and store, then the second and
    /// the third load's; then the third load, with which the first tile begins. These six answers and the last store's
    /// are seen, seven in all.
    ///
    /// - One port of 16 bytes a cycle suffices for beats of 8: nothing, but for 2 cycles an answer that waits for another.
    /// - Ten times the way: 7 * 9 * 57 controller clocks of 533.25 MHz, 7 * 192.4 cycles.
    /// - Half the clock: in each answer 3 edges to AR and 8 across the AFI are 5 ns longer, 11 cycles, and up to two more
    ///   for beats that follow the first: 77 to 91 cycles. One such port brings 8 bytes a cycle, as many as the load engine
    ///   takes: what it is late by, it stays: 15 beats of the five instructions, 2 cycles each, in each of two orders.
    @Test(arguments: Change.all)
    func aComputeBoundLayerMovesByItsEnds(change: Change) throws {
        let bench = try Self.convolution()
        try #require(bench.compiled.layers[0].tiles == 16 && bench.compiled.layers[0].loads == 18)
        let (base, run) = (try Self.run(bench, Change()), try Self.run(bench, change))
        let longer = 7 * Double(change.path - 1) * 57 / 533.25 * 200
        let slower = change.portMHz == 100 ? 77.0...91 : 0...0
        let shared = change.ports == 1 ? Double(change.portMHz == 100 ? 60 : 14) : 0
        // Seven long answers take 8 us, and meet one or two of the refreshes, every 7.7 us, of 276 DRAM clocks: 52 cycles.
        let refresh = change.path == 1 ? 0.0 : 104
        let least = longer + slower.lowerBound
        let most = longer + slower.upperBound + shared + refresh
        let moved = run.perImage.total - base.perImage.total
        #expect((least...most).contains(Double(moved)), "\(moved)")
        #expect(run.perImage.compute == base.perImage.compute && run.perImage.fillDrain == base.perImage.fillDrain)
        #expect(run.outputs == (try bench.run().outputs))
    }
}
