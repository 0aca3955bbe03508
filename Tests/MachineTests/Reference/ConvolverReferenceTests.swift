import Accelerator
import Networks
import ReferenceModel
import TestSupport
import Testing

@testable import Diagnostics

/// Do the layers of the vector family's property test run on convolver arrays with the same bits?
@Suite struct ConvolverReferenceTests {
    static let perBlock = 50
    static var blocks: Int { Tools.isLong ? 40 : 5 }

    @Test(arguments: 0..<blocks)
    func randomNetworks(block: Int) throws {
        var (run, layers, tiled, grouped, psums, fixed, strided) = (0, 0, 0, 0, 0, 0, 0)
        for index in 0..<Self.perBlock {
            let seed = UInt64(block * Self.perBlock + index + 1)
            guard let random = RandomCase(seed: seed).onConvolver() else { continue }
            run += 1
            layers += random.network.layers.count
            let bench = try random.bench()
            let wanted = try ReferenceModel.inferAll(random.network, input: bench.inputs[0])
            let result = try bench.run(toggles: index % 2 == 0, keepsTensors: true)
            for layer in random.network.layers {
                if let difference = firstDifference(result.tensors[0][layer.name], wanted[layer.name]) {
                    Issue.record("\(layer.name)\(difference); \(random.text)")
                    break
                }
                if case .convolution(_, _, let groups) = layer.operation {
                    grouped += groups > 1 ? 1 : 0
                    psums += layer.inputShape.channels > groups * bench.accelerator.parameters.inputs ? 1 : 0
                    strided += layer.window.strideWidth > 1 ? 1 : 0
                }
            }
            fixed += bench.compiled.layers.contains { $0.passes > 1 } ? random.fixedLayers : 0
            tiled += bench.compiled.layers.filter { $0.tiles > 1 }.count
        }
        // Five blocks have more than 500 layers.
        #expect(run > Self.perBlock / 2 && layers >= 100, "\(run) networks, \(layers) layers")
        #expect(min(tiled, grouped, psums, fixed, strided) > 0, "\(tiled) \(grouped) \(psums) \(fixed) \(strided)")
    }

    /// A fully connected layer larger than the grid counts its pixels as input groups of a 1x1 kernel.
    @Test(arguments: [ProcessingElement.svpe(weightBits: 1), .svpe(weightBits: 3), .vpe(weightBits: 8)])
    func fullyConnectedLayerLargerThanTheGrid(_ element: ProcessingElement) throws {
        var maker = LayerMaker(element, activationBits: 16, seed: 5)
        let shape = Shape(channels: 5, height: 4, width: 6)
        let window = Window(
            kernelHeight: 4, kernelWidth: 6, strideHeight: 1, strideWidth: 1, padTop: 0, padLeft: 0, padBottom: 0,
            padRight: 0)
        let layer = maker.layer("fc", shape, .convolution(outputs: 7, groups: 1), window)
        var parameters = AcceleratorParameters(element, 1, 2, 4, ifmap: 512, weights: 1024)
        parameters.family = .convolver(ConvolverParameters(kernel: 3))
        let bench = try Bench(parameters, QuantizedNetwork([layer], activationBits: 16))
        let run = try bench.run(keepsTensors: true)
        #expect(run.tensors[0]["fc"] == (try ReferenceModel.infer(bench.network, input: bench.inputs[0])))
        // 2 output groups, 3 input groups of 24 pixels, one slot each.
        #expect(run.perImage.compute == 2 * 3 * 24)
    }

    struct Bad: CustomTestStringConvertible, Sendable {
        var window: Window
        var part: String
        var testDescription: String { part }
    }

    @Test(arguments: [
        Bad(
            window: Window(kernel: 5, pad: 2), part: "5x5 kernel is larger than the convolvers' 3x3; make array.kernel"),
        Bad(window: Window(kernel: 3, pad: 3), part: "padding alone"),
        Bad(window: Window(kernel: 3, stride: 17, pad: 1), part: "strides 17, 17"),
    ])
    func whatAConvolverCannotDoIsAnError(_ bad: Bad) {
        var maker = LayerMaker(.svpe(weightBits: 3), activationBits: 16, seed: 1)
        let shape = Shape(channels: 2, height: 18, width: 18)
        let layer = maker.layer("a", shape, .convolution(outputs: 2, groups: 1), bad.window)
        var parameters = AcceleratorParameters(.svpe(weightBits: 3), 1, 2, 2, ifmap: 4096)
        parameters.family = .convolver(ConvolverParameters(kernel: 3))
        let error = #expect(throws: InputError.self) {
            try Bench(parameters, QuantizedNetwork([layer], activationBits: 16))
        }
        #expect(error?.kind == .unsupported)
        #expect(error?.description.contains(bad.part) == true, "\(error?.description ?? "")")
    }

    /// Line buffers shorter than a kernel, psums of less than a pixel.
    @Test func smallestTileThatDoesNotFitNamesItsKey() {
        var maker = LayerMaker(.svpe(weightBits: 3), activationBits: 16, seed: 1)
        let shape = Shape(channels: 2, height: 6, width: 6)
        let layer = maker.layer("a", shape, .convolution(outputs: 2, groups: 1), Window(kernel: 3))
        var parameters = AcceleratorParameters(.svpe(weightBits: 3), 1, 2, 2)
        parameters.family = .convolver(ConvolverParameters(kernel: 3, rowLength: 2))
        let error = #expect(throws: InputError.self) {
            try Bench(parameters, QuantizedNetwork([layer], activationBits: 16))
        }
        #expect(error?.description.contains("array.row_length is 2; accepted: 3...4096") == true)
    }
}
