// Operators of ONNX that are functions of the host: a row each.

import Networks

/// How a node becomes a function of the host. Its only input is a feature map, and its output has the map's shape.
struct HostOperator: Sendable {
    /// Attributes that are read.
    var attributes: [String]
    /// The function with the node's constants. Throws `InputError` for constants that are not read.
    var function: @Sendable (Node) throws -> HostFunction
}

extension GraphTranslator {
    /// By the operator's name in ONNX.
    static let hostOperators = [
        "LRN": HostOperator(attributes: ["alpha", "beta", "bias", "size"], function: localResponseNormalization)
    ]

    mutating func apply(_ operation: HostOperator, _ node: Node) throws {
        try node.acceptAttributes(operation.attributes)
        let input = try featureMap(node)
        let kind = LayerKind.host(try operation.function(node))
        try append(node, kind, inputs: [input], shape: input.shape, rank: 4)
    }

    @Sendable private static func localResponseNormalization(_ node: Node) throws -> HostFunction {
        let size = try node.integer("size", default: 0)
        guard size >= 1, size <= Int64(Limits.dimension) else {
            throw node.invalid("size \(size); accepted are 1 to \(Limits.dimension)")
        }
        let alpha = try node.float("alpha", default: 1e-4)
        let beta = try node.float("beta", default: 0.75)
        let bias = try node.float("bias", default: 1)
        guard alpha >= 0, alpha.isFinite, beta.isFinite, bias > 0, bias.isFinite else {
            let found = "alpha \(alpha), beta \(beta), bias \(bias)"
            throw node.unsupported(found, supported: "finite numbers, alpha from 0, bias above 0")
        }
        return .localResponseNormalization(
            LocalResponseNormalization(size: Int(size), alpha: alpha, beta: beta, bias: bias))
    }
}
