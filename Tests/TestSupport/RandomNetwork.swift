// Random small float networks that exercise every layer kind, window and fusion.

import Networks
import Support

/// Builds one network from a seed; equal seeds give equal networks.
package struct RandomNetwork {
    private var generator: SeededGenerator
    private var layers: [Layer] = []
    private var tensors: [(name: String, shape: Shape)]

    /// The network of a seed.
    package static func make(seed: UInt64) -> Network {
        var builder = RandomNetwork(seed: seed)
        let input = builder.tensors[0].shape
        for _ in 0..<builder.integer(3...9) { builder.appendRandomLayer() }
        if builder.integer(0...1) == 1 { builder.appendClassifier() }
        return Network(name: "random\(seed)", input: input, layers: builder.layers)
    }

    private init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
        let shape = Shape(
            channels: Int.random(in: 1...6, using: &generator), height: Int.random(in: 5...14, using: &generator),
            width: Int.random(in: 5...14, using: &generator))
        tensors = [(Network.inputName, shape)]
    }

    private mutating func integer(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }

    private var last: (name: String, shape: Shape) { tensors[tensors.count - 1] }

    private mutating func appendRandomLayer() {
        if integer(0...3) == 0 { tensors.append(tensors[integer(0...tensors.count - 1)]) }
        switch integer(0...14) {
        case 0...3: appendConvolution()
        case 4: appendAffine()
        case 5: append(.relu, [last.name], last.shape)
        case 6: appendAddition()
        case 7: appendPool()
        case 8: appendSubsample()
        case 9:
            append(
                .permuteChannels(order: (0..<last.shape.channels).shuffled(using: &generator)), [last.name], last.shape)
        case 10: appendClip()
        case 11: appendNormalization()
        case 12, 13: appendConcatenation()
        default:
            appendConvolution()
            appendAffine()
            appendAddition()
        }
    }

    private mutating func append(_ kind: LayerKind, _ inputs: [String], _ output: Shape) {
        let name = "l\(layers.count)"
        layers.append(Layer(name: name, kind: kind, inputs: inputs, output: output))
        tensors.append((name, output))
    }

    private mutating func window() -> Window {
        Window(
            kernelHeight: integer(1...3), kernelWidth: integer(1...4), strideHeight: integer(1...2),
            strideWidth: integer(1...3), padTop: integer(0...2), padLeft: integer(0...2), padBottom: integer(0...2),
            padRight: integer(0...1))
    }

    private mutating func dilated(_ window: Window) -> Window {
        var window = window
        if integer(0...3) == 0 { (window.dilationHeight, window.dilationWidth) = (integer(1...2), integer(1...3)) }
        return window
    }

    /// Batch normalization and ReLU of a tensor that others read too, as DenseNet has them, in half of the cases.
    private mutating func appendConcatenation() {
        let (height, width) = (last.shape.height, last.shape.width)
        let partners = tensors.filter { $0.shape.height == height && $0.shape.width == width }
        var parts = (0..<integer(0...2)).map { _ in partners[integer(0...partners.count - 1)] }
        parts.insert(last, at: integer(0...parts.count))
        let channels = parts.reduce(0) { $0 + $1.shape.channels }
        guard channels <= 24 else { return }
        append(.concat, parts.map(\.name), Shape(channels: channels, height: height, width: width))
        if integer(0...1) == 1 {
            appendAffine()
            append(.relu, [last.name], last.shape)
            appendConvolution()
        }
    }

    private mutating func appendClip() {
        let bounds: [(Float, Float)] = [
            (0, 1), (-0.5, 1), (-.infinity, 0.5), (-0.25, .infinity), (-.infinity, .infinity),
        ]
        let (minimum, maximum) = bounds[integer(0...bounds.count - 1)]
        append(.clip(minimum: minimum, maximum: maximum), [last.name], last.shape)
    }

    private mutating func appendNormalization() {
        let constants = LocalResponseNormalization(size: integer(1...5), alpha: 1e-6, beta: 0.75, bias: 1)
        append(.host(.localResponseNormalization(constants)), [last.name], last.shape)
    }

    /// Half of all convolutions keep their map's size, so that additions find partners.
    private mutating func appendConvolution() {
        let input = last.shape
        let keepsSize = integer(0...1) == 1
        let window = keepsSize ? Window(kernel: 3, pad: 1) : dilated(window())
        let groups = [1, 1, input.channels, input.channels % 2 == 0 ? 2 : 1][integer(0...3)]
        let outputs = keepsSize ? input.channels : groups * integer(1...3)
        let output = Shape(
            channels: outputs, height: window.outputHeight(input.height), width: window.outputWidth(input.width))
        guard output.height > 0, output.width > 0 else { return }
        let count = outputs * input.channels / groups * window.kernelHeight * window.kernelWidth
        let kind = LayerKind.convolution(
            window: window, outputs: outputs, groups: groups, weights: Weights(values: numbers(count)),
            bias: integer(0...1) == 1 ? numbers(outputs) : [])
        append(kind, [last.name], output)
    }

    private mutating func appendAffine() {
        let channels = last.shape.channels
        append(.affine(scale: numbers(channels), shift: numbers(channels)), [last.name], last.shape)
    }

    private mutating func appendAddition() {
        let partners = tensors.filter { $0.shape == last.shape }
        let partner = partners[integer(0...partners.count - 1)]
        let inputs = integer(0...1) == 0 ? [last.name, partner.name] : [partner.name, last.name]
        append(.add, inputs, last.shape)
    }

    /// The padding is less than the kernel, as frameworks demand: no window lies in the padding alone.
    private mutating func appendPool() {
        var window = window()
        window.padTop = min(window.padTop, window.kernelHeight - 1)
        window.padBottom = min(window.padBottom, window.kernelHeight - 1)
        window.padLeft = min(window.padLeft, window.kernelWidth - 1)
        window.padRight = min(window.padRight, window.kernelWidth - 1)
        let input = last.shape
        let output = Shape(
            channels: input.channels, height: window.outputHeight(input.height),
            width: window.outputWidth(input.width))
        guard output.height > 0, output.width > 0 else { return }
        let inside = AverageDivisor.positions(
            padTop: integer(0...window.padTop), padLeft: 0, padBottom: 0, padRight: integer(0...window.padRight))
        let kinds: [LayerKind] = [
            .maxPool(window), .averagePool(window, divisor: .kernelArea), .averagePool(window, divisor: inside),
        ]
        append(kinds[integer(0...2)], [last.name], output)
    }

    private mutating func appendSubsample() {
        let input = last.shape
        let (stride, before, after) = (integer(1...2), integer(0...2), integer(0...2))
        let output = Shape(
            channels: before + input.channels + after, height: (input.height - 1) / stride + 1,
            width: (input.width - 1) / stride + 1)
        append(
            .subsample(stride: stride, channelsBefore: before, channelsAfter: after), [last.name], output)
    }

    private mutating func appendClassifier() {
        if integer(0...1) == 0 {
            append(.globalAveragePool, [last.name], Shape(channels: last.shape.channels, height: 1, width: 1))
        }
        let kind = LayerKind.fullyConnected(
            outputs: 7, weights: Weights(values: numbers(7 * last.shape.count)), bias: numbers(7))
        append(kind, [last.name], Shape(channels: 7, height: 1, width: 1))
    }

    private mutating func numbers(_ count: Int) -> [Float] { (0..<count).map { _ in generator.normal() } }
}
