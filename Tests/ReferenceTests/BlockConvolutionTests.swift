// Do convolutions sixteen positions at a time give the sums of the plain loop?

import Networks
import Support
import TestSupport
import Testing

@testable import ReferenceModel

@Suite struct BlockConvolutionTests {
    /// What a layer's values reach: sums of 32 bits, several runs of 32 bits, products at the limit of 32 bits.
    struct Sizes: CustomTestStringConvertible, Sendable {
        var weight: Int32
        var value: Int32
        var testDescription: String { "weights to \(weight), values to \(value)" }

        static let all = [
            Sizes(weight: 1, value: 127), Sizes(weight: 127, value: 32767), Sizes(weight: 4095, value: 32767),
            Sizes(weight: 8191, value: 32767), Sizes(weight: 32767, value: 32768),
        ]
    }

    private func layer(_ random: inout SeededGenerator, weight: Int32) -> QuantizedLayer {
        func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
        let groups = pick(1...3)
        let (inputs, outputs) = (groups * pick(1...5), groups * pick(1...6))
        let window = Window(
            kernelHeight: pick(1...5), kernelWidth: pick(1...5), strideHeight: pick(1...3), strideWidth: pick(1...3),
            padTop: pick(0...3), padLeft: pick(0...3), padBottom: pick(0...3), padRight: pick(0...3),
            dilationHeight: pick(1...2), dilationWidth: pick(1...2))
        let input = Shape(
            channels: inputs, height: window.extentHeight + pick(0...9), width: window.extentWidth + pick(0...9))
        let taps = inputs / groups * window.kernelHeight * window.kernelWidth
        let weights = (0..<outputs * taps).map { _ in Int32.random(in: -weight...weight, using: &random) }
        return QuantizedLayer(
            name: "a", kind: "convolution",
            operation: .convolution(weights: weights, format: .fixed(bits: 16), groups: groups), window: window,
            input: Network.inputName, residual: nil, inputShape: input,
            outputShape: Shape(
                channels: outputs, height: window.outputHeight(input.height),
                width: window.outputWidth(input.width)),
            requantization: Requantization(preShift: 0, multiplier: [], bias: [], shift: 0, relu: false),
            outputExponent: 0, macs: 0)
    }

    @Test(arguments: Sizes.all)
    func sumsAreThoseOfThePlainLoop(sizes: Sizes) throws {
        var random = SeededGenerator(seed: UInt64(sizes.weight))
        var compared = 0
        for _ in 0..<100 {
            let layer = layer(&random, weight: sizes.weight)
            guard case .convolution(let weights, _, let groups) = layer.operation else { continue }
            var input = IntegerTensor(zeros: layer.inputShape)
            for index in input.values.indices {
                input.values[index] = Int32.random(in: -sizes.value...sizes.value - 1, using: &random)
            }
            let plain = ReferenceModel.convolvePlainly(input, weights: weights, groups: groups, layer: layer)
            #expect(ReferenceModel.convolve(input, weights: weights, groups: groups, layer: layer) == plain)
            let blocks = ReferenceModel.convolveInBlocks(input, weights: weights, groups: groups, layer: layer)
            if let blocks {
                compared += 1
                #expect(blocks == plain)
            }
        }
        #expect(compared > 50, "the blocks did the work")
    }

    /// The largest values that there are: every sum is at its bound.
    @Test func extremesDoNotOverflow() throws {
        let shape = Shape(channels: 8, height: 4, width: 4)
        let window = Window(kernel: 3, pad: 1)
        for weight in [-32768, -8191, 8191, 32767] as [Int32] {
            let weights = [Int32](repeating: weight, count: 8 * 8 * 9)
            var random = SeededGenerator(seed: 1)
            var layer = layer(&random, weight: 1)
            layer.window = window
            (layer.inputShape, layer.outputShape) = (shape, shape)
            let input = IntegerTensor(shape: shape, values: [Int32](repeating: -32768, count: shape.count))
            let plain = ReferenceModel.convolvePlainly(input, weights: weights, groups: 1, layer: layer)
            let largest = UInt64(weight.magnitude) * 32768 * 72
            #expect(plain.max()?.magnitude == largest || plain.min()?.magnitude == largest)
            #expect(ReferenceModel.convolveInBlocks(input, weights: weights, groups: 1, layer: layer) == plain)
        }
    }
}
