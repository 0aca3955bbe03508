// BatchNormalization, Relu, Clip, sums and products: everything that keeps the shape. And Concat.

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
        let kind = LayerKind.affine(scale: scale, shift: shift)
        try append(node, kind, inputs: [input], shape: input.shape, rank: input.rank, pending: .scale)
    }

    /// Bounds are attributes until opset 10, then inputs; those left out are infinite.
    mutating func clip(_ node: Node) throws {
        try node.acceptAttributes("max", "min")
        let input = try activation(node, 0)
        let (minimum, maximum) = try clipBounds(node)
        if (minimum, maximum) == (-.infinity, .infinity) {
            log.note(.removeIdentity, node)
            return try pass(node)
        }
        let isReLU = (minimum, maximum) == (0, .infinity)
        let kind = isReLU ? LayerKind.relu : .clip(minimum: minimum, maximum: maximum)
        try append(node, kind, inputs: [input], shape: input.shape, rank: input.rank)
    }

    /// Bounds of a Clip, from attributes or inputs; infinite where there is none.
    func clipBounds(_ node: Node) throws -> (minimum: Float, maximum: Float) {
        func bound(_ name: String, _ index: Int, default value: Float) throws -> Float {
            guard node.input(index) != nil else { return try node.float(name, default: value) }
            let (tensor, values) = (try constant(node, index), try constant(node, index).realValues)
            guard values.count == 1 else { throw node.invalid("input \(index) is \(tensor.shapeText); needed is []") }
            return values[0]
        }
        var minimum = try bound("min", 1, default: -.infinity)
        var maximum = try bound("max", 2, default: .infinity)
        guard minimum <= maximum, minimum < .infinity, maximum > -.infinity else {
            throw node.invalid("bounds \(minimum) and \(maximum); accepted are a smaller and a larger number")
        }
        if minimum <= -Float.greatestFiniteMagnitude { minimum = -.infinity }
        if maximum >= Float.greatestFiniteMagnitude { maximum = .infinity }
        return (minimum, maximum)
    }

    /// The channels of several maps, or the elements of vectors made of maps of one size.
    mutating func concatenation(_ node: Node) throws {
        try node.acceptAttributes("axis")
        let inputs = try node.proto.input.indices.map { try movedActivation(node, $0) }
        guard let first = inputs.first else { throw node.invalid("input 0 is missing") }
        let axis = try normalized(node, node.integer("axis", default: 1), rank: first.rank)
        guard axis == 1 else { throw node.unsupported("axis \(axis)", supported: "axis 1, the channels") }
        let shape = try joinedShape(node, inputs)
        if inputs.count == 1 {
            log.note(.removeIdentity, node)
            return try pass(node)
        }
        var output = try appendLayer(
            node, named: node.name, .concat, inputs: inputs, shape: shape, rank: first.rank)
        output.codes = first.codes
        define(node, output)
    }

    /// Shape of the parts of a Concat one after another.
    func joinedShape(_ node: Node, _ inputs: [Activation]) throws -> Shape {
        let first = inputs[0]
        var shape = first.shape
        shape.channels = 0
        for (index, input) in inputs.enumerated() {
            let isEqual = input.shape.height == shape.height && input.shape.width == shape.width
            guard input.rank == first.rank, isEqual, input.codes == first.codes, !input.isFinal else {
                throw node.unsupported(
                    "input \(index) is \(input.shapeText), input 0 \(first.shapeText)",
                    supported: "maps of equal rows and columns with equal scales, if any, and no Softmax before")
            }
            shape.channels += input.shape.channels
            guard shape.channels <= Limits.dimension else {
                throw node.invalid("the output has more than \(Limits.dimension) channels")
            }
        }
        return shape
    }

    /// Two activations give an addition; an activation and a constant a bias, a shift or an affine layer.
    mutating func addition(_ node: Node) throws {
        try node.acceptAttributes()
        if node.operation == "Sum", node.proto.input.count != 2 { return try sum(node) }
        try requireTwoInputs(node)
        if let index = try constantOperand(node) {
            let input = try activation(node, 1 - index)
            return try addConstant(node, input, broadcast(node, index, to: input))
        }
        let first = try activation(node, 0)
        let output = try added(node, first, activation(node, 1), named: node.name)
        define(node, output)
    }

    /// A Sum of one is its operand, a Sum of three or more a chain of additions.
    private mutating func sum(_ node: Node) throws {
        if node.proto.input.count == 1 {
            log.note(.removeIdentity, node)
            return try pass(node)
        }
        var total = try activation(node, 0)
        for index in node.proto.input.indices.dropFirst() {
            let isLast = index + 1 == node.proto.input.count
            let name = isLast ? node.name : uniqueName("\(node.name)/\(index)")
            total = try added(node, total, activation(node, index), named: name)
        }
        define(node, total)
        log.note(.splitSum, node)
    }

    private mutating func added(
        _ node: Node, _ first: Activation, _ second: Activation, named name: String
    ) throws -> Activation {
        guard first.shape == second.shape, first.rank == second.rank else {
            throw node.unsupported(
                "operands \(first.shapeText) and \(second.shapeText)", supported: "operands of equal shape")
        }
        return try appendLayer(
            node, named: name, .add, inputs: [first, second], shape: first.shape, rank: first.rank)
    }

    /// An activation less a constant, or a constant less an activation.
    mutating func subtraction(_ node: Node) throws {
        try node.acceptAttributes()
        try requireTwoInputs(node)
        guard let index = try constantOperand(node) else {
            throw node.unsupported("a difference of two activations", supported: "differences with a constant")
        }
        let input = try activation(node, 1 - index)
        let values = try broadcast(node, index, to: input)
        if index == 1 { return try addConstant(node, input, values.map { -$0 }) }
        let kind = LayerKind.affine(scale: [Float](repeating: -1, count: values.count), shift: values)
        try append(node, kind, inputs: [input], shape: input.shape, rank: input.rank)
    }

    mutating func multiplication(_ node: Node) throws {
        try node.acceptAttributes()
        try requireTwoInputs(node)
        guard let index = try constantOperand(node) else {
            throw node.unsupported("a product of two activations", supported: "products with a constant a channel")
        }
        let input = try activation(node, 1 - index)
        try multiply(node, input, broadcast(node, index, to: input))
    }

    mutating func division(_ node: Node) throws {
        try node.acceptAttributes()
        try requireTwoInputs(node)
        guard try constantOperand(node) == 1 else {
            throw node.unsupported("a divisor that is no constant", supported: "constants as divisor")
        }
        let input = try activation(node, 0)
        let factors = try broadcast(node, 1, to: input).map { 1 / $0 }
        guard factors.allSatisfy(\.isFinite) else { throw node.invalid("a divisor is 0 or too small for float32") }
        try multiply(node, input, factors)
    }

    // MARK: - Constants

    /// A factor joins the batch normalization that it alone reads.
    private mutating func multiply(_ node: Node, _ given: Activation, _ factors: [Float]) throws {
        var input = given
        if input.pending == .scale, case .affine(let scale, let shift)? = layer(input.layer)?.kind {
            let kind = LayerKind.affine(
                scale: zip(scale, factors).map { $0 * $1 }, shift: zip(shift, factors).map { $0 * $1 })
            if GraphTranslator.isFinite(kind) {
                updateLayer(input.layer, kind: kind, shape: input.shape)
                log.note(.mergeScale, node, "into \(input.layer)")
                input.pending = node.readers == 1 ? .shift : nil
                return define(node, input)
            }
        }
        let kind = LayerKind.affine(scale: factors, shift: [Float](repeating: 0, count: factors.count))
        try append(node, kind, inputs: [input], shape: input.shape, rank: input.rank, pending: .shift)
    }

    private mutating func addConstant(_ node: Node, _ given: Activation, _ shift: [Float]) throws {
        var input = given
        if input.pending != nil, let target = layer(input.layer) {
            let pass: GraphPass.Name = input.pending == .bias ? .mergeBias : .mergeScale
            let merged: LayerKind? =
                switch (input.pending, target.kind) {
                case (.bias, .fullyConnected(let outputs, let weights, _)):
                    .fullyConnected(outputs: outputs, weights: weights, bias: shift)
                case (.shift, .affine(let scale, let before)):
                    .affine(scale: scale, shift: zip(before, shift).map { $0 + $1 })
                default: nil
                }
            if let merged, GraphTranslator.isFinite(merged) {
                updateLayer(input.layer, kind: merged, shape: input.shape)
                log.note(pass, node, "into \(input.layer)")
                input.pending = nil
                return define(node, input)
            }
        }
        let scale = [Float](repeating: 1, count: shift.count)
        let kind = LayerKind.affine(scale: scale, shift: shift)
        try append(node, kind, inputs: [input], shape: input.shape, rank: input.rank)
    }

    private static func isFinite(_ kind: LayerKind) -> Bool {
        guard case .affine(let scale, let shift) = kind else { return true }
        return scale.allSatisfy(\.isFinite) && shift.allSatisfy(\.isFinite)
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
