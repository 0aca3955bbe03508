import Accelerator
import Networks
import ReferenceModel
import Support
import TestSupport
import Testing

@testable import Machine
@testable import Schedule

/// Is a convolution whose input stands in memory in another layout the same convolution?
@Suite struct InputUnrollingTests {
    /// A convolution of few channels on the network's input.
    struct Case {
        var network: QuantizedNetwork
        var input: IntegerTensor
        var layer: QuantizedLayer { network.layers[0] }
        var weights: [Int32] {
            guard case .convolution(let weights, _, _) = layer.operation else { return [] }
            return weights
        }

        init(seed: UInt64, on p: AcceleratorParameters) {
            var random = SeededGenerator(seed: seed &+ 90)
            var maker = LayerMaker(p.element, activationBits: p.activationBits, seed: seed)
            let (height, width) = (Int.random(in: 1...7, using: &random), Int.random(in: 1...7, using: &random))
            let window = Window(
                kernelHeight: height, kernelWidth: width, strideHeight: Int.random(in: 1...4, using: &random),
                strideWidth: Int.random(in: 1...4, using: &random), padTop: Int.random(in: 0..<height, using: &random),
                padLeft: Int.random(in: 0..<width, using: &random),
                padBottom: Int.random(in: 0..<height, using: &random),
                padRight: Int.random(in: 0..<width, using: &random))
            let shape = Shape(
                channels: Int.random(in: 1...4, using: &random), height: height + Int.random(in: 0...9, using: &random),
                width: width + Int.random(in: 0...9, using: &random))
            let outputs = Int.random(in: 1...9, using: &random)
            let layer = maker.layer("a", shape, .convolution(outputs: outputs, groups: 1), window)
            network = QuantizedNetwork([layer], activationBits: p.activationBits)
            input = IntegerTensor.random(shape, bits: p.activationBits, &random)
        }
    }

    /// The reference model computes the convolution that is left on the input that is laid out anew, for every layout of
    /// random windows: kernels to 7 x 7, strides to 4, padding on any side.
    @Test func everyLayoutIsTheSameConvolution() throws {
        let p = AcceleratorParameters(
            .vpe(weightBits: 8), 1, 8, 8, activationBits: 8, ifmap: 64, weights: 64, ofmap: 16)
        var layouts = 0
        for seed in UInt64(1)...150 {
            let item = Case(seed: seed, on: p)
            let wanted = try ReferenceModel.infer(item.network, input: item.input)
            for unrolling in InputUnrolling.all(item.layer, hasZeroWeight: true) {
                let left = unrolling.applied(to: item.layer, item.weights, input: Network.inputName)
                var layer = left.layer
                layer.operation = .convolution(weights: left.weights, format: .fixed(bits: 8), groups: 1)
                #expect(layer.window.outputHeight(layer.inputShape.height) == layer.outputShape.height)
                #expect(layer.window.outputWidth(layer.inputShape.width) == layer.outputShape.width)
                let network = QuantizedNetwork([layer], activationBits: 8)
                let found = try ReferenceModel.infer(network, input: unrolling.tensor(item.input))
                #expect(found == wanted, "seed \(seed), \(unrolling)")
                layouts += 1
            }
        }
        #expect(layouts > 600, "windows with several layouts: \(layouts)")
    }

    /// Arrays of both families, lanes without a zero among them, with what the scheduler chooses: the outputs are those of the
    /// reference model, the prediction is the simulation's, and the layer's steps are never more than with a plain input.
    @Test func theArrayComputesIt() throws {
        var (unrolled, fewer) = (0, 0)
        for seed in UInt64(1)...72 {
            let p = LayerArray.all[Int(seed) % LayerArray.all.count].parameters
            let item = Case(seed: seed, on: p)
            let accelerator = try Accelerator(p)
            func build(_ unrolls: Bool) throws -> Build {
                try Build.make(item.network, on: accelerator, memory: .simple(.ideal), .init(unrollsInput: unrolls))
            }
            guard let plain = try? build(false) else { continue }
            let own = try build(true)
            let run = try own.run([item.input], options: MachineOptions(countsToggles: false))
            #expect(try ReferenceModel.infer(item.network, input: item.input) == run.outputs[0], "seed \(seed), \(p)")
            #expect(try own.prediction().arrayCycles == run.perImage.total)
            guard !own.program.unrolledInputs.isEmpty else { continue }
            unrolled += 1
            let (steps, others) = (own.program.layers[0].steps, plain.program.layers[0].steps)
            fewer += steps < others ? 1 : 0
        }
        #expect(unrolled > 20 && fewer > 15, "\(unrolled) unrolled, \(fewer) with fewer steps")
    }

    /// 7 x 7 windows of 3 channels with stride 2 and padding 3, 32 x 32 pixels, 8 output channels, 16 x 8 lanes, results
    /// 16 x 16. Plain: a step for each of 7 * 7 positions, 49 * 256 = 12,544. All unrolled: 7 * 7 * 3 = 147 channels are
    /// ceil(147 / 16) = 10 words, 2,560 steps, but its input has 16 * 16 pixels of ceil(147 / 8) = 19 beats: 4,864 beats.
    /// Columns alone, 7 * 3 = 21 channels: 2 words * 7 rows * 256 = 3,584 steps and 32 * 16 * 3 = 1,536 beats. Rows in
    /// twos and all columns, 2 * 7 * 3 = 42 channels: 3 words * 4 pairs of rows * 256 = 3,072 steps and 19 * 16 * 6 =
    /// 1,824 beats. The longest engine decides: 3,072, the fewest.
    @Test func aFirstLayerTakesItsShare() throws {
        let element = ProcessingElement.vpe(weightBits: 16)
        let p = AcceleratorParameters(
            element, 1, 16, 8, activationBits: 16, ifmap: 4096, weights: 1024, ofmap: 512)
        var maker = LayerMaker(element, activationBits: 16, seed: 4)
        let shape = Shape(channels: 3, height: 32, width: 32)
        let layer = maker.layer(
            "a", shape, .convolution(outputs: 8, groups: 1), Window(kernel: 7, stride: 2, pad: 3))
        let network = QuantizedNetwork([layer], activationBits: 16)
        let accelerator = try Accelerator(p)
        func steps(_ options: Build.Options) throws -> Int {
            try Build.make(network, on: accelerator, memory: .simple(.ideal), options).program.layers[0].steps
        }
        #expect(try steps(.init()) == 49 * 256)
        #expect(try steps(.init(unrollsInput: true)) == 3 * 4 * 256)
        #expect(try steps(.init(search: .firstFit, unrollsInput: true)) == 49 * 256)
        let build = try Build.make(network, on: accelerator, memory: .simple(.ideal), .init(unrollsInput: true))
        let part = build.program.describe()[0].parts[0]
        #expect(part.inputRows == 2 && part.inputColumns == 7)
    }
}
