// A constant of an ONNX graph after decoding: an initializer, a Constant, or what was computed from those.

struct ConstantTensor {
    enum Elements {
        case real([Float])
        case integer([Int64])
    }

    var dimensions: [Int]
    var type: Onnx_TensorProto.DataType
    var elements: Elements
    /// Set where DequantizeLinear with a power-of-two scale made the values: value = code * codeScale.
    var codes: [Int32]?
    var codeScale: Float?

    var count: Int {
        switch elements {
        case .real(let values): values.count
        case .integer(let values): values.count
        }
    }

    /// "[16, 3, 3, 3]"
    var shapeText: String { "[" + dimensions.map(String.init).joined(separator: ", ") + "]" }
}
