// Operators on codes that onnxruntime adds to the standard ones (domain com.microsoft): what its quantizer writes in the
// operator-oriented format. Values as in GraphTranslator+Quantization.swift.

import Networks

extension GraphTranslator {
    mutating func quantizedOperator(_ node: Node) throws {
        switch node.operation {
        case "QLinearAdd": try quantizedAddition(node)
        case "QLinearConcat": try quantizedConcatenation(node)
        case "QGemm": try quantizedGemm(node)
        default: try quantizedPool(node)
        }
    }

    private mutating func quantizedAddition(_ node: Node) throws {
        try node.acceptAttributes()
        let first = try storedActivation(node, 0, parameters: (1, 2))
        let second = try storedActivation(node, 3, parameters: (4, 5))
        guard first.shape == second.shape, first.rank == second.rank else {
            throw node.unsupported(
                "operands \(first.shapeText) and \(second.shapeText)", supported: "operands of equal shape")
        }
        try appendStored(
            node, .add, inputs: [first, second], shape: first.shape, rank: first.rank, parameters: (6, 7))
    }

    /// Inputs: scale and zero point of the output, then three of each part.
    private mutating func quantizedConcatenation(_ node: Node) throws {
        try node.acceptAttributes("axis")
        let places = stride(from: 2, to: node.proto.input.count, by: 3)
        let parts = try places.map { try storedActivation(node, $0, parameters: ($0 + 1, $0 + 2)) }
        guard let first = parts.first else { throw node.invalid("input 2 is missing") }
        let axis = try normalized(node, node.integer("axis", default: 1), rank: first.rank)
        guard axis == 1 else { throw node.unsupported("axis \(axis)", supported: "axis 1, the channels") }
        let values = parts.map { part in
            var value = part
            value.codes = nil
            return value
        }
        let shape = try joinedShape(node, values)
        try appendStored(node, .concat, inputs: values, shape: shape, rank: first.rank, parameters: (0, 1))
    }

    private mutating func quantizedPool(_ node: Node) throws {
        try node.requireInteger("channels_last", 0)
        let input = try storedActivation(node, 0, parameters: (1, 2))
        guard input.rank == 4 else { throw node.invalid("input 0 is \(input.shapeText); needed is [N, C, H, W]") }
        var shape = Shape(channels: input.shape.channels, height: 1, width: 1)
        var kind = LayerKind.globalAveragePool
        if node.operation == "QLinearAveragePool" {
            (kind, shape) = try averageKind(node, on: input.shape)
        } else {
            try node.acceptAttributes("channels_last")
        }
        try appendStored(node, kind, inputs: [input], shape: shape, rank: 4, parameters: (3, 4))
    }

    /// alpha * A * B' + C; the output is float where its scale is left out.
    private mutating func quantizedGemm(_ node: Node) throws {
        try node.acceptAttributes("alpha", "transA", "transB")
        try node.requireInteger("transA", 0)
        let alpha = try node.float("alpha", default: 1)
        guard alpha == 1 else { throw node.unsupported("alpha = \(alpha)", supported: "alpha = 1") }
        let outputsFirst = try node.integer("transB", default: 0) != 0
        let input = try vector(node, storedActivation(node, 0, parameters: (1, 2)))
        let tensor = try dequantized(node, constant(node, 3), parameters: (4, 5), axis: outputsFirst ? 0 : 1)
        let (weights, outputs) = try denseWeights(node, tensor, input: input, outputsFirst: outputsFirst)
        let bias = try node.input(6) == nil ? [] : quantizedBias(node, 6, input: oneScale(node, 1))
        guard bias.isEmpty || bias.count == outputs else {
            throw node.invalid("\(bias.count) biases for \(outputs) outputs")
        }
        let kind = LayerKind.fullyConnected(outputs: outputs, weights: weights, bias: bias)
        let shape = Shape(channels: outputs, height: 1, width: 1)
        if node.input(7) == nil { return try append(node, kind, inputs: [input], shape: shape, rank: 2) }
        try appendStored(node, kind, inputs: [input], shape: shape, rank: 2, parameters: (7, 8))
    }
}
