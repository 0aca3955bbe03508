// Builds the built-in networks layer by layer, with seeded weights.
//
// Synthetic weights: He-normal, N(0, 2 / fan-in). Normalization: scale uniform in 0.8...1.2 times a gain,
// shift uniform in +-0.1; the gain is 1 except in the last normalization of a residual branch, where it is
// 0.25, so that sums grow by a few per cent a block and not by a factor. Biases: uniform in +-0.05.

import Support

struct NetworkBuilder {
    private(set) var layers: [Layer] = []
    private let input: Shape
    private let seed: UInt64
    private var generator: SeededGenerator

    /// Name of the layer added last: the default input of the next one.
    private(set) var last = Network.inputName

    init(input: Shape, seed: UInt64) {
        self.input = input
        self.seed = seed
        generator = SeededGenerator(seed: seed)
    }

    func build(name: String) -> Network {
        let origin = "synthetic, seed \(seed): He-normal, near-identity normalization"
        return Network(name: name, input: input, layers: layers, metadata: ["weights": origin])
    }

    func shape(of tensor: String) -> Shape {
        layers.last { $0.name == tensor }?.output ?? input
    }

    @discardableResult
    mutating func convolution(
        _ name: String, outputs: Int, window: Window, groups: Int = 1, bias: Bool = false, from: String? = nil
    ) -> String {
        let source = from ?? last
        let shape = shape(of: source)
        let fanIn = shape.channels / groups * window.kernelHeight * window.kernelWidth
        let kind = LayerKind.convolution(
            window: window, outputs: outputs, groups: groups, weights: weights(outputs * fanIn, fanIn: fanIn),
            bias: bias ? biases(outputs) : [])
        let output = Shape(
            channels: outputs, height: window.outputHeight(shape.height), width: window.outputWidth(shape.width))
        return append(name, kind, [source], output)
    }

    @discardableResult
    mutating func fullyConnected(_ name: String, outputs: Int) -> String {
        let fanIn = shape(of: last).count
        let kind = LayerKind.fullyConnected(
            outputs: outputs, weights: weights(outputs * fanIn, fanIn: fanIn), bias: biases(outputs))
        return append(name, kind, [last], Shape(channels: outputs, height: 1, width: 1))
    }

    @discardableResult
    mutating func normalization(_ name: String, gain: Float = 1) -> String {
        let shape = shape(of: last)
        let scale = (0..<shape.channels).map { _ in gain * generator.uniform(in: 0.8...1.2) }
        let shift = (0..<shape.channels).map { _ in generator.uniform(in: -0.1...0.1) }
        return append(name, .affine(scale: scale, shift: shift), [last], shape)
    }

    @discardableResult
    mutating func relu(_ name: String) -> String { append(name, .relu, [last], shape(of: last)) }

    @discardableResult
    mutating func clip(_ name: String, minimum: Float, maximum: Float) -> String {
        append(name, .clip(minimum: minimum, maximum: maximum), [last], shape(of: last))
    }

    @discardableResult
    mutating func add(_ name: String, _ first: String, _ second: String) -> String {
        append(name, .add, [first, second], shape(of: first))
    }

    @discardableResult
    mutating func maxPool(_ name: String, window: Window) -> String {
        let shape = shape(of: last)
        let output = Shape(
            channels: shape.channels, height: window.outputHeight(shape.height),
            width: window.outputWidth(shape.width))
        return append(name, .maxPool(window), [last], output)
    }

    @discardableResult
    mutating func averagePool(_ name: String, window: Window) -> String {
        let shape = shape(of: last)
        let output = Shape(
            channels: shape.channels, height: window.outputHeight(shape.height),
            width: window.outputWidth(shape.width))
        return append(name, .averagePool(window, divisor: .kernelArea), [last], output)
    }

    @discardableResult
    mutating func concat(_ name: String, _ parts: [String]) -> String {
        var output = shape(of: parts[0])
        output.channels = parts.reduce(0) { $0 + shape(of: $1).channels }
        return append(name, .concat, parts, output)
    }

    @discardableResult
    mutating func globalAveragePool(_ name: String) -> String {
        append(name, .globalAveragePool, [last], Shape(channels: shape(of: last).channels, height: 1, width: 1))
    }

    @discardableResult
    mutating func subsample(_ name: String, stride: Int, outputs: Int, from: String) -> String {
        let shape = shape(of: from)
        let added = outputs - shape.channels
        let output = Shape(
            channels: outputs, height: (shape.height - 1) / stride + 1, width: (shape.width - 1) / stride + 1)
        let kind = LayerKind.subsample(
            stride: stride, channelsBefore: added / 2, channelsAfter: added - added / 2)
        return append(name, kind, [from], output)
    }

    /// Convolution, normalization and, unless told otherwise, ReLU: NAME, NAME.bn, NAME.relu.
    @discardableResult
    mutating func normalizedConvolution(
        _ name: String, outputs: Int, window: Window, relu hasReLU: Bool = true, gain: Float = 1,
        from: String? = nil
    ) -> String {
        convolution(name, outputs: outputs, window: window, from: from)
        normalization("\(name).bn", gain: gain)
        return hasReLU ? relu("\(name).relu") : last
    }

    private mutating func append(_ name: String, _ kind: LayerKind, _ inputs: [String], _ output: Shape) -> String {
        layers.append(Layer(name: name, kind: kind, inputs: inputs, output: output))
        last = name
        return name
    }

    private mutating func weights(_ count: Int, fanIn: Int) -> Weights {
        let deviation = (2 / Float(fanIn)).squareRoot()
        return Weights(values: generator.normals(count, deviation: deviation))
    }

    private mutating func biases(_ count: Int) -> [Float] {
        (0..<count).map { _ in generator.uniform(in: -0.05...0.05) }
    }
}
