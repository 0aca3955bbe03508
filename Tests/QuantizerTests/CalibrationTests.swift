// Does each calibration method choose the range that it promises?

import Foundation
import Networks
import Quantizer
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
}
