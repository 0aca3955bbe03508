// Runs the float network: the source of activation ranges, and the yardstick of quantization.
// Single precision; the order of additions is this file's own, so results differ from other engines by rounding.
//
// Several images go through a layer together, so that its weights are laid out once. A tensor is let go behind its last
// reader, which works in its place where it can: calibration is as much a matter of memory as of arithmetic.

import Diagnostics
import Networks

/// Float inference.
public enum FloatExecutor {
    /// The last layer's output for one channel-major image.
    public static func infer(_ network: Network, input: [Float]) throws -> [Float] {
        let output = network.layers.last?.name ?? Network.inputName
        var result = input
        try visit(network, images: [input]) { name, values in
            if name == output { result = values }
        }
        return result
    }

    /// Every tensor by name, the input as `Network.inputName`. Throws `InputError` when an image or a layer's
    /// input does not fit. Cost: about 0.05 ns a multiply-accumulate in a release build.
    public static func inferAll(_ network: Network, input: [Float]) throws -> [String: [Float]] {
        var tensors: [String: [Float]] = [:]
        try visit(network, images: [input]) { tensors[$0] = $1 }
        return tensors
    }

    /// Shows every tensor of every image by name, layer by layer for some images at a time. Throws as `inferAll` does.
    static func visit(
        _ network: Network, images: [[Float]], _ show: (_ name: String, _ values: [Float]) throws -> Void
    ) throws {
        let largest = network.layers.map(\.output.count).max() ?? 1
        let together = min(8, max(1, (8 << 20) / max(1, largest)))
        for start in stride(from: 0, to: images.count, by: together) {
            let some = images[start..<min(start + together, images.count)]
            for image in some where image.count != network.input.count {
                throw InputError(
                    at: "image", "has \(image.count) values; \(network.name) takes \(network.input.count)")
            }
            var batch = FloatBatch(network, images: Array(some))
            try batch.run(show)
        }
    }
}

/// The tensors of some images that later layers still read.
private struct FloatBatch {
    private let network: Network
    private var tensors: [String: [FloatMap]]
    /// Index of the last layer that reads a tensor.
    private var lastReaders: [String: Int] = [:]

    init(_ network: Network, images: [[Float]]) {
        self.network = network
        tensors = [Network.inputName: images.map { FloatMap(shape: network.input, values: $0) }]
        for (index, layer) in network.layers.enumerated() {
            for name in layer.inputs { lastReaders[name] = index }
        }
    }

    mutating func run(_ show: (String, [Float]) throws -> Void) throws {
        for map in tensors[Network.inputName] ?? [] { try show(Network.inputName, map.values) }
        for (index, layer) in network.layers.enumerated() {
            var operands = try operands(of: layer, at: index)
            let maps = compute(layer, &operands)
            for map in maps { try show(layer.name, map.values) }
            if lastReaders[layer.name] != nil { tensors[layer.name] = maps }
        }
    }

    /// The operands of a layer, image by image within each; those that nothing else reads are taken out.
    private mutating func operands(of layer: Layer, at index: Int) throws -> [[FloatMap]] {
        let operands = try layer.inputs.map { name -> [FloatMap] in
            guard let maps = tensors[name] else {
                throw InputError(at: "layer \(layer.name)", "input '\(name)' is not an earlier layer")
            }
            return maps
        }
        for name in layer.inputs where lastReaders[name] == index { tensors[name] = nil }
        return operands
    }

    /// Takes the first operand out of `operands`, so that its memory can become the result's.
    private func compute(_ layer: Layer, _ operands: inout [[FloatMap]]) -> [FloatMap] {
        switch layer.kind {
        case .convolution(let window, _, let groups, let weights, let bias):
            return FloatConvolution(window: window, groups: groups, output: layer.output)
                .apply(to: operands[0], weights: weights.values, bias: bias)
        case .fullyConnected(_, let weights, let bias):
            let shape = operands[0].first?.shape ?? network.input
            let window = Window(kernelHeight: shape.height, kernelWidth: shape.width)
            return FloatConvolution(window: window, groups: 1, output: layer.output)
                .apply(to: operands[0], weights: weights.values, bias: bias)
        case .affine, .relu, .add, .maxPool, .averagePool, .globalAveragePool, .subsample, .concat, .permuteChannels,
            .clip, .host:
            var results = operands.removeFirst()
            for image in results.indices { results[image].become(layer, operands.map { $0[image] }) }
            return results
        }
    }
}

extension FloatMap {
    /// Becomes the output of a layer whose first operand it is; `more` are the other operands.
    fileprivate mutating func become(_ layer: Layer, _ more: [FloatMap]) {
        let input = shape
        switch layer.kind {
        case .convolution, .fullyConnected: preconditionFailure("\(layer.name): convolutions take several images")
        case .affine(let scale, let shift): scaleChannels(scale, shift)
        case .relu: rectify()
        case .add: add(more[0])
        case .clip(let minimum, let maximum): clip(minimum, maximum)
        case .maxPool(let window): values = pool(window, output: layer.output, initial: -.infinity) { max($0, $1) }
        case .averagePool(let window, let divisor):
            let sums = pool(window, output: layer.output, initial: 0) { $0 + $1 }
            let counts = divisor.counts(window, input: input, output: layer.output)
            values = sums.indices.map { sums[$0] / Float(counts[$0 % counts.count]) }
        case .globalAveragePool:
            let window = Window(kernelHeight: input.height, kernelWidth: input.width)
            let divisor = Float(input.height * input.width)
            values = pool(window, output: layer.output, initial: 0) { $0 + $1 }.map { $0 / divisor }
        case .subsample(let stride, let before, _):
            values = subsample(stride: stride, channelsBefore: before, output: layer.output)
        case .concat: values = ([self] + more).flatMap(\.values)
        case .permuteChannels(let order): values = permuted(order)
        case .host(.localResponseNormalization(let constants)): values = normalized(constants)
        }
        shape = layer.output
    }
}
