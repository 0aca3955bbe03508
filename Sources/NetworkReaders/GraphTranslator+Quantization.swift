// Quantized graphs, read as the float networks that they approximate. Weights become their dequantized values; the
// codes stay beside them where value = code * 2^e for the whole tensor. Quantizing an activation is an identity, but
// for a saturation at 0 that stands for a ReLU: the Quantizer chooses scales of its own.

import Networks

extension GraphTranslator {
    mutating func quantization(_ node: Node) throws {
        let holdsConstant = node.input(0).map(isConstant) ?? false
        switch (node.operation, holdsConstant) {
        case ("QuantizeLinear", true): try quantizeConstant(node)
        case ("QuantizeLinear", false): try quantizeActivation(node)
        case ("DequantizeLinear", true): try dequantizeConstant(node)
        case ("DequantizeLinear", false): try dequantizeActivation(node)
        case ("DynamicQuantizeLinear", _): try quantizeDynamically(node)
        case (_, true): try quantConstant(node)
        default: try quantActivation(node)
        }
    }

    // MARK: - Constants

    /// (code - zero) * scale.
    private mutating func dequantizeConstant(_ node: Node) throws {
        try node.acceptAttributes("axis", "block_size", "output_dtype", "saturate")
        try node.requireInteger("block_size", 0)
        let codes = try constant(node, 0)
        let axis = try node.integer("axis", default: 1)
        let tensor = try dequantized(node, codes, parameters: (1, 2), axis: axis)
        define(node, tensor)
        log.note(.dequantizeWeights, node, tensor.codes == nil ? "values only" : "codes kept")
    }

    /// Codes of a model with their scales, one a tensor or one for each index of `axis`, as values.
    mutating func dequantized(
        _ node: Node, _ codes: ConstantTensor, parameters: (scale: Int, zero: Int), axis: Int64
    ) throws -> ConstantTensor {
        let (scaleTensor, scales) = try realConstant(node, parameters.scale)
        let zeros = try zeroPoints(node, parameters.zero, type: codes.type)
        return try dequantized(node, codes, scales: scales, scaleText: scaleTensor.shapeText, zeros: zeros, axis: axis)
    }

    mutating func dequantized(
        _ node: Node, _ codes: ConstantTensor, scales: [Float], scaleText: String, zeros: [Int64], axis: Int64
    ) throws -> ConstantTensor {
        let accepted: [Onnx_TensorProto.DataType] = [.int8, .uint8, .int16, .uint16, .int32]
        guard accepted.contains(codes.type) else {
            throw node.unsupported("codes of type \(codes.type)", supported: "int8, uint8, int16, uint16, int32")
        }
        guard scales.allSatisfy({ $0 > 0 }) else {
            throw node.invalid("scale \(scales.min() ?? 0); accepted are positive ones")
        }
        var (size, inner) = (1, max(codes.count, 1))
        if scales.count != 1 || zeros.count != 1 {
            let place = try normalized(node, axis, rank: codes.dimensions.count)
            size = codes.dimensions[place]
            inner = codes.dimensions[(place + 1)...].reduce(1, *)
        }
        for (name, count) in [("scale", scales.count), ("zero point", zeros.count)] {
            guard count == 1 || count == size else {
                let found = "a \(name) of \(count) values (\(scaleText)) for \(codes.shapeText)"
                throw node.unsupported(found, supported: "one, or one for each index of the axis")
            }
        }
        try spend(node, elements: 2 * codes.count, .real([]))
        let integers = codes.integerValues
        var values: [Float] = []
        values.reserveCapacity(integers.count)
        for (index, code) in integers.enumerated() {
            let channel = index / max(inner, 1) % max(size, 1)
            let zero = zeros[zeros.count == 1 ? 0 : channel]
            values.append(Float(code - zero) * scales[scales.count == 1 ? 0 : channel])
        }
        guard values.allSatisfy(\.isFinite) else {
            throw node.invalid("a code times its scale exceeds the range of float32")
        }
        var result = ConstantTensor(values, dimensions: codes.dimensions)
        if scales.count == 1 { keepCodes(&result, integers: integers, zeros: zeros, scale: scales[0]) }
        return result
    }

    /// Keeps codes that are exact: a power of two as scale, one zero point, and integers that float32 holds.
    private func keepCodes(_ tensor: inout ConstantTensor, integers: [Int64], zeros: [Int64], scale: Float) {
        let exact = Int64(1) << 24
        guard scale.isNormal, scale.significand == 1, zeros.count == 1,
            integers.allSatisfy({ abs($0 - zeros[0]) <= exact })
        else { return }
        tensor.codes = integers.map { Int32($0 - zeros[0]) }
        tensor.codeScale = scale
    }

    /// Zero points of a type; [0] where the input is left out.
    func zeroPoints(_ node: Node, _ index: Int, type: Onnx_TensorProto.DataType) throws -> [Int64] {
        guard node.input(index) != nil else { return [0] }
        let zero = try constant(node, index)
        guard zero.type == type, case .integer(let values) = zero.elements else {
            throw node.invalid("the zero point has type \(zero.type); needed is the codes' \(type)")
        }
        return values
    }

    /// saturate(roundHalfEven(value / scale) + zero): weights that the file holds as floats.
    private mutating func quantizeConstant(_ node: Node) throws {
        try acceptQuantizeAttributes(node)
        let (tensor, values) = try realConstant(node, 0)
        let (_, scales) = try realConstant(node, 1)
        let (type, zeros) = try codeType(node, zero: 2)
        let range = try codeRange(node, type)
        let axis = try node.integer("axis", default: 1)
        var (size, inner) = (1, max(values.count, 1))
        if scales.count != 1 {
            let place = try normalized(node, axis, rank: tensor.dimensions.count)
            size = tensor.dimensions[place]
            inner = tensor.dimensions[(place + 1)...].reduce(1, *)
        }
        guard scales.count == size, scales.allSatisfy({ $0 > 0 }), zeros.count == 1 || zeros.count == size else {
            throw node.unsupported(
                "\(scales.count) scales and \(zeros.count) zero points for \(tensor.shapeText)",
                supported: "one, or one for each index of the axis; positive scales")
        }
        try spend(node, elements: values.count, .integer([]))
        var codes: [Int64] = []
        codes.reserveCapacity(values.count)
        for (index, value) in values.enumerated() {
            let channel = index / max(inner, 1) % max(size, 1)
            let zero = zeros[zeros.count == 1 ? 0 : channel]
            let scaled = (value / scales[scales.count == 1 ? 0 : channel]).rounded(.toNearestOrEven)
            let code = Double(scaled) + Double(zero)
            codes.append(Int64(min(max(code, Double(range.lowerBound)), Double(range.upperBound))))
        }
        define(node, ConstantTensor(dimensions: tensor.dimensions, type: type, elements: .integer(codes)))
        log.note(.foldConstants, node)
    }

    // MARK: - Activations

    private mutating func quantizeActivation(_ node: Node) throws {
        try acceptQuantizeAttributes(node)
        let input = try movedActivation(node, 0)
        guard input.codes == nil else {
            throw node.unsupported("codes as input", supported: "floats to quantize")
        }
        let (type, zeros) = try codeType(node, zero: 2)
        let codes = ActivationCodes(scale: try oneScale(node, 1), zero: try one(node, zeros))
        var output = input
        output.pending = nil
        if !input.isFinal { output = try saturated(node, input, type: type, codes: codes, named: node.name) }
        output.codes = codes
        define(node, output)
        log.note(.removeQuantization, node, codes.text)
    }

    private mutating func dequantizeActivation(_ node: Node) throws {
        try node.acceptAttributes("axis", "block_size", "output_dtype", "saturate")
        try node.requireInteger("block_size", 0)
        var output = try storedActivation(node, 0, parameters: (1, 2))
        output.codes = nil
        define(node, output)
        log.note(.removeQuantization, node)
    }

    /// uint8 codes whose scale depends on the image: the float value, with scale 1 and zero point 0.
    private mutating func quantizeDynamically(_ node: Node) throws {
        try node.acceptAttributes()
        var output = try activation(node, 0)
        output.pending = nil
        output.codes = ActivationCodes(scale: 1, zero: 0)
        define(node, output)
        let outputs = node.proto.output
        if outputs.count > 1 { constants[outputs[1]] = ConstantTensor([1], dimensions: []) }
        if outputs.count > 2 {
            constants[outputs[2]] = ConstantTensor(dimensions: [], type: .uint8, elements: .integer([0]))
        }
        log.note(.removeQuantization, node, "scale of each image")
    }

    /// An activation that holds codes of just this scale and zero point.
    func storedActivation(_ node: Node, _ index: Int, parameters: (scale: Int, zero: Int)) throws -> Activation {
        let input = try movedActivation(node, index)
        guard let codes = input.codes else {
            throw node.unsupported("input \(index) holds no codes", supported: "the output of a QuantizeLinear here")
        }
        let scale = try oneScale(node, parameters.scale)
        let zero = try node.input(parameters.zero) == nil ? 0 : one(node, integers(node, parameters.zero))
        let wanted = ActivationCodes(scale: scale, zero: zero)
        guard codes == wanted else {
            throw node.unsupported("\(wanted.text) for codes of \(codes.text)", supported: "equal ones")
        }
        return input
    }

    /// The activation behind a ReLU where the smallest code stands for 0 and the value may be negative.
    mutating func saturated(
        _ node: Node, _ input: Activation, type: Onnx_TensorProto.DataType, codes: ActivationCodes, named name: String
    ) throws -> Activation {
        let range = try codeRange(node, type)
        var output = input
        if codes.zero == range.lowerBound, !isNonNegative(input) {
            log.note(.keepSaturation, node)
            output = try appendLayer(node, named: name, .relu, inputs: [input], shape: input.shape, rank: input.rank)
        }
        let bounds = [range.lowerBound, range.upperBound].map { Float($0 - codes.zero) * codes.scale }
        saturate(output, at: bounds[0]...bounds[1])
        return output
    }

    // MARK: - Types and scalars

    private func acceptQuantizeAttributes(_ node: Node) throws {
        try node.acceptAttributes("axis", "block_size", "output_dtype", "precision", "saturate")
        try node.requireInteger("block_size", 0)
    }

    /// Type of the codes and their zero points: of the zero point, of `output_dtype`, or uint8.
    func codeType(_ node: Node, zero index: Int) throws -> (Onnx_TensorProto.DataType, [Int64]) {
        guard node.input(index) == nil else { return (try constant(node, index).type, try integers(node, index)) }
        let value = try node.integer("output_dtype", default: 0)
        let given = Onnx_TensorProto.DataType(rawValue: Int(clamping: value)) ?? .undefined
        return (value == 0 ? .uint8 : given, [0])
    }

    private func codeRange(_ node: Node, _ type: Onnx_TensorProto.DataType) throws -> ClosedRange<Int64> {
        switch type {
        case .int8: -128...127
        case .uint8: 0...255
        case .int16: -32_768...32_767
        case .uint16: 0...65_535
        default: throw node.unsupported("codes of type \(type)", supported: "int8, uint8, int16, uint16")
        }
    }

    func oneScale(_ node: Node, _ index: Int) throws -> Float {
        let (tensor, values) = try realConstant(node, index)
        guard values.count == 1, values[0] > 0 else {
            throw node.unsupported(
                "a scale \(tensor.shapeText) of an activation", supported: "one positive scale a tensor")
        }
        return values[0]
    }

    func integers(_ node: Node, _ index: Int) throws -> [Int64] {
        let tensor = try constant(node, index)
        guard case .integer(let values) = tensor.elements else { throw node.invalid("input \(index) has no integers") }
        return values
    }

    func one(_ node: Node, _ zeros: [Int64]) throws -> Int64 {
        guard zeros.count == 1 else {
            throw node.unsupported("\(zeros.count) zero points", supported: "one for an activation")
        }
        return zeros[0]
    }
}
