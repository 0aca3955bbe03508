import Foundation
import Networks
import Support
import Testing

@testable import Quantizer

/// Do the fast ways of the quantizer give the bits of the plain ones, which say what is meant?
@Suite struct SameNumbersTests {
    // MARK: the float network

    /// A convolution, small enough to be done by hand.
    struct Shapes: CustomTestStringConvertible, Sendable {
        var input: Shape
        var window: Window
        var outputs: Int
        var groups = 1
        var images = 3
        var testDescription: String { "\(input), \(window.kernelHeight)x\(window.kernelWidth), \(outputs), \(groups)" }
    }

    static let shapes: [Shapes] = [
        Shapes(input: Shape(channels: 3, height: 9, width: 11), window: Window(kernel: 3, pad: 1), outputs: 5),
        Shapes(
            input: Shape(channels: 2, height: 17, width: 7), window: Window(kernel: 3, stride: 2, pad: 1), outputs: 4),
        Shapes(
            input: Shape(channels: 1, height: 23, width: 23), window: Window(kernel: 7, stride: 2, pad: 3), outputs: 9),
        Shapes(input: Shape(channels: 8, height: 5, width: 19), window: Window(kernel: 1), outputs: 6, groups: 2),
        Shapes(
            input: Shape(channels: 6, height: 6, width: 6), window: Window(kernel: 3, pad: 1), outputs: 6, groups: 6),
        Shapes(
            input: Shape(channels: 2, height: 12, width: 10),
            window: Window(
                kernelHeight: 2, kernelWidth: 3, strideHeight: 2, padTop: 1, padLeft: 2, padBottom: 0, padRight: 3,
                dilationHeight: 3, dilationWidth: 2), outputs: 3),
        // More positions, and more channels, than are worked on at a time.
        Shapes(input: Shape(channels: 1, height: 150, width: 150), window: Window(kernel: 2), outputs: 2, images: 2),
        Shapes(input: Shape(channels: 5, height: 2, width: 2), window: Window(kernel: 2), outputs: 300, images: 9),
    ]

    @Test(arguments: shapes)
    func sumsOfAConvolutionHaveTheirOrder(of shapes: Shapes) throws {
        let window = shapes.window
        let patch = shapes.input.channels / shapes.groups * window.kernelHeight * window.kernelWidth
        let output = Shape(
            channels: shapes.outputs, height: window.outputHeight(shapes.input.height),
            width: window.outputWidth(shapes.input.width))
        let weights = normalWeights(shapes.outputs * patch, seed: 1)
        let bias = normalWeights(shapes.outputs, seed: 2)
        let network = Network(
            name: "one", input: shapes.input,
            layers: [
                Layer(
                    name: "conv",
                    kind: .convolution(
                        window: window, outputs: shapes.outputs, groups: shapes.groups,
                        weights: Weights(values: weights), bias: bias), inputs: [Network.inputName], output: output)
            ])
        let images = (0..<shapes.images).map { normalWeights(shapes.input.count, seed: 3 + UInt64($0)) }
        var found: [[Float]] = []
        try FloatExecutor.visit(network, images: images) { name, values in
            if name == "conv" { found.append(values) }
        }
        let expected = images.map { plain($0, shapes, weights, bias, output) }
        #expect(found.map { $0.map(\.bitPattern) } == expected.map { $0.map(\.bitPattern) })
    }

    /// Output by output: the patch dealt out to eight sums, which are added at the end.
    private func plain(
        _ image: [Float], _ shapes: Shapes, _ weights: [Float], _ bias: [Float], _ output: Shape
    ) -> [Float] {
        let (window, input) = (shapes.window, shapes.input)
        let channels = input.channels / shapes.groups
        let patch = channels * window.kernelHeight * window.kernelWidth
        var result: [Float] = []
        for channel in 0..<output.channels {
            let first = channel / (output.channels / shapes.groups) * channels
            for (row, column) in (0..<output.height).flatMap({ row in (0..<output.width).map { (row, $0) } }) {
                var sums = [Float](repeating: 0, count: 8)
                for element in 0..<patch {
                    let tap = element % (window.kernelHeight * window.kernelWidth)
                    let y = row * window.strideHeight - window.padTop + tap / window.kernelWidth * window.dilationHeight
                    let x =
                        column * window.strideWidth - window.padLeft + tap % window.kernelWidth * window.dilationWidth
                    guard y >= 0, x >= 0, y < input.height, x < input.width else { continue }
                    let map = first + element / (window.kernelHeight * window.kernelWidth)
                    sums[element % 8] +=
                        image[(map * input.height + y) * input.width + x] * weights[channel * patch + element]
                }
                result.append(sums.dropFirst().reduce(sums[0], +) + bias[channel])
            }
        }
        return result
    }

    /// Each layer's tensor is shown before another takes its memory, and a tensor that is read again keeps its values.
    @Test func tensorsAreShownAsTheyWere() throws {
        let shape = Shape(channels: 2, height: 2, width: 2)
        func layer(_ name: String, _ kind: LayerKind, _ inputs: String...) -> Layer {
            Layer(name: name, kind: kind, inputs: inputs, output: shape)
        }
        let network = Network(
            name: "chain", input: shape,
            layers: [
                layer("scaled", .affine(scale: [2, -1], shift: [0, 1]), "input"), layer("relu", .relu, "scaled"),
                layer("sum", .add, "relu", "scaled"), layer("twice", .add, "sum", "sum"),
                layer("clipped", .clip(minimum: -3, maximum: 3), "twice"), layer("all", .add, "clipped", "input"),
            ])
        let found = try FloatExecutor.inferAll(network, input: [1, -2, 3, -4, 5, -6, 7, -8])
        let expected: [String: [Float]] = [
            "input": [1, -2, 3, -4, 5, -6, 7, -8], "scaled": [2, -4, 6, -8, -4, 7, -6, 9],
            "relu": [2, 0, 6, 0, 0, 7, 0, 9], "sum": [4, -4, 12, -8, -4, 14, -6, 18],
            "twice": [8, -8, 24, -16, -8, 28, -12, 36], "clipped": [3, -3, 3, -3, -3, 3, -3, 3],
            "all": [4, -5, 6, -7, 2, -3, 4, -5],
        ]
        #expect(found == expected)
    }

    // MARK: weights

    /// Ordinary weights, and floats that sort and compare in odd ways.
    static let weights: [[Float]] = [
        normalWeights(10_007, seed: 5), normalWeights(1 << 20, seed: 6) + normalWeights(77, seed: 7),
        [0, -0, 1, -1, 0x1p-140, -0x1p-149, 0x1p100, 3, -3, 0.5], [-2], [0, 0, 0],
    ]

    @Test(arguments: weights)
    func aSampleIsInOrder(values: [Float]) {
        let step = values.count > 1 << 20 ? 2 : 1
        let sorted = stride(from: 0, to: values.count, by: step).map { Double(abs(values[$0])) }.sorted()
        let sample = MagnitudeSample(values)
        #expect(sample.largest == sorted.last)
        for index in stride(from: 0, to: sorted.count, by: max(1, sorted.count / 50)) {
            let threshold = sorted[index]
            let below = sorted.prefix { $0 < threshold }
            let whole = sorted.reduce(0, +)
            let tail = sample.tail(from: threshold)
            #expect(tail.fraction == Double(sorted.count - below.count) / Double(sorted.count))
            #expect(tail.mean == (whole - below.reduce(0, +)) / Double(sorted.count))
        }
    }

    @Test(arguments: weights, 1...5)
    func codesFollowTheThresholds(values: [Float], bits: Int) {
        let quantizer = PowerOfTwoQuantizer(bits: bits, rule: bits == 2 ? .momentMatching : .nearest)
        let found = quantizer.quantize(values)
        guard !found.thresholds.isEmpty else { return }
        let top = max(1, (1 << (bits - 1)) - 1) - 1
        let plain = values.map { value -> Int32 in
            if value == 0 && bits > 1 { return 0 }
            guard let index = found.thresholds.firstIndex(where: { Double(abs(value)) >= $0 }) else { return 0 }
            return (value < 0 ? -1 : 1) << Int32(top - index)
        }
        let largest = plain.map(\.magnitude).max() ?? 0
        let raised = largest == 0 ? 0 : top - largest.trailingZeroBitCount
        #expect(found.codes == plain.map { $0 << Int32(raised) })
    }

    @Test(arguments: weights, [4, 8, 16])
    func fixedPointIsTheNearest(values: [Float], bits: Int) {
        let found = FixedPointQuantizer(bits: bits).quantize(values)
        let limit = Double((1 << (bits - 1)) - 1)
        let largest = Double(values.map(abs).max() ?? 0)
        guard largest > 0 else { return #expect(found.codes.allSatisfy { $0 == 0 }) }
        func code(_ value: Float, _ unit: Double) -> Int32 {
            Int32(min(max((Double(value) / unit).rounded(.toNearestOrEven), -limit), limit))
        }
        func error(_ unit: Double) -> Double {
            values.reduce(0.0) { sum, value in
                let error = Double(value) - Double(code(value, unit)) * unit
                return sum + error * error
            }
        }
        var best = (unit: largest / limit, error: Double.infinity)
        for ratio in (20...64).reversed() {
            let unit = largest / limit * Double(ratio) / 64
            let error = error(unit)
            if error < best.error { best = (unit, error) }
        }
        if values.count <= 1 << 16 {
            #expect(found.unit == best.unit)
        } else {
            // Of the small weights of a large layer a part stands for all.
            #expect(error(found.unit) <= best.error * 1.01)
        }
        #expect(found.codes == values.map { code($0, found.unit) })
    }

    static let magnitudes: [(values: [Float], largest: Float)] = [
        ([], 0), ([0, -0], 0), ([1, -3, 2], 3), ([Float](repeating: -0.5, count: 9) + [0.75], 0.75),
    ]

    @Test(arguments: magnitudes.indices)
    func theLargestMagnitudeIsFound(index: Int) {
        let (values, largest) = Self.magnitudes[index]
        #expect(LargestMagnitude.of(values) == largest)
    }

    @Test(arguments: [Float.infinity, -.infinity, .nan, -.nan], [0, 5, 8, 16])
    func whatIsNotFiniteIsNoticed(value: Float, at place: Int) {
        var values = [Float](repeating: .greatestFiniteMagnitude, count: 17)
        #expect(LargestMagnitude.of(values).isFinite)
        values[place] = value
        #expect(!LargestMagnitude.of(values).isFinite)
    }
}
