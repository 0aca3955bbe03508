// Is the graph one?

import Diagnostics
import Networks

extension Lowering {
    /// Names, operand counts, shapes and array lengths of one layer.
    func check(_ layer: Layer) throws {
        func require(_ condition: Bool, _ message: String) throws {
            if !condition { throw InputError(at: "layer \(layer.name) (\(layer.kind.name))", message) }
        }
        try require(shapes[layer.name] == nil, "the name is used twice")
        let operands = layer.kind == .concat ? 1...max(1, layer.inputs.count) : layer.kind == .add ? 2...2 : 1...1
        try require(operands.contains(layer.inputs.count), "has \(layer.inputs.count) inputs")
        for name in layer.inputs { try require(shapes[name] != nil, "input '\(name)' is not an earlier layer") }
        let input = inputShape(of: layer)
        let output = layer.output
        let expected = try expectedShape(of: layer, input: input)
        try require(expected == output, "declares output \(output), but computes \(expected)")
        switch layer.kind {
        case .convolution(let window, let outputs, let groups, let weights, let bias):
            try require(input.channels % groups == 0 && outputs % groups == 0, "groups do not divide the channels")
            let patch = input.channels / groups * window.kernelHeight * window.kernelWidth
            try require(weights.values.count == outputs * patch, "has \(weights.values.count) weights")
            try require(bias.isEmpty || bias.count == outputs, "has \(bias.count) biases")
        case .fullyConnected(let outputs, let weights, let bias):
            try require(weights.values.count == outputs * input.count, "has \(weights.values.count) weights")
            try require(bias.isEmpty || bias.count == outputs, "has \(bias.count) biases")
        case .affine(let scale, let shift):
            try require(scale.count == input.channels && shift.count == input.channels, "one entry per channel")
        case .add:
            try require(shapes[layer.inputs[1]] == input, "adds tensors of different shapes")
        case .concat:
            let fits = layer.inputs.allSatisfy { name in
                shapes[name]?.height == input.height && shapes[name]?.width == input.width
            }
            try require(fits, "joins maps of different rows or columns")
        case .permuteChannels(let order):
            try require(order.sorted() == Array(0..<input.channels), "the order is no permutation of the channels")
        case .host(let function):
            if let rule = function.brokenRule { try require(false, rule) }
        default: break
        }
    }

    private func expectedShape(of layer: Layer, input: Shape) throws -> Shape {
        func windowed(_ window: Window, channels: Int) -> Shape {
            Shape(
                channels: channels, height: window.outputHeight(input.height),
                width: window.outputWidth(input.width))
        }
        return switch layer.kind {
        case .convolution(let window, let outputs, _, _, _): windowed(window, channels: outputs)
        case .fullyConnected(let outputs, _, _): Shape(channels: outputs, height: 1, width: 1)
        case .affine, .relu, .add, .permuteChannels, .clip, .host: input
        case .concat:
            Shape(
                channels: layer.inputs.reduce(0) { $0 + (shapes[$1]?.channels ?? 0) }, height: input.height,
                width: input.width)
        case .maxPool(let window), .averagePool(let window, _): windowed(window, channels: input.channels)
        case .globalAveragePool: Shape(channels: input.channels, height: 1, width: 1)
        case .subsample(let stride, let before, let after):
            Shape(
                channels: before + input.channels + after, height: (input.height - 1) / stride + 1,
                width: (input.width - 1) / stride + 1)
        }
    }
}
