import Accelerator
import Networks
import ReferenceModel
import TestSupport
import Testing

@testable import Support

/// Do two passes over one-term lanes and one pass over two-term lanes give the same bits?
@Suite struct TwoTermTests {
    /// A network whose filters have one or two terms each, as FLightNN's.
    private func network(_ element: ProcessingElement, seed: UInt64) -> QuantizedNetwork {
        var random = SeededGenerator(seed: seed)
        var maker = LayerMaker(element, activationBits: 16, seed: seed)
        maker.mostTerms = 2
        let shape = Shape(
            channels: Int.random(in: 1...7, using: &random), height: Int.random(in: 3...8, using: &random),
            width: Int.random(in: 3...8, using: &random))
        var layers: [QuantizedLayer] = []
        for index in 0..<2 {
            let operation = MadeOperation.convolution(outputs: Int.random(in: 2...9, using: &random), groups: 1)
            let stride = Int.random(in: 1...2, using: &random)
            let kernel = [1, 3].randomElement(using: &random)!
            layers.append(
                maker.layer(
                    "l\(index)", from: layers.last?.name ?? Network.inputName, layers.last?.outputShape ?? shape,
                    operation, Window(kernel: kernel, stride: stride, pad: kernel / 2)))
        }
        return QuantizedNetwork(layers, activationBits: 16)
    }

    /// n = 1 has no zero code, so that its mixes take more passes; its bits are the same.
    @Test(arguments: 1...50 as ClosedRange<UInt64>)
    func mixesOfFiltersGiveTheSameBits(seed: UInt64) throws {
        let bits = [1, 2, 3, 4, 5][Int(seed) % 5]
        let network = network(.svpe(weightBits: bits), seed: seed)
        let sizes = [(1, 1), (2, 4), (4, 2), (3, 3), (4, 8)][Int(seed / 5) % 5]
        for convolver in [nil, ConvolverParameters(kernel: 3, psumDepth: 64)] {
            var cycles: [Int] = []
            for terms in 1...2 {
                var parameters = AcceleratorParameters(
                    element: .svpe(weightBits: bits),
                    size: ArraySize(pixels: 1, inputs: sizes.0, outputs: sizes.1, terms: terms), activationBits: 16,
                    buffers: BufferSizes(ifmapBytes: 4096, weightBytes: 4096, ofmapBytes: 2048))
                parameters.family = ArrayFamily(convolver)
                let bench = try Bench(parameters, network)
                let run = try bench.run(keepsTensors: true)
                let wanted = try ReferenceModel.inferAll(network, input: bench.inputs[0])
                for layer in network.layers { #expect(run.tensors[0][layer.name] == wanted[layer.name]) }
                if bits > 1 { #expect(bench.compiled.layers.allSatisfy { $0.passes <= 3 - terms }) }
                cycles.append(run.perImage.compute)
            }
            #expect(cycles[1] <= cycles[0])
        }
    }

    /// Weights of a terms: 2 array that need more than two terms still run.
    @Test func weightsOfManyTerms() throws {
        for bits in 1...5 {
            var maker = LayerMaker(.svpe(weightBits: bits), activationBits: 8, seed: UInt64(bits))
            maker.manyPasses = true
            let shape = Shape(channels: 3, height: 4, width: 4)
            let layer = maker.layer("a", shape, .convolution(outputs: 5, groups: 1), Window(kernel: 1))
            let parameters = AcceleratorParameters(
                element: .svpe(weightBits: bits), size: ArraySize(pixels: 2, inputs: 2, outputs: 2, terms: 2),
                activationBits: 8, buffers: BufferSizes(ifmapBytes: 1024, weightBytes: 2048, ofmapBytes: 1024))
            let bench = try Bench(parameters, QuantizedNetwork([layer], activationBits: 8))
            let run = try bench.run(keepsTensors: true)
            #expect(run.tensors[0]["a"] == (try ReferenceModel.infer(bench.network, input: bench.inputs[0])))
        }
    }
}
