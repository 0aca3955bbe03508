// On random networks: is the reference model what numpy computes, is it near the float network, and do the
// quantizer's bounds hold for the worst inputs?

import Networks
import Quantizer
import ReferenceModel
import Support
import TestSupport
import Testing

@Suite struct RandomNetworkTests {
    static let schemes: [QuantizationScheme] = [
        .nBQ(bits: 1), .nBQ(bits: 2), .nBQ(bits: 3), .nBQ(bits: 4), .nBQ(bits: 5), .fixed(bits: 4), .fixed(bits: 8),
        .fixed(bits: 16), .asIs,
    ]

    private func quantize(seed: UInt64) throws -> (Network, QuantizedNetwork) {
        let network = RandomNetwork.make(seed: seed)
        let options = QuantizationOptions(
            scheme: Self.schemes[Int(seed) % Self.schemes.count], activationBits: seed % 2 == 0 ? 16 : 8,
            activationScale: seed % 5 == 0 ? .multiplier : .powerOfTwo)
        let images = SyntheticImages.make(shape: network.input, count: 3, seed: seed)
        return (network, try Quantizer.quantize(network, options: options, calibration: images).0)
    }

    /// A calibration image, uniform random integers, and integers of the two extremes only.
    private func inputs(_ network: QuantizedNetwork, seed: UInt64) throws -> [IntegerTensor] {
        let image = SyntheticImages.make(shape: network.input, count: 1, seed: seed)[0]
        var generator = SeededGenerator(seed: seed)
        let high = Int32(1) << Int32(network.activationBits - 1) - 1
        let random = (0..<network.input.count).map { _ in Int32.random(in: -high - 1...high, using: &generator) }
        return [
            try network.quantizedInput(image), IntegerTensor(shape: network.input, values: random),
            IntegerTensor(shape: network.input, values: random.map { $0 < 0 ? -high - 1 : high }),
        ]
    }

    @Test(.enabled(if: NumpyReference.isThere, "\(NumpyReference.reason)"), arguments: UInt64(1)...36)
    func everyLayerIsWhatNumpyComputes(seed: UInt64) throws {
        let (_, network) = try quantize(seed: seed)
        let inputs = try inputs(network, seed: seed)
        let expected = try NumpyReference.run(network, inputs: inputs)
        for (input, expected) in zip(inputs, expected) {
            var tensors = try ReferenceModel.inferAll(network, input: input)
            for name in [Network.inputName] + network.concatenations.map(\.name) { tensors[name] = nil }
            #expect(tensors == expected)
        }
    }

    @Test(arguments: UInt64(100)...400)
    func noInputBreaksTheBounds(seed: UInt64) throws {
        let (_, network) = try quantize(seed: seed)
        for input in try inputs(network, seed: seed) {
            _ = try ReferenceModel.infer(network, input: input)
        }
    }

    @Test(arguments: UInt64(500)...540)
    func sixteenBitsAreNearTheFloatNetwork(seed: UInt64) throws {
        let network = RandomNetwork.make(seed: seed)
        let images = SyntheticImages.make(shape: network.input, count: 2, seed: seed)
        let (quantized, report) = try Quantizer.quantize(
            network,
            options: QuantizationOptions(
                scheme: .fixed(bits: 16), activationScale: seed % 2 == 0 ? .multiplier : .powerOfTwo),
            calibration: images)
        let floats = try FloatExecutor.inferAll(network.withoutClips, input: images[0])
        let integers = try ReferenceModel.inferAll(quantized, input: quantized.quantizedInput(images[0]))
        for entry in report.layers {
            // A second copy of a concatenation's part has a name of its own.
            if entry.kind == "shortcut", entry.tensor.contains("/") { continue }
            let expected = try #require(floats[entry.tensor])
            let values = try #require(integers[entry.name]).values(
                exponent: entry.outputExponent, mantissa: entry.outputMantissa)
            let error = zip(expected, values).map { abs($0 - $1) }.max() ?? 0
            let range = expected.map { abs($0) }.max() ?? 0
            #expect(error <= 0.005 * max(range, 0.01), "\(entry.name): error \(error) of \(range)")
        }
    }

    @Test(arguments: UInt64(600)...640)
    func weightsFitTheirFormats(seed: UInt64) throws {
        for layer in try quantize(seed: seed).1.layers {
            guard case .convolution(let weights, let format, _) = layer.operation else { continue }
            #expect(weights.allSatisfy(format.holds), "\(layer.name)")
        }
    }

    @Test(arguments: UInt64(700)...720)
    func anArchiveReadsBackEqual(seed: UInt64) throws {
        let (_, network) = try quantize(seed: seed)
        try Scratch.with { directory in
            try QuantizedNetworkArchive.write(network, to: directory)
            #expect(try QuantizedNetworkArchive.read(from: directory) == network)
        }
    }
}
