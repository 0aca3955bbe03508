// Constant, ConstantOfShape and DequantizeLinear: constants that nodes make.

import Networks

extension GraphTranslator {
    mutating func constant(_ node: Node) throws {
        guard let attribute = node.proto.attribute.first, node.proto.attribute.count == 1 else {
            throw node.invalid("needed is exactly one value attribute")
        }
        let tensor: ConstantTensor
        switch attribute.name {
        case "value":
            guard attribute.hasT else { throw node.invalid("attribute 'value' is not a tensor") }
            tensor = try decoder.decode(attribute.t, name: node.name)
        case "value_float": tensor = real([attribute.f], dimensions: [])
        case "value_floats": tensor = real(attribute.floats, dimensions: [attribute.floats.count])
        case "value_int": tensor = integer([attribute.i], dimensions: [])
        case "value_ints": tensor = integer(attribute.ints, dimensions: [attribute.ints.count])
        default:
            throw node.unsupported(
                "attribute '\(attribute.name)'",
                supported: "value, value_float, value_floats, value_int, value_ints")
        }
        defineConstant(node, tensor)
    }

    mutating func constantOfShape(_ node: Node) throws {
        try node.acceptAttributes("value")
        let sizes = try integerConstant(node, 0)
        guard sizes.allSatisfy({ $0 >= 0 && $0 <= Int64(Limits.elements) }),
            let count = Limits.product(sizes.map { Int($0) }, upTo: Limits.elements - filledElements)
        else {
            throw node.unsupported("the shape \(sizes)", supported: "\(Limits.elements) elements in a model")
        }
        filledElements += count
        var value = real([0], dimensions: [1])
        if let attribute = node.attribute("value") {
            value = try decoder.decode(attribute.t, name: node.name)
        }
        guard value.count == 1 else { throw node.invalid("attribute 'value' is \(value.shapeText); needed is [1]") }
        switch value.elements {
        case .real(let values): value.elements = .real([Float](repeating: values[0], count: count))
        case .integer(let values): value.elements = .integer([Int64](repeating: values[0], count: count))
        }
        value.dimensions = sizes.map { Int($0) }
        defineConstant(node, value)
    }

    /// (code - 0) * scale, keeping the codes when the scale is a power of two.
    mutating func dequantize(_ node: Node) throws {
        try node.acceptAttributes("axis", "block_size")
        try node.requireInteger("block_size", 0)
        let codes = try constant(node, 0)
        let accepted: [Onnx_TensorProto.DataType] = [.int8, .uint8, .int16]
        guard accepted.contains(codes.type), case .integer(let values) = codes.elements else {
            throw node.unsupported("codes of type \(codes.type)", supported: "int8, uint8, int16")
        }
        let (scaleTensor, scales) = try realConstant(node, 1)
        guard scales.count == 1, scaleTensor.dimensions.count <= 1 else {
            throw node.unsupported("a scale \(scaleTensor.shapeText)", supported: "one scale a tensor")
        }
        guard scales[0] > 0 else { throw node.invalid("scale \(scales[0]); accepted are positive ones") }
        if node.input(2) != nil { try requireZeroPoint(node, type: codes.type) }
        let scale = scales[0]
        var result = real(values.map { Float($0) * scale }, dimensions: codes.dimensions)
        if scale.isNormal, scale.significand == 1 {
            result.codes = values.map { Int32($0) }
            result.codeScale = scale
        }
        defineConstant(node, result)
    }

    private func requireZeroPoint(_ node: Node, type: Onnx_TensorProto.DataType) throws {
        let zero = try constant(node, 2)
        guard zero.type == type, case .integer(let values) = zero.elements else {
            throw node.invalid("the zero point has type \(zero.type); needed is the codes' \(type)")
        }
        guard values.count == 1, values[0] == 0 else {
            throw node.unsupported("zero point \(values.prefix(4))", supported: "0")
        }
    }

    private mutating func defineConstant(_ node: Node, _ tensor: ConstantTensor) {
        if let output = node.proto.output.first { constants[output] = tensor }
    }

    private func real(_ values: [Float], dimensions: [Int]) -> ConstantTensor {
        ConstantTensor(dimensions: dimensions, type: .float, elements: .real(values))
    }

    private func integer(_ values: [Int64], dimensions: [Int]) -> ConstantTensor {
        ConstantTensor(dimensions: dimensions, type: .int64, elements: .integer(values))
    }
}
