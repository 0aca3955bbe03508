// Runs the float network: the source of activation ranges, and the yardstick of quantization.
// Single precision; the order of additions is this file's own, so results differ from other engines by rounding.

import Diagnostics
import Networks

/// Float inference.
public enum FloatExecutor {
    /// The last layer's output for one channel-major image.
    public static func infer(_ network: Network, input: [Float]) throws -> [Float] {
        let tensors = try inferAll(network, input: input)
        return tensors[network.layers.last?.name ?? Network.inputName] ?? input
    }

    /// Every tensor by name, the input as `Network.inputName`. Throws `InputError` when an image or a layer's
    /// input does not fit. Cost: about 0.2 ns a multiply-accumulate in a release build.
    public static func inferAll(_ network: Network, input: [Float]) throws -> [String: [Float]] {
        guard input.count == network.input.count else {
            throw InputError(
                at: "image", "has \(input.count) values; \(network.name) takes \(network.input.count)")
        }
        var tensors = [Network.inputName: input]
        var shapes = [Network.inputName: network.input]
        for layer in network.layers {
            let operands = try layer.inputs.map { name -> FloatMap in
                guard let values = tensors[name], let shape = shapes[name] else {
                    throw InputError(at: "layer \(layer.name)", "input '\(name)' is not an earlier layer")
                }
                return FloatMap(shape: shape, values: values)
            }
            tensors[layer.name] = output(of: layer, operands: operands)
            shapes[layer.name] = layer.output
        }
        return tensors
    }

    private static func output(of layer: Layer, operands: [FloatMap]) -> [Float] {
        let input = operands[0]
        switch layer.kind {
        case .convolution(let window, _, let groups, let weights, let bias):
            return FloatConvolution(window: window, groups: groups, output: layer.output)
                .apply(to: input, weights: weights.values, bias: bias)
        case .fullyConnected(_, let weights, let bias):
            let shape = input.shape
            let window = Window(kernelHeight: shape.height, kernelWidth: shape.width)
            return FloatConvolution(window: window, groups: 1, output: layer.output)
                .apply(to: input, weights: weights.values, bias: bias)
        case .affine(let scale, let shift):
            return input.mapChannels { channel, value in scale[channel] * value + shift[channel] }
        case .relu:
            return input.values.map { max($0, 0) }
        case .add:
            return zip(input.values, operands[1].values).map { $0 + $1 }
        case .maxPool(let window):
            return input.pool(window, output: layer.output, initial: -.infinity) { max($0, $1) }
        case .averagePool(let window, let divisor):
            let sums = input.pool(window, output: layer.output, initial: 0) { $0 + $1 }
            let counts = divisor.counts(window, input: input.shape, output: layer.output)
            return sums.indices.map { sums[$0] / Float(counts[$0 % counts.count]) }
        case .globalAveragePool:
            let window = Window(kernelHeight: input.shape.height, kernelWidth: input.shape.width)
            let divisor = Float(input.shape.height * input.shape.width)
            return input.pool(window, output: layer.output, initial: 0) { $0 + $1 }.map { $0 / divisor }
        case .subsample(let stride, let before, _):
            return input.subsample(stride: stride, channelsBefore: before, output: layer.output)
        case .concat: return operands.flatMap(\.values)
        case .permuteChannels(let order): return input.permuted(order)
        case .clip(let minimum, let maximum): return input.values.map { min(max($0, minimum), maximum) }
        case .host(.localResponseNormalization(let constants)): return input.normalized(constants)
        }
    }
}
