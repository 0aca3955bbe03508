import Foundation
import Networks
import Quantizer
import Support
import Testing

/// Are the integer constants of a layer the ones nearest to its real ones?
@Suite struct RequantizationTests {
    /// A bias of the integer network is the real one in units of the sum, 2^(output exponent - shift).
    @Test(arguments: [1, 2, 3] as [UInt64]) func biasesAreTheNearestIntegers(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let count = 64
        let biases = (0..<count).map { _ in Float(random.normal()) }
        let kind = LayerKind.convolution(
            window: Window(kernel: 1), outputs: count, groups: 1,
            weights: Weights(values: normalWeights(count, seed: seed)), bias: biases)
        let layer = Layer(
            name: "conv", kind: kind, inputs: [Network.inputName],
            output: Shape(channels: count, height: 1, width: 1))
        let network = Network(name: "one", input: Shape(channels: 1, height: 1, width: 1), layers: [layer])
        let (quantized, _) = try Quantizer.quantize(
            network, options: QuantizationOptions(scheme: .nBQ(bits: 3)), calibration: [[1]])
        let result = quantized.layers[0]
        let errors = biases.indices.map { channel in
            let wanted = scalbn(Double(biases[channel]), result.requantization.shift - result.outputExponent)
            return abs(Double(result.requantization.bias[channel]) - wanted)
        }
        #expect((errors.max() ?? 1) <= 0.5)
        // Exact biases would show no rounding.
        #expect((errors.max() ?? 0) > 0.2)
    }
}
