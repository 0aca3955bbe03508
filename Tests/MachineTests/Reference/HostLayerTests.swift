import Accelerator
import ExternalMemory
import Kernel
import Networks
import ReferenceModel
import Schedule
import TestSupport
import Testing

@testable import Diagnostics

/// Do layers of the host fit between two runs of the array: bits, cycles, signals?
@Suite struct HostLayerTests {
    /// convolution, normalization, pooling, convolution, fully connected; host layers as `places` says.
    enum Places: String, CaseIterable {
        case middle, first, last, twoInTurn, all
    }

    private static func normalization(_ name: String, from input: String, _ shape: Shape) -> QuantizedLayer {
        QuantizedLayer(
            name: name, kind: "local-response-normalization",
            operation: .host(
                .localResponseNormalization(LocalResponseNormalization(size: 5, alpha: 2, beta: 0.75, bias: 1)),
                inputExponent: -12),
            window: Window(kernel: 1), input: input, residual: nil, inputShape: shape, outputShape: shape,
            requantization: Requantization(
                preShift: 0, multiplier: [Int32](repeating: 1, count: shape.channels),
                bias: [Int64](repeating: 0, count: shape.channels), shift: 0, relu: false),
            outputExponent: -13, macs: 0)
    }

    static func network(_ places: Places, convolver: Bool = false) -> QuantizedNetwork {
        var maker = LayerMaker(.svpe(weightBits: 3), activationBits: 16, seed: 4)
        let shape = Shape(channels: 5, height: 6, width: 6)
        var layers: [QuantizedLayer] = []
        func name() -> String { layers.last?.name ?? Network.inputName }
        if places == .first || places == .all { layers.append(normalization("n0", from: name(), shape)) }
        var layer = maker.layer(
            "a", from: name(), shape, .convolution(outputs: 5, groups: 1), Window(kernel: 3, pad: 1), relu: true)
        layer.runsOnHost = places == .all
        layers.append(layer)
        if places == .middle || places == .twoInTurn { layers.append(normalization("n1", from: name(), shape)) }
        if places == .twoInTurn { layers.append(normalization("n2", from: name(), shape)) }
        layer = maker.layer("p", from: name(), shape, .maxPool, Window(kernel: 2, stride: 2), residual: nil)
        layer.runsOnHost = places == .all
        layers.append(layer)
        let small = Shape(channels: 5, height: 3, width: 3)
        layer = maker.layer("f", from: name(), small, .convolution(outputs: 7, groups: 1), Window(kernel: 3))
        layer.kind = "fully-connected"
        layer.runsOnHost = places == .last || places == .all
        layers.append(layer)
        return QuantizedNetwork(
            name: "host", input: shape, inputExponent: 0, activationBits: 16, layers: layers, parameters: 0)
    }

    private func bench(_ places: Places, onConvolver: Bool, timing: MemoryTiming = .ideal) throws -> Bench {
        var p = AcceleratorParameters(.svpe(weightBits: 3), onConvolver ? 1 : 2, 2, 4)
        if onConvolver { p.family = .convolver(ConvolverParameters(kernel: 3)) }
        return try Bench(p, Self.network(places), timing: timing)
    }

    @Test(arguments: Places.allCases, [false, true])
    func theHostTakesItsTurn(places: Places, onConvolver: Bool) throws {
        for timing in [MemoryTiming.ideal, MemoryTiming(latency: 9, bytesPerCycle65536: 3 << 16, stallSeed: 5)] {
            let bench = try bench(places, onConvolver: onConvolver, timing: timing)
            let run = try bench.expectReference("\(places)", toggles: true)
            let host = bench.network.layers.map(\.isOnHost)
            #expect(run.layers.map { $0.counts.host > 0 } == host)
            for (layer, isOnHost) in zip(run.layers, host) {
                #expect(layer.endCycle - layer.startCycle == layer.counts.total)
                #expect(isOnHost ? layer.counts.total == layer.counts.host : layer.counts.compute > 0)
            }
            #expect(run.layers.last?.endCycle == run.perImage.total)
            #expect(run.perImage.host == run.layers.reduce(0) { $0 + $1.counts.host })
            #expect(run.togglesTotal > 0 || places == .all)
        }
    }

    /// handover + (macs / 2 + 150 * powers) / (4 * 1.2 GHz) + bytes / (4 GB/s), at 200 MHz
    @Test func hostCyclesFollowTheModel() throws {
        let run = try bench(.twoInTurn, onConvolver: false).run()
        let elements = 5.0 * 6 * 6
        let normalization = 20e-6 + (elements * 5 / 2 + elements * 150) / 4.8e9 + elements * 2 * 2 / 4e9
        #expect(run.layers[1].counts.host == Int((normalization * 200e6).rounded(.up)))
        let last = try bench(.last, onConvolver: false).run()
        let macs = 7.0 * 5 * 9
        let connected = 20e-6 + macs / 2 / 4.8e9 + (macs + (45 + 7) * 2) / 4e9
        #expect(last.layers[2].counts.host == Int((connected * 200e6).rounded(.up)))
    }

    /// One simulation, started again: the emitted text and the kernel agree through the pause.
    @Test(
        .enabled(if: Tools.hasVerilator, Tools.noVerilator), .enabled(if: Tools.hasYosys, Tools.noYosys),
        arguments: [Places.middle, .twoInTurn], [false, true])
    func bothJudgesAgree(places: Places, stalls: Bool) throws {
        let slow = MemoryTiming(latency: 3, bytesPerCycle65536: nil, stallSeed: 7)
        let bench = try bench(places, onConvolver: stalls, timing: stalls ? slow : .ideal)
        #expect(bench.compiled.steps.count { if case .array = $0 { true } else { false } } == 2)
        let scratch = try Scratch()
        let report = try CosimulationTests.simulation(bench, cycles: 20_000).run(against: .both, in: scratch.url)
        #expect(report.finished)
        for verdict in report.verdicts {
            #expect(verdict.isEqual, "\(verdict)")
            #expect(verdict.signals == report.signals)
        }
    }

    @Test func withoutAnArrayThereIsNothingToCompare() throws {
        let bench = try bench(.all, onConvolver: false)
        let simulation = CosimulationTests.simulation(bench, cycles: 100)
        let scratch = try Scratch()
        #expect(throws: InputError.self) { try simulation.export(to: scratch.url) }
    }
}
