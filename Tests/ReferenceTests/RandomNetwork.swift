// Random small float networks that exercise every layer kind, window and fusion.

import Networks

/// Builds one network from a seed; equal seeds give equal networks.
struct RandomNetwork {
    private var generator: SeededGenerator
    private var layers: [Layer] = []
    private var tensors: [(name: String, shape: Shape)]

    static func make(seed: UInt64) -> Network {
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
        switch integer(0...9) {
        case 0...3: appendConvolution()
        case 4: appendAffine()
        case 5: append(.relu, [last.name], last.shape)
        case 6: appendAddition()
        case 7: appendPool()
        case 8: appendSubsample()
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

    /// Half of all convolutions keep their map's size, so that additions find partners.
    private mutating func appendConvolution() {
        let input = last.shape
        let keepsSize = integer(0...1) == 1
        let window = keepsSize ? Window(kernel: 3, pad: 1) : window()
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
        append(integer(0...1) == 0 ? .maxPool(window) : .averagePool(window, divisor: .kernelArea), [last.name], output)
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
