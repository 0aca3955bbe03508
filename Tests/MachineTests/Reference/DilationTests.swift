import Accelerator
import ExternalMemory
import Networks
import TestSupport
import Testing

@testable import Diagnostics
@testable import Support

/// Do dilated convolutions equal the reference model, and do they cost what they should on each family?
@Suite struct DilationTests {
    static let perBlock = 40
    static var blocks: Int { Tools.isLong ? 20 : 2 }

    /// A random layer on the seed's accelerator: kernels of 1 to 3, 1 to 4 apart in each direction.
    static func random(_ seed: UInt64) -> RandomCase {
        var copy = RandomCase(seed: seed)
        copy.parameters.family = .dilating
        var random = SeededGenerator(seed: seed &* 7 &+ 3)
        var maker = LayerMaker(
            copy.parameters.element, activationBits: copy.parameters.activationBits, seed: random.next())
        let window = Window(
            kernelHeight: Int.random(in: 1...3, using: &random), kernelWidth: Int.random(in: 1...3, using: &random),
            strideHeight: Int.random(in: 1...2, using: &random), strideWidth: Int.random(in: 1...3, using: &random),
            padTop: Int.random(in: 0...2, using: &random), padLeft: Int.random(in: 0...2, using: &random),
            padBottom: Int.random(in: 0...2, using: &random), padRight: Int.random(in: 0...2, using: &random),
            dilationHeight: Int.random(in: 1...4, using: &random),
            dilationWidth: Int.random(in: 1...4, using: &random))
        let shape = Shape(
            channels: Int.random(in: 1...6, using: &random), height: Int.random(in: 9...14, using: &random),
            width: Int.random(in: 9...14, using: &random))
        let groups = shape.channels % 2 == 0 && Bool.random(using: &random) ? 2 : 1
        let outputs = groups * Int.random(in: 1...4, using: &random)
        let layer = maker.layer("a", shape, .convolution(outputs: outputs, groups: groups), window)
        copy.network = QuantizedNetwork([layer], activationBits: copy.parameters.activationBits)
        copy.text = "dilated, seed \(seed): \(copy.parameters), \(copy.memory), \(window), \(shape), \(groups) groups"
        return copy
    }

    @Test(arguments: 0..<blocks, [false, true])
    func randomLayers(block: Int, onConvolver: Bool) throws {
        var (columns, rows, tiled) = (0, 0, 0)
        for index in 0..<Self.perBlock {
            let random = Self.random(UInt64(3000 + block * Self.perBlock + index))
            let window = random.network.layers[0].window
            // Windows in the padding alone do not run on convolvers.
            let isNarrow =
                max(window.padTop, window.padBottom) >= window.extentHeight
                || max(window.padLeft, window.padRight) >= window.extentWidth
            guard var here = onConvolver ? (isNarrow ? nil : random.onConvolver()) : random else { continue }
            if var convolver = here.parameters.convolver {
                convolver.rowLength = 32
                here.parameters.family = .convolver(convolver)
            }
            let bench = try here.bench()
            try bench.expectReference(here.text)
            columns += window.dilationWidth > 1 && window.kernelWidth > 1 ? 1 : 0
            rows += window.dilationHeight > 1 && window.kernelHeight > 1 ? 1 : 0
            tiled += bench.compiled.layers[0].tiles > 1 ? 1 : 0
        }
        #expect(min(columns, rows, tiled) > 3, "\(columns) \(rows) \(tiled)")
    }

    private func layer(_ dilation: Int, channels: Int = 2) -> QuantizedLayer {
        var maker = LayerMaker(.svpe(weightBits: 3), activationBits: 16, seed: 5)
        var window = Window(kernel: 3, pad: dilation)
        window.dilationHeight = dilation
        window.dilationWidth = dilation
        let shape = Shape(channels: channels, height: 8, width: 8)
        return maker.layer("a", shape, .convolution(outputs: 2, groups: 1), window)
    }

    /// As many steps as without dilation on the vector family; those of a 5x5 kernel on convolvers.
    @Test func stepsOfBothFamilies() throws {
        var p = AcceleratorParameters(.svpe(weightBits: 3), 1, 2, 2)
        p.family = .dilating
        let network = QuantizedNetwork([layer(2)], activationBits: 16)
        #expect(try Bench(p, network).run().perImage.compute == 8 * 8 * 9)
        p.family = .convolver(ConvolverParameters(kernel: 5))
        // 8 rows and 2 below them, 8 pixels each.
        #expect(try Bench(p, network).run().perImage.compute == (8 + 2) * 8)
    }

    @Test func whatTheArrayCannotDoIsAnError() {
        var p = AcceleratorParameters(.svpe(weightBits: 3), 1, 2, 2)
        func expect(_ part: String) {
            let error = #expect(throws: InputError.self) {
                try Bench(p, QuantizedNetwork([layer(2)], activationBits: 16))
            }
            #expect(error?.kind == .unsupported)
            #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
        }
        expect("columns are 2 apart; the array cannot: array.dilation")
        p.family = .convolver(ConvolverParameters(kernel: 3))
        expect("its 3x3 kernel of dilations 2, 2 spans 5x5 pixels; the convolvers have 3x3: make array.kernel larger")
    }

    /// Whole runs of a dilating array, both judges.
    @Test(
        .enabled(if: Tools.hasVerilator, Tools.noVerilator), .enabled(if: Tools.hasYosys, Tools.noYosys),
        arguments: [1, 2])
    func bothJudgesAgree(pixels: Int) throws {
        var p = AcceleratorParameters(.svpe(weightBits: 3), pixels, 2, 2, ifmap: 256, weights: 64, ofmap: 64)
        p.family = .dilating
        let bench = try Bench(
            p, QuantizedNetwork([layer(2)], activationBits: 16),
            timing: MemoryTiming(latency: 3, bytesPerCycle65536: nil, stallSeed: 7))
        let scratch = try Scratch()
        let report = try CosimulationTests.simulation(bench, cycles: 20_000).run(against: .both, in: scratch.url)
        #expect(report.finished)
        for verdict in report.verdicts {
            #expect(verdict.isEqual, "\(verdict)")
            #expect(verdict.signals == report.signals)
        }
    }
}
