// Gemm, MatMul and its integer forms: fully connected layers.

import Networks

extension GraphTranslator {
    /// alpha * A * B' + beta * C, as weights and bias.
    mutating func gemm(_ node: Node) throws {
        try node.acceptAttributes("alpha", "beta", "broadcast", "transA", "transB")
        try node.requireInteger("transA", 0)
        let (alpha, beta) = (try finite(node, "alpha"), try finite(node, "beta"))
        let transposed = try node.integer("transB", default: 0) != 0
        let input = try vector(node, activation(node, 0))
        var (weights, outputs) = try denseWeights(
            node, realConstant(node, 1).tensor, input: input, outputsFirst: transposed)
        if alpha != 1 { weights = try scaled(node, weights, by: alpha) }
        var bias = node.input(2) == nil ? [] : try gemmBias(node, outputs: outputs)
        if beta != 1 { bias = bias.map { $0 * beta } }
        guard bias.allSatisfy(\.isFinite) else { throw node.invalid("beta = \(beta) exceeds the range of float32") }
        try appendDense(node, weights, bias, outputs, input: input)
    }

    mutating func matrixProduct(_ node: Node) throws {
        try node.acceptAttributes()
        let input = try vector(node, activation(node, 0))
        let (weights, outputs) = try denseWeights(
            node, realConstant(node, 1).tensor, input: input, outputsFirst: false)
        try appendDense(node, weights, [], outputs, input: input, pending: .bias)
    }

    mutating func integerMatrixProduct(_ node: Node) throws {
        try node.acceptAttributes()
        let (stored, tensor) = try integerOperands(node, axis: 1)
        let input = try vector(node, stored)
        let (weights, outputs) = try denseWeights(node, tensor, input: input, outputsFirst: false)
        try appendDense(node, weights, [], outputs, input: input)
    }

    mutating func quantizedMatrixProduct(_ node: Node) throws {
        try node.acceptAttributes()
        let input = try vector(node, storedActivation(node, 0, parameters: (1, 2)))
        let tensor = try dequantized(node, constant(node, 3), parameters: (4, 5), axis: 1)
        let (weights, outputs) = try denseWeights(node, tensor, input: input, outputsFirst: false)
        let kind = LayerKind.fullyConnected(outputs: outputs, weights: weights, bias: [])
        try appendStored(node, kind, input: input, shape: Shape(channels: outputs, height: 1, width: 1), rank: 2)
    }

    /// Operands of ConvInteger and MatMulInteger: codes of the image, and weights less their zero point over the
    /// scale of those codes, so that their product is that of the integers.
    mutating func integerOperands(_ node: Node, axis: Int64) throws -> (Activation, ConstantTensor) {
        let input = try movedActivation(node, 0)
        let zero = try node.input(2) == nil ? 0 : one(node, integers(node, 2))
        guard let codes = input.codes, codes.zero == zero else {
            let found = input.codes.map { "codes of \($0.text)" } ?? "no codes"
            throw node.unsupported("\(found) with zero point \(zero)", supported: "codes of that zero point")
        }
        let tensor = try constant(node, 1)
        let zeros = try zeroPoints(node, 3, type: tensor.type)
        let weights = try dequantized(
            node, tensor, scales: [1 / codes.scale], scaleText: "[]", zeros: zeros, axis: axis)
        guard weights.realValues.allSatisfy(\.isFinite) else {
            throw node.invalid("the scale \(codes.scale) is too small for float32 weights")
        }
        log.note(.dequantizeWeights, node, weights.codes == nil ? "values only" : "codes kept")
        return (input, weights)
    }

    private mutating func appendDense(
        _ node: Node, _ weights: Weights, _ bias: [Float], _ outputs: Int, input: Activation,
        pending: Activation.Pending? = nil
    ) throws {
        let kind = LayerKind.fullyConnected(outputs: outputs, weights: weights, bias: bias)
        let shape = Shape(channels: outputs, height: 1, width: 1)
        try append(node, kind, inputs: [input], shape: shape, rank: 2, pending: pending)
    }

    private func finite(_ node: Node, _ name: String) throws -> Float {
        let value = try node.float(name, default: 1)
        guard value.isFinite else { throw node.invalid("\(name) = \(value); needed is a finite number") }
        return value
    }

    private func scaled(_ node: Node, _ weights: Weights, by factor: Float) throws -> Weights {
        var result = Weights(values: weights.values.map { $0 * factor })
        guard result.values.allSatisfy(\.isFinite) else {
            throw node.invalid("alpha = \(factor) exceeds the range of float32")
        }
        if let scale = weights.codeScale, factor > 0, factor.significand == 1, (scale * factor).isNormal {
            (result.codes, result.codeScale) = (weights.codes, scale * factor)
        }
        return result
    }

    private func gemmBias(_ node: Node, outputs: Int) throws -> [Float] {
        let (tensor, values) = try realConstant(node, 2)
        switch tensor.dimensions {
        case [outputs], [1, outputs]: return values
        case [], [1], [1, 1]: return [Float](repeating: values[0], count: outputs)
        default:
            throw node.invalid("the bias is \(tensor.shapeText); needed is [\(outputs)]")
        }
    }

    private func vector(_ node: Node, _ input: Activation) throws -> Activation {
        guard input.rank == 2 else {
            throw node.unsupported("input 0 is \(input.shapeText)", supported: "vectors [N, F] (after a Flatten)")
        }
        return input
    }

    /// Weights [out][in] of a matrix.
    private mutating func denseWeights(
        _ node: Node, _ tensor: ConstantTensor, input: Activation, outputsFirst: Bool
    ) throws -> (weights: Weights, outputs: Int) {
        let values = tensor.realValues
        guard tensor.dimensions.count == 2, !values.isEmpty else {
            throw node.unsupported("weights \(tensor.shapeText)", supported: "matrices")
        }
        let (rows, columns) = (tensor.dimensions[0], tensor.dimensions[1])
        let (inputs, outputs) = outputsFirst ? (columns, rows) : (rows, columns)
        guard inputs == input.shape.count else {
            throw node.invalid("the weights \(tensor.shapeText) take \(inputs) inputs; input 0 is \(input.shapeText)")
        }
        if outputsFirst {
            return (Weights(values: values, codes: tensor.codes, codeScale: tensor.codeScale), outputs)
        }
        try spend(node, elements: values.count, tensor.elements)
        let codes = tensor.codes.map { GraphTranslator.transpose($0, rows: rows, columns: columns) }
        let turned = GraphTranslator.transpose(values, rows: rows, columns: columns)
        return (Weights(values: turned, codes: codes, codeScale: tensor.codeScale), outputs)
    }

    private static func transpose<T>(_ values: [T], rows: Int, columns: Int) -> [T] {
        var result: [T] = []
        result.reserveCapacity(values.count)
        for column in 0..<columns {
            for row in 0..<rows { result.append(values[row * columns + column]) }
        }
        return result
    }
}
