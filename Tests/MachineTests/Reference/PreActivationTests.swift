import Accelerator
import Design
import ExternalMemory
import Kernel
import Networks
import TestSupport
import Testing

@testable import Diagnostics

/// Is a pre-activation on the read path the reference model's, and does it cost only its stages?
@Suite struct PreActivationTests {
    static let perBlock = 40
    static var blocks: Int { Tools.isLong ? 40 : 4 }

    @Test(arguments: 0..<blocks, [false, true])
    func randomBranches(block: Int, onConvolver: Bool) throws {
        var (layers, pooled, padded, joined, run) = (0, 0, 0, 0, 0)
        for index in 0..<Self.perBlock {
            let seed = UInt64(1000 + block * Self.perBlock + index)
            let random = RandomCase(seed: seed).withBranches(preActivates: true)
            guard var here = onConvolver ? random.onConvolver() : random else { continue }
            here.parameters.preActivationDepth = 512
            run += 1
            try here.bench().expectReference(here.text, toggles: index % 2 == 0)
            for layer in here.network.layers where layer.preActivation != nil {
                layers += 1
                pooled += layer.isPool ? 1 : 0
                padded += layer.window.padTop > 0 ? 1 : 0
                joined += here.network.concatenations.contains { $0.name == layer.input } ? 1 : 0
            }
        }
        #expect(run > 10 && layers > 30)
        #expect(min(pooled, padded, joined) > 0, "\(pooled) \(padded) \(joined)")
    }

    /// A design with the stage, a joined tensor of parts that do not fill their planes, and its first image.
    struct Case: CustomTestStringConvertible, Sendable {
        var element: ProcessingElement
        var sizes: (pixels: Int, inputs: Int, outputs: Int)
        var bits: Int
        var pools = false
        var stalls = false
        var ratio = 1
        var convolver: ConvolverParameters?
        var testDescription: String {
            "\(element.name) \(sizes), \(bits) bits, pools \(pools), stalls \(stalls), ratio \(ratio)"
        }

        static let all = [
            Case(element: .svpe(weightBits: 3), sizes: (1, 4, 2), bits: 16),
            Case(element: .svpe(weightBits: 1), sizes: (2, 2, 2), bits: 8, stalls: true),
            Case(element: .vpe(weightBits: 8), sizes: (1, 3, 3), bits: 8, pools: true, stalls: true),
            Case(element: .vpe(weightBits: 8), sizes: (1, 4, 4), bits: 8, stalls: true, ratio: 2),
            Case(element: .svpe(weightBits: 3), sizes: (2, 3, 2), bits: 16, pools: true, ratio: 8),
            Case(
                element: .svpe(weightBits: 4), sizes: (1, 2, 4), bits: 16, pools: true,
                convolver: ConvolverParameters(kernel: 3, rowLength: 16, psumDepth: 64)),
        ]

        func bench(timing: MemoryTiming? = nil) throws -> Bench {
            var p = AcceleratorParameters(
                element, sizes.pixels, sizes.inputs, sizes.outputs, activationBits: bits, ifmap: 128, weights: 128,
                ofmap: 64)
            p.family = ArrayFamily(convolver)
            p.weightBeatRatio = ratio
            p.preActivationDepth = 16
            var maker = LayerMaker(element, activationBits: bits, seed: 11)
            let shape = Shape(channels: 3, height: 4, width: 5)
            let three = MadeOperation.convolution(outputs: 3, groups: 1)
            var layers = [maker.layer("a", shape, three, Window(kernel: 3, pad: 1))]
            layers[0].preActivation = maker.preActivation(3)
            layers.append(
                maker.layer(
                    "b", from: "whole", Shape(channels: 6, height: 4, width: 5), pools ? .maxPool : three,
                    Window(kernel: 3, stride: 2, pad: 1)))
            layers[1].preActivation = maker.preActivation(6)
            let network = QuantizedNetwork(
                name: "pre", input: shape, inputExponent: 0, activationBits: bits, layers: layers, parameters: 0,
                concatenations: [Concatenation(name: "whole", parts: [Network.inputName, "a"])])
            let slow = MemoryTiming(latency: 3, bytesPerCycle65536: nil, stallSeed: 7)
            return try Bench(p, network, timing: timing ?? (stalls ? slow : .ideal)).firstFit()
        }
    }

    /// Whole runs, both judges.
    @Test(
        .enabled(if: Tools.hasVerilator, Tools.noVerilator), .enabled(if: Tools.hasYosys, Tools.noYosys),
        arguments: Case.all)
    func bothJudgesAgree(_ design: Case) throws {
        let bench = try design.bench()
        try bench.expectReference(design.testDescription)
        let scratch = try Scratch()
        let report = try CosimulationTests.simulation(bench, cycles: 20_000).run(against: .both, in: scratch.url)
        #expect(report.finished)
        for verdict in report.verdicts {
            #expect(verdict.isEqual, "\(verdict)")
            #expect(verdict.signals == report.signals)
        }
    }

    /// The same bits from memory of any timing.
    @Test(arguments: Case.all)
    func memoryTimingChangesNoBit(_ design: Case) throws {
        let timings = [
            MemoryTiming.ideal, MemoryTiming(latency: 29, bytesPerCycle65536: 3 << 15, stallSeed: nil),
            MemoryTiming(latency: 2, bytesPerCycle65536: nil, stallSeed: 99),
        ]
        for timing in timings { try design.bench(timing: timing).expectReference("\(design) \(timing)") }
    }

    /// Cycles in which a net is not zero.
    private final class Cycles: Observer {
        let window = 0..<Int.max
        let nets: [NetID]
        private(set) var cycles: [[Int]]

        init(_ design: Design, _ paths: [String]) {
            nets = paths.map { path in
                NetID(design.nets.indices.first { design.path(of: NetID($0)) == path }!)
            }
            cycles = nets.map { _ in [] }
        }

        func observe(cycle: Int, _ state: StateView) {
            for (index, net) in nets.enumerated() where state.value(net) != 0 { cycles[index].append(cycle) }
        }
    }

    /// A beat a cycle, written 1 cycle after memory gives it and 6 more for
    ///   1  constants: output register
    /// + 3  A/B, M, P
    /// + 1  rounding
    /// + 1  saturation
    @Test(arguments: [nil, 16])
    func aBeatIsWrittenPerCycle(depth: Int?) throws {
        let stages = depth == nil ? 0 : 1 + 3 + 1 + 1
        var maker = LayerMaker(.svpe(weightBits: 3), activationBits: 16, seed: 1)
        let shape = Shape(channels: 8, height: 6, width: 7)
        var layer = maker.layer("a", shape, .convolution(outputs: 4, groups: 1), Window(kernel: 1))
        var p = AcceleratorParameters(.svpe(weightBits: 3), 1, 4, 4)
        p.preActivationDepth = depth
        if depth != nil { layer.preActivation = maker.preActivation(8) }
        #expect(p.preActivationStages == stages && p.loadOverhead == 3 + stages)
        let bench = try Bench(p, QuantizedNetwork([layer], activationBits: 16)).firstFit()
        let simulation = try bench.simulation(PlanOptions(countsToggles: false, evaluatesEverything: true))
        let paths = ["top.load.read_take", "top.load.write_ifmap", "top.load.finish"]
        let observer = Cycles(bench.accelerator.design, paths)
        simulation.attach(observer)
        #expect(try simulation.run(stop: bench.accelerator.ports.done, limit: 5000) != .limit(cycle: 5000))
        let written = observer.cycles[1]
        // Two planes of 42 pixels in one load, the last one.
        #expect(written.count == 84)
        #expect(written.last! - written.first! == 83)
        #expect(written.last! == observer.cycles[0].last! + 1 + stages)
        #expect(observer.cycles[2].last! == written.last!)
    }

    @Test func whatTheArrayCannotDoIsAnError() throws {
        var maker = LayerMaker(.svpe(weightBits: 3), activationBits: 16, seed: 1)
        let shape = Shape(channels: 36, height: 2, width: 2)
        var layer = maker.layer("a", shape, .convolution(outputs: 4, groups: 1), Window(kernel: 1))
        layer.preActivation = maker.preActivation(36)
        var p = AcceleratorParameters(.svpe(weightBits: 3), 1, 2, 2)
        for (depth, message) in [(nil, "array.pre_activation"), (16, "has 18 words of constants; the array holds 16")] {
            p.preActivationDepth = depth
            let error = #expect(throws: InputError.self) {
                try Bench(p, QuantizedNetwork([layer], activationBits: 16)).firstFit()
            }
            #expect(error?.kind == .unsupported)
            #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
        }
    }
}
