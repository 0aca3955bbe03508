// Gemm and MatMul: fully connected layers, and the constants made for them.

import Networks

extension GraphTranslator {
    mutating func gemm(_ node: Node) throws {
        try node.acceptAttributes("alpha", "beta", "broadcast", "transA", "transB")
        try node.requireInteger("transA", 0)
        for name in ["alpha", "beta"] {
            let value = try node.float(name, default: 1)
            guard value == 1 else { throw node.unsupported("\(name) = \(value)", supported: "\(name) = 1") }
        }
        let transposed = try node.integer("transB", default: 0) != 0
        let (input, weights, outputs) = try denseWeights(node, outputsFirst: transposed)
        let bias = node.input(2) == nil ? [] : try gemmBias(node, outputs: outputs)
        let kind = LayerKind.fullyConnected(outputs: outputs, weights: weights, bias: bias)
        let shape = Shape(channels: outputs, height: 1, width: 1)
        try append(node, kind, inputs: [input], shape: shape, rank: 2)
    }

    mutating func matrixProduct(_ node: Node) throws {
        try node.acceptAttributes()
        let (input, weights, outputs) = try denseWeights(node, outputsFirst: false)
        let kind = LayerKind.fullyConnected(outputs: outputs, weights: weights, bias: [])
        let shape = Shape(channels: outputs, height: 1, width: 1)
        try append(node, kind, inputs: [input], shape: shape, rank: 2, pending: .bias)
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

    /// Input 0 as a vector and input 1 as weights [out][in].
    private func denseWeights(
        _ node: Node, outputsFirst: Bool
    ) throws -> (input: Activation, weights: Weights, outputs: Int) {
        let input = try activation(node, 0)
        guard input.rank == 2 else {
            throw node.unsupported("input 0 is \(input.shapeText)", supported: "vectors [N, F] (after a Flatten)")
        }
        let (tensor, values) = try realConstant(node, 1)
        guard tensor.dimensions.count == 2, !values.isEmpty else {
            throw node.unsupported("weights \(tensor.shapeText)", supported: "matrices")
        }
        let (rows, columns) = (tensor.dimensions[0], tensor.dimensions[1])
        let (inputs, outputs) = outputsFirst ? (columns, rows) : (rows, columns)
        guard inputs == input.shape.count else {
            throw node.invalid("the weights \(tensor.shapeText) take \(inputs) inputs; input 0 is \(input.shapeText)")
        }
        if outputsFirst {
            return (input, Weights(values: values, codes: tensor.codes, codeScale: tensor.codeScale), outputs)
        }
        let codes = tensor.codes.map { GraphTranslator.transpose($0, rows: rows, columns: columns) }
        let turned = GraphTranslator.transpose(values, rows: rows, columns: columns)
        return (input, Weights(values: turned, codes: codes, codeScale: tensor.codeScale), outputs)
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
