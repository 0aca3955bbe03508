// A constant of an ONNX graph after decoding: an initializer, a Constant, or what was computed from those.

struct ConstantTensor {
    enum Elements {
        case real([Float])
        case integer([Int64])
    }

    var dimensions: [Int]
    var type: Onnx_TensorProto.DataType
    var elements: Elements
    /// Set where dequantization with a power-of-two scale made the values: value = code * codeScale.
    var codes: [Int32]?
    var codeScale: Float?

    var count: Int {
        switch elements {
        case .real(let values): values.count
        case .integer(let values): values.count
        }
    }

    var isReal: Bool { if case .real = elements { true } else { false } }

    /// The values of a tensor of floats, else none.
    var realValues: [Float] { if case .real(let values) = elements { values } else { [] } }

    /// The values of a tensor of integers, else none.
    var integerValues: [Int64] { if case .integer(let values) = elements { values } else { [] } }

    /// "[16, 3, 3, 3]"
    var shapeText: String { "[" + dimensions.map(String.init).joined(separator: ", ") + "]" }

    /// Floats.
    init(_ values: [Float], dimensions: [Int]) {
        self.init(dimensions: dimensions, type: .float, elements: .real(values))
    }

    /// A list of int64.
    init(integers values: [Int64]) {
        self.init(dimensions: [values.count], type: .int64, elements: .integer(values))
    }

    init(dimensions: [Int], type: Onnx_TensorProto.DataType, elements: Elements) {
        self.dimensions = dimensions
        self.type = type
        self.elements = elements
    }

    /// The elements at `sources`, codes too.
    func picking(_ sources: some Sequence<Int>, dimensions: [Int]) -> ConstantTensor {
        var result = self
        result.dimensions = dimensions
        switch elements {
        case .real(let values): result.elements = .real(sources.map { values[$0] })
        case .integer(let values): result.elements = .integer(sources.map { values[$0] })
        }
        result.codes = codes.map { codes in sources.map { codes[$0] } }
        return result
    }
}

/// Offsets of the elements of an array whose axes have any strides, row by row.
struct TensorIndex: Sequence, IteratorProtocol {
    private let sizes: [Int]
    private let strides: [Int]
    private var place: [Int]
    private var offset = 0
    private var left: Int

    init(sizes: [Int], strides: [Int]) {
        self.sizes = sizes
        self.strides = strides
        place = [Int](repeating: 0, count: sizes.count)
        left = sizes.reduce(1, *)
    }

    /// Strides of a row-major array.
    static func strides(of sizes: [Int]) -> [Int] {
        var strides = [Int](repeating: 1, count: sizes.count)
        for axis in sizes.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * sizes[axis + 1] }
        return strides
    }

    var underestimatedCount: Int { left }

    mutating func next() -> Int? {
        guard left > 0 else { return nil }
        defer { advance() }
        return offset
    }

    private mutating func advance() {
        left -= 1
        for axis in sizes.indices.reversed() {
            place[axis] += 1
            offset += strides[axis]
            if place[axis] < sizes[axis] { return }
            offset -= sizes[axis] * strides[axis]
            place[axis] = 0
        }
    }
}
