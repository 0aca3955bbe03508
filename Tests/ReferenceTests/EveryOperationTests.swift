// Does numpy compute the same integers for what the quantizer makes of DenseNet, Inception and AlexNet: concatenations,
// pre-activations, dilation, pooling regions and host layers?

import Host
import Networks
import Quantizer
import ReferenceModel
import Support
import TestSupport
import Testing

@Suite struct EveryOperationTests {
    private func constants(_ channels: Int, shift: Int, _ random: inout SeededGenerator) -> Requantization {
        Requantization(
            preShift: 1, multiplier: (0..<channels).map { _ in Int32.random(in: -3000...3000, using: &random) },
            bias: (0..<channels).map { _ in Int64.random(in: -99999...99999, using: &random) }, shift: shift,
            relu: Bool.random(using: &random))
    }

    private func preActivation(_ channels: Int, _ random: inout SeededGenerator) -> PreActivation {
        PreActivation(
            multiplier: (0..<channels).map { _ in Int32.random(in: -3000...3000, using: &random) },
            bias: (0..<channels).map { _ in Int64.random(in: -99999...99999, using: &random) }, shift: 10,
            relu: Bool.random(using: &random), exponent: 0)
    }

    private func layer(
        _ name: String, _ operation: QuantizedOperation, _ window: Window, from input: String, _ shape: Shape,
        outputs: Int, shift: Int, _ random: inout SeededGenerator
    ) -> QuantizedLayer {
        let output = Shape(
            channels: outputs, height: window.outputHeight(shape.height), width: window.outputWidth(shape.width))
        return QuantizedLayer(
            name: name, kind: "made", operation: operation, window: window, input: input, residual: nil,
            inputShape: shape, outputShape: output, requantization: constants(outputs, shift: shift, &random),
            outputExponent: -3, macs: 0)
    }

    private func convolution(
        _ name: String, from input: String, _ shape: Shape, outputs: Int, _ window: Window,
        _ random: inout SeededGenerator
    ) -> QuantizedLayer {
        let taps = shape.channels * window.kernelHeight * window.kernelWidth
        let weights = (0..<outputs * taps).map { _ in Int32.random(in: -8...8, using: &random) }
        return layer(
            name, .convolution(weights: weights, format: .fixed(bits: 8), groups: 1), window, from: input, shape,
            outputs: outputs, shift: 17, &random)
    }

    /// A dense block with a dilated convolution, a normalization on the host and a pooling whose borders differ.
    private func network(_ random: inout SeededGenerator) -> QuantizedNetwork {
        let input = Shape(channels: 3, height: 7, width: 9)
        let first = convolution("a", from: Network.inputName, input, outputs: 5, Window(kernel: 3, pad: 1), &random)
        var dilated = Window(kernel: 3, pad: 2)
        (dilated.dilationHeight, dilated.dilationWidth, dilated.padLeft, dilated.padRight) = (2, 3, 3, 3)
        var second = convolution("b", from: "a", first.outputShape, outputs: 4, dilated, &random)
        second.preActivation = preActivation(5, &random)
        var whole = second.outputShape
        whole.channels = 3 + 5 + 4
        var third = convolution("c", from: "all", whole, outputs: 6, Window(kernel: 1), &random)
        third.preActivation = preActivation(whole.channels, &random)
        let normalization = LocalResponseNormalization(size: 5, alpha: 0.3, beta: 0.75, bias: 1)
        var host = layer(
            "d", .host(.localResponseNormalization(normalization), inputExponent: -3), Window(kernel: 1), from: "c",
            third.outputShape, outputs: 6, shift: 0, &random)
        host.runsOnHost = true
        var pool = layer(
            "e", .sumPool, Window(kernel: 3, stride: 2, pad: 1), from: "d", host.outputShape, outputs: 6, shift: 12,
            &random)
        let width = pool.outputShape.width
        for (rows, columns) in [(0..<1, 0..<1), (0..<1, 1..<width), (1..<2, width - 1..<width)] {
            pool.regions.append(
                PoolRegion(
                    rows: rows, columns: columns,
                    multiplier: (0..<6).map { _ in Int32.random(in: -3000...3000, using: &random) }))
        }
        return QuantizedNetwork(
            name: "made", input: input, inputExponent: 0, activationBits: 16,
            layers: [first, second, third, host, pool], parameters: 0,
            concatenations: [Concatenation(name: "all", parts: [Network.inputName, "a", "b"])])
    }

    @Test(.enabled(if: NumpyReference.isThere, "\(NumpyReference.reason)"), arguments: UInt64(1)...6)
    func everyLayerIsWhatNumpyComputes(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let network = network(&random)
        let inputs = (0..<3).map { _ in
            IntegerTensor(
                shape: network.input,
                values: (0..<network.input.count).map { _ in Int32.random(in: -32768...32767, using: &random) })
        }
        let expected = try NumpyReference.run(network, inputs: inputs)
        for (input, expected) in zip(inputs, expected) {
            let tensors = try ReferenceModel.inferAll(network, input: input)
            for layer in network.layers {
                #expect(tensors[layer.name] == expected[layer.name], "\(layer.name)")
                #expect(Set(tensors[layer.name]?.values ?? []).count > 5, "\(layer.name) has values")
            }
        }
    }

    /// Any layer may run on the host, whose integers are its own: the oracle judges them, layer by layer.
    @Test(arguments: UInt64(1)...60)
    func theHostComputesWhatTheOracleComputes(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let float = RandomNetwork.make(seed: seed)
        let images = (0..<2).map { _ in (0..<float.input.count).map { _ in random.uniform(in: -1...1) } }
        let options = QuantizationOptions(scheme: .fixed(bits: 8), activationBits: seed % 2 == 0 ? 8 : 16)
        let quantized = try Quantizer.quantize(float, options: options, calibration: images).0
        let made = network(&random)
        let values = (0..<made.input.count).map { _ in Int32.random(in: -32768...32767, using: &random) }
        for (network, image) in [
            (made, IntegerTensor(shape: made.input, values: values)),
            (quantized, try quantized.quantizedInput(images[0])),
        ] {
            let expected = try ReferenceModel.inferAll(network, input: image)
            for layer in network.layers {
                let found = try HostKernels.output(
                    of: layer, operand: try #require(expected[layer.input]),
                    residual: try layer.residual.map { try #require(expected[$0]) },
                    activationBits: network.activationBits)
                #expect(found == expected[layer.name], "seed \(seed), \(layer.name)")
            }
        }
    }
}
