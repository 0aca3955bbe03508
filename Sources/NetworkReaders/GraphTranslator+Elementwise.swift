// BatchNormalization, Relu, Add, Sum, Mul: everything that keeps the shape.

import Networks

extension GraphTranslator {
    mutating func relu(_ node: Node) throws {
        try node.acceptAttributes()
        let input = try activation(node, 0)
        try append(node, .relu, inputs: [input], shape: input.shape, rank: input.rank)
    }

    /// y = gamma * (x - mean) / sqrt(variance + epsilon) + beta, as scale * x + shift.
    mutating func batchNormalization(_ node: Node) throws {
        try node.acceptAttributes("epsilon", "momentum", "spatial", "training_mode")
        try node.requireInteger("spatial", 1)
        try node.requireInteger("training_mode", 0)
        let input = try activation(node, 0)
        guard input.rank == 4 || input.shape.count == input.shape.channels else {
            throw node.unsupported(
                "normalization of a flattened \(input.shape)", supported: "[N, C, H, W] and vectors of channels")
        }
        let channels = input.shape.channels
        let gamma = try channelConstant(node, 1, channels: channels)
        let beta = try channelConstant(node, 2, channels: channels)
        let mean = try channelConstant(node, 3, channels: channels)
        let variance = try channelConstant(node, 4, channels: channels)
        let epsilon = Double(try node.float("epsilon", default: 1e-5))
        var scale: [Float] = []
        var shift: [Float] = []
        for channel in 0..<channels {
            let spread = Double(variance[channel]) + epsilon
            guard spread > 0 else {
                throw node.invalid("channel \(channel): variance \(variance[channel]) + epsilon is not positive")
            }
            let factor = Double(gamma[channel]) / spread.squareRoot()
            scale.append(Float(factor))
            shift.append(Float(Double(beta[channel]) - Double(mean[channel]) * factor))
            guard scale[channel].isFinite, shift[channel].isFinite else {
                throw node.invalid("channel \(channel): scale or shift exceeds the range of float32")
            }
        }
        try append(
            node, .affine(scale: scale, shift: shift), inputs: [input], shape: input.shape, rank: input.rank)
    }

    /// Two activations give an addition; an activation and a constant a bias, a shift or an affine layer.
    mutating func addition(_ node: Node) throws {
        try node.acceptAttributes()
        if node.operation == "Sum", node.proto.input.count == 1 { return try pass(node) }
        try requireTwoInputs(node)
        if let index = try constantOperand(node) { return try addConstant(node, index) }
        let (first, second) = (try activation(node, 0), try activation(node, 1))
        guard first.shape == second.shape, first.rank == second.rank else {
            throw node.unsupported(
                "operands \(first.shapeText) and \(second.shapeText)", supported: "operands of equal shape")
        }
        try append(node, .add, inputs: [first, second], shape: first.shape, rank: first.rank)
    }

    mutating func multiplication(_ node: Node) throws {
        try node.acceptAttributes()
        try requireTwoInputs(node)
        guard let index = try constantOperand(node) else {
            throw node.unsupported("a product of two activations", supported: "products with a constant a channel")
        }
        let input = try activation(node, 1 - index)
        let scale = try broadcast(node, index, to: input)
        let kind = LayerKind.affine(scale: scale, shift: [Float](repeating: 0, count: scale.count))
        try append(node, kind, inputs: [input], shape: input.shape, rank: input.rank, pending: .shift)
    }

    // MARK: - Constants

    private mutating func addConstant(_ node: Node, _ index: Int) throws {
        var input = try activation(node, 1 - index)
        let shift = try broadcast(node, index, to: input)
        if input.pending != nil, let target = layer(input.layer) {
            let merged: LayerKind? =
                switch (input.pending, target.kind) {
                case (.bias, .fullyConnected(let outputs, let weights, _)):
                    .fullyConnected(outputs: outputs, weights: weights, bias: shift)
                case (.shift, .affine(let scale, _)): .affine(scale: scale, shift: shift)
                default: nil
                }
            if let merged {
                updateLayer(input.layer, kind: merged, shape: input.shape)
                input.pending = nil
                return define(node, input)
            }
        }
        let scale = [Float](repeating: 1, count: shift.count)
        let kind = LayerKind.affine(scale: scale, shift: shift)
        try append(node, kind, inputs: [input], shape: input.shape, rank: input.rank)
    }

    private func requireTwoInputs(_ node: Node) throws {
        guard node.proto.input.count == 2 else {
            throw node.unsupported("\(node.proto.input.count) inputs", supported: "two")
        }
    }

    /// Index of the constant one of two operands; nil when both depend on the image.
    private func constantOperand(_ node: Node) throws -> Int? {
        let constants = try (0..<2).filter { isConstant(try node.requiredInput($0)) }
        guard constants.count < 2 else {
            throw node.unsupported("two constant operands", supported: "one that depends on the image")
        }
        return constants.first
    }

    /// One value a channel out of a constant with NumPy broadcasting: a scalar, or an array whose only axis
    /// longer than 1 is the channel axis.
    private func broadcast(_ node: Node, _ index: Int, to input: Activation) throws -> [Float] {
        let (tensor, values) = try realConstant(node, index)
        let channels = input.shape.channels
        let fits = tensor.dimensions.count <= input.rank
        if fits, values.count == 1 { return [Float](repeating: values[0], count: channels) }
        let padding = [Int](repeating: 1, count: max(0, input.rank - tensor.dimensions.count))
        let wanted = input.rank == 4 ? [1, channels, 1, 1] : [1, channels]
        let isVector = input.rank == 4 || input.shape.count == channels
        guard fits, isVector, padding + tensor.dimensions == wanted else {
            throw node.unsupported(
                "a constant \(tensor.shapeText) with \(input.shapeText)", supported: "a scalar or one value a channel")
        }
        return values
    }
}
