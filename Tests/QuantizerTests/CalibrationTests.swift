// Does each calibration method choose the range that it promises?
import Diagnostics
import Foundation
import Networks
import Quantizer
import ReferenceModel
import Support
import TestSupport
import Testing

@Suite struct CalibrationTests {
    /// A ReLU after a 1x1 convolution with weight 1, and a pooling behind it so that neither is the output.
    private func exponents(
        _ image: [Float], _ method: CalibrationMethod, bits: Int = 8, percentile: Double = 99
    ) throws -> (input: Int, inner: Int, output: Int) {
        let shape = Shape(channels: 1, height: 1, width: image.count)
        let kind = LayerKind.convolution(
            window: Window(kernel: 1), outputs: 1, groups: 1, weights: Weights(values: [1]), bias: [])
        let layers = [
            Layer(name: "conv", kind: kind, inputs: [Network.inputName], output: shape),
            Layer(name: "last", kind: kind, inputs: ["conv"], output: shape),
        ]
        let options = QuantizationOptions(
            scheme: .fixed(bits: 8), activationBits: bits, calibration: method, percentile: percentile)
        let network = try Quantizer.quantize(
            Network(name: "one", input: shape, layers: layers), options: options, calibration: [image]
        ).0
        return (network.inputExponent, network.layers[0].outputExponent, network.layers[1].outputExponent)
    }

    /// Normal values and some that lie far out.
    private func image(outliers: [Float], seed: UInt64) -> [Float] { normalWeights(20000, seed: seed) + outliers }

    private func squaredError(_ values: [Float], exponent: Int, bits: Int) -> Double {
        let step = scalbn(1.0, exponent)
        let high = Double((1 << (bits - 1)) - 1)
        return values.reduce(0) { sum, value in
            let code = min(max((Double(value) / step).rounded(.toNearestOrEven), -high), high)
            let error = Double(value) - code * step
            return sum + error * error
        }
    }

    @Test func maximumCoversEveryValue() throws {
        let exponent = try exponents([0.1, -127, 3], .max).input
        #expect(exponent == 0)
        #expect(try exponents([0.1, 127.5, 3], .max).input == 1)
    }

    @Test func percentileLeavesOutTheRest() throws {
        // 1000 values, 5 of them near 100: the 99th percentile is 1, the 99.9th is 100.
        let values = [Float](repeating: 1, count: 995) + [Float](repeating: 100, count: 5)
        #expect(try exponents(values, .max).input == 0)
        #expect(try exponents(values, .percentile, percentile: 99.9).input == 0)
        #expect(try exponents(values, .percentile, percentile: 99).input == -6)
        #expect(try exponents(values, .percentile, percentile: 100).input == 0)
        let zeros = values + [Float](repeating: 0, count: 100_000)
        #expect(try exponents(zeros, .percentile, percentile: 99.9).input == 0, "zeros do not count")
    }

    @Test(arguments: [[], [3], [30], [30, 40, 50], [200]] as [[Float]])
    func squaredErrorIsThatOfASearch(outliers: [Float]) throws {
        let values = image(outliers: outliers, seed: 31)
        let found = try exponents(values, .mse).input
        let largest = try exponents(values, .max).input
        let errors = (largest - 8...largest).map { squaredError(values, exponent: $0, bits: 8) }
        let best = errors.min() ?? 0
        #expect(found <= largest)
        #expect(squaredError(values, exponent: found, bits: 8) <= 1.05 * best)
    }

    @Test func divergenceClipsOutliersAndNothingElse() throws {
        var generator = SeededGenerator(seed: 5)
        let uniform = (0..<20000).map { _ in generator.uniform(in: -1...1) }
        #expect(try exponents(uniform, .kl).input == exponents(uniform, .max).input)
        let values = image(outliers: [50], seed: 32)
        let (clipped, whole) = (try exponents(values, .kl).input, try exponents(values, .max).input)
        #expect(clipped < whole)
        #expect(scalbn(127.0, clipped) > 0.2, "two standard deviations remain")
    }

    @Test(arguments: CalibrationMethod.allCases)
    func theOutputIsNeverClipped(method: CalibrationMethod) throws {
        let values = image(outliers: [200], seed: 33)
        let found = try exponents(values, method)
        #expect(found.output == (try exponents(values, .max).output))
        #expect(found.inner <= (try exponents(values, .max).inner))
    }

    @Test(arguments: CalibrationMethod.allCases)
    func aTensorOfZerosCountsAsOfRangeOne(method: CalibrationMethod) throws {
        #expect(try exponents([0, 0, 0], method).input == -6)
    }

    @Test func percentilesThatDoNotExistAreRefused() {
        for percentile in [49, 101, Double.nan] {
            #expect(throws: InputError.self) { try exponents([1], .percentile, percentile: percentile) }
        }
    }

    // MARK: scales that are no powers of two

    /// A convolution, a residual block and a maximum: input, c0, and what c0 is tied to by additions and the maximum.
    private func residualNetwork() -> Network {
        let shape = Shape(channels: 2, height: 4, width: 4)
        func convolution(_ seed: UInt64) -> LayerKind {
            .convolution(
                window: Window(kernel: 3, pad: 1), outputs: 2, groups: 1,
                weights: Weights(values: normalWeights(36, seed: seed)), bias: [0.5, -0.25])
        }
        let layers: [(String, LayerKind, [String])] = [
            ("c0", convolution(1), ["input"]), ("c1", convolution(2), ["c0"]), ("r1", .relu, ["c1"]),
            ("c2", convolution(3), ["r1"]), ("sum", .add, ["c2", "c0"]), ("pool", .maxPool(Window(kernel: 1)), ["sum"]),
            ("c3", convolution(4), ["pool"]),
        ]
        return Network(
            name: "residual", input: shape,
            layers: layers.map { Layer(name: $0.0, kind: $0.1, inputs: $0.2, output: shape) })
    }

    @Test func multiplierScalesUseTheWholeRange() throws {
        let network = residualNetwork()
        let images = SyntheticImages.make(shape: network.input, count: 1, seed: 3)
        let options = QuantizationOptions(scheme: .fixed(bits: 16), activationBits: 8, activationScale: .multiplier)
        let (quantized, report) = try Quantizer.quantize(network, options: options, calibration: images)
        let floats = try FloatExecutor.inferAll(network, input: images[0])
        let mantissas = Dictionary(uniqueKeysWithValues: quantized.layers.map { ($0.name, $0.outputMantissa) })
        // Tensors that a sum or a maximum ties share a mantissa; the others' largest value is 127 steps.
        #expect(mantissas["c0"] == mantissas["c2"] && mantissas["c2"] == mantissas["pool"])
        for entry in report.layers where ["c1", "c3"].contains(entry.name) {
            let largest = floats[entry.tensor]!.map { abs(Double($0)) }.max()!
            let steps = largest / scalbn(entry.outputMantissa, entry.outputExponent)
            #expect(abs(steps - 127) < 1e-6, "\(entry.name): \(steps)")
        }
        #expect(try quantized.quantizedInput(images[0]).values.map(abs).max() == 127)
    }

    @Test func multiplierScalesLoseLess() throws {
        let network = residualNetwork()
        let images = SyntheticImages.make(shape: network.input, count: 4, seed: 3)
        func noise(_ rule: ActivationScaleRule) throws -> Double {
            let options = QuantizationOptions(scheme: .fixed(bits: 16), activationBits: 8, activationScale: rule)
            let quantized = try Quantizer.quantize(network, options: options, calibration: images).0
            return try images.reduce(0) { sum, image in
                let expected = try FloatExecutor.infer(network, input: image)
                let found = try ReferenceModel.infer(quantized, input: quantized.quantizedInput(image))
                let unit = quantized.outputScale
                return sum
                    + zip(expected, found.values).reduce(0) {
                        let error = Double($1.0) - Double($1.1) * unit
                        return $0 + error * error
                    }
            }
        }
        #expect(try noise(.multiplier) < 0.9 * noise(.powerOfTwo))
    }
}
