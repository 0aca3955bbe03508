// The oracle: integer inference exactly as the file comment of QuantizedNetwork.swift and docs/internals/Numerics.md
// say.
//
// Written to be read. A convolution gathers the input patch of one output position and multiplies it with the
// weights of every output channel; sums are 64 bits wide. (ReferenceModel+Columns.swift has the same sums faster.)
// Nothing here models time, lanes or buffers.

import Networks

/// Bit-exact inference of integer networks.
public enum ReferenceModel {
    /// The output of the last layer for one image. Throws `ReferenceModelError` where the network breaks one of
    /// its own bounds (t in 27 bits, u in 48 bits, tensors of the declared shapes). Cost: 0.04 to
    /// 0.2 ns a multiply-accumulate in a release build.
    public static func infer(_ network: QuantizedNetwork, input: IntegerTensor) throws -> IntegerTensor {
        let tensors = try inferAll(network, input: input)
        return tensors[network.layers.last?.name ?? Network.inputName] ?? input
    }

    /// Every tensor by name: each layer's output, and the input as `Network.inputName`.
    public static func inferAll(
        _ network: QuantizedNetwork, input: IntegerTensor
    ) throws -> [String: IntegerTensor] {
        guard input.shape == network.input else {
            throw ReferenceModelError(layer: Network.inputName, "shape \(input.shape), not \(network.input)")
        }
        guard input.values.allSatisfy({ saturate(Int64($0), bits: network.activationBits) == $0 }) else {
            throw ReferenceModelError(
                layer: Network.inputName, "a value does not fit \(network.activationBits) bits")
        }
        var tensors = [Network.inputName: input]
        var waiting = network.concatenations
        for layer in network.layers {
            join(&waiting, &tensors)
            let operand = try tensor(layer.input, shape: layer.inputShape, of: layer, in: tensors)
            let residual = try layer.residual.map {
                try tensor($0, shape: layer.outputShape, of: layer, in: tensors)
            }
            tensors[layer.name] = try output(
                of: layer, operand: operand, residual: residual, activationBits: network.activationBits)
        }
        join(&waiting, &tensors)
        return tensors
    }

    /// Makes the concatenations whose parts exist.
    private static func join(_ waiting: inout [Concatenation], _ tensors: inout [String: IntegerTensor]) {
        waiting.removeAll { concatenation in
            let parts = concatenation.parts.compactMap { tensors[$0] }
            guard parts.count == concatenation.parts.count, var whole = parts.first else { return false }
            for part in parts.dropFirst() {
                whole.shape.channels += part.shape.channels
                whole.values += part.values
            }
            tensors[concatenation.name] = whole
            return true
        }
    }

    /// One layer on given operands.
    public static func output(
        of layer: QuantizedLayer, operand given: IntegerTensor, residual: IntegerTensor?, activationBits: Int
    ) throws -> IntegerTensor {
        try checkShapes(of: layer)
        if case .host(let function, let exponent) = layer.operation {
            return apply(function, to: given, exponent, layer: layer, activationBits: activationBits)
        }
        let operand = try layer.preActivation.map {
            try activate(given, $0, layer: layer, activationBits: activationBits)
        }
        let sums = accumulators(of: layer, operand: operand ?? given)
        return try requantize(sums, layer: layer, residual: residual, activationBits: activationBits)
    }

    /// The accumulators of one layer, before requantization, channel-major.
    static func accumulators(of layer: QuantizedLayer, operand: IntegerTensor) -> [Int64] {
        switch layer.operation {
        case .convolution(let weights, _, let groups):
            return convolve(operand, weights: weights, groups: groups, layer: layer)
        case .maxPool:
            return pool(operand, layer: layer, initial: .min) { max($0, $1) }
        case .sumPool:
            return pool(operand, layer: layer, initial: 0) { $0 + $1 }
        case .host:
            return operand.values.map(Int64.init)
        }
    }

    private static func tensor(
        _ name: String, shape: Shape, of layer: QuantizedLayer, in tensors: [String: IntegerTensor]
    ) throws -> IntegerTensor {
        guard let tensor = tensors[name] else {
            throw ReferenceModelError(layer: layer.name, "no earlier tensor is named '\(name)'")
        }
        guard tensor.shape == shape else {
            throw ReferenceModelError(layer: layer.name, "'\(name)' has shape \(tensor.shape), not \(shape)")
        }
        return tensor
    }
}
