// Constant folding: nodes all of whose inputs are constants, and Shape. The images come one by one, so that the
// batch size that Shape gives is 1.

import Networks

extension GraphTranslator {
    private static let foldable: Set<String> = [
        "Add", "Cast", "Clip", "Concat", "Div", "Flatten", "Gather", "Identity", "Mul", "Reshape", "Shape", "Slice",
        "Squeeze", "Sub", "Transpose", "Unsqueeze",
    ]

    /// Computes the node when it can be folded; false when it is to be translated.
    mutating func fold(_ node: Node) throws -> Bool {
        let inputs = node.proto.input.filter { !$0.isEmpty }
        guard GraphTranslator.foldable.contains(node.operation), node.input(0) != nil, inputs.allSatisfy(isConstant)
        else { return false }
        define(node, try folded(node))
        log.note(.foldConstants, node)
        return true
    }

    private mutating func folded(_ node: Node) throws -> ConstantTensor {
        var tensor = try constant(node, 0)
        switch node.operation {
        case "Identity": return tensor
        case "Cast": return try cast(node, tensor)
        case "Clip": return try clamped(node, tensor)
        case "Shape": return try shape(node, of: tensor.dimensions.map(Int64.init))
        case "Flatten":
            let given = try node.integer("axis", default: 1)
            let rank = tensor.dimensions.count
            let axis = given == Int64(rank) ? rank : try normalized(node, given, rank: rank)
            tensor.dimensions = [
                tensor.dimensions[..<axis].reduce(1, *), tensor.dimensions[axis...].reduce(1, *),
            ]
            return tensor
        case "Unsqueeze", "Squeeze": return try resized(node, tensor)
        case "Reshape":
            tensor.dimensions = try resolved(node, integerConstant(node, 1), from: tensor.dimensions)
            return tensor
        case "Transpose": return try transposed(node, tensor)
        case "Concat": return try joined(node)
        case "Gather": return try gathered(node, tensor)
        case "Slice": return try sliced(node, tensor)
        default: return try arithmetic(node, tensor, constant(node, 1))
        }
    }

    /// Counts what a node is about to make against the bound for the model.
    mutating func spend(_ node: Node, elements: Int, _ like: ConstantTensor.Elements) throws {
        let size = if case .real = like { MemoryLayout<Float>.size } else { MemoryLayout<Int64>.size }
        guard elements <= (foldingLimit - foldedBytes) / size else {
            throw node.unsupported(
                "\(elements) more elements of computed constants", supported: "\(foldingLimit) bytes for this model")
        }
        foldedBytes += elements * size
    }

    /// An axis counted from the front.
    func normalized(_ node: Node, _ axis: Int64, rank: Int) throws -> Int {
        guard axis >= -Int64(rank), axis < Int64(rank) else {
            throw node.invalid("axis \(axis); accepted are \(-rank) to \(rank - 1)")
        }
        return Int(axis < 0 ? axis + Int64(rank) : axis)
    }

    /// The attribute or, in later opsets, the input `axes`.
    func axes(_ node: Node, rank: Int) throws -> [Int]? {
        let given = try node.input(1) == nil ? node.integers("axes") : integerConstant(node, 1)
        return try given?.map { try normalized(node, $0, rank: rank) }
    }

    /// Sizes of a Reshape: 0 copies, one -1 takes the rest. Their product is the tensor's. With `allowzero` a 0 is a size of
    /// 0, which no tensor here has.
    func resolved(_ node: Node, _ target: [Int64], from sizes: [Int]) throws -> [Int] {
        try node.acceptAttributes("allowzero")
        let allowsZero = try node.integer("allowzero", default: 0)
        guard (0...1).contains(allowsZero) else {
            throw node.invalid("allowzero = \(allowsZero); accepted are 0 and 1")
        }
        guard allowsZero == 0 || !target.contains(0) else {
            throw node.unsupported("reshaping to \(target) with allowzero = 1", supported: "sizes other than 0")
        }
        let elements = Limits.product(sizes, upTo: .max) ?? 0
        var result: [Int] = []
        for (index, size) in target.enumerated() {
            let copies = size == 0 && index < sizes.count
            guard size >= -1, size <= Int64(Files.largest), size != 0 || copies else {
                throw node.invalid("reshaping to \(target): size \(size)")
            }
            result.append(copies ? sizes[index] : Int(size))
        }
        let known = Limits.product(result.filter { $0 != -1 }, upTo: Files.largest) ?? 0
        let open = result.indices.filter { result[$0] == -1 }
        if open.count == 1, known > 0, elements % known == 0 { result[open[0]] = elements / known }
        guard open.count <= 1, Limits.product(result, upTo: Files.largest) == elements else {
            throw node.invalid("reshaping \(sizes) to \(target); needed are \(elements) elements")
        }
        return result
    }

    // MARK: - Shapes and types

    /// Sizes of an activation or constant, from `start` to `end`.
    private func shape(_ node: Node, of sizes: [Int64]) throws -> ConstantTensor {
        try node.acceptAttributes("start", "end")
        let rank = Int64(sizes.count)
        func clamped(_ name: String, _ value: Int64) throws -> Int {
            let given = try node.integer(name, default: value)
            return Int(min(max(given < 0 ? given + rank : given, 0), rank))
        }
        let (start, end) = (try clamped("start", 0), try clamped("end", rank))
        return ConstantTensor(integers: Array(sizes[start..<max(start, end)]))
    }

    /// Shape of an activation: a batch of 1.
    mutating func shape(_ node: Node) throws {
        let input = try movedActivation(node, 0)
        let (shape, rank) = (input.shape, input.rank)
        let sizes = rank == 4 ? [1, shape.channels, shape.height, shape.width] : [1, shape.count]
        define(node, try self.shape(node, of: sizes.map(Int64.init)))
        log.note(.foldConstants, node)
    }

    private mutating func cast(_ node: Node, _ tensor: ConstantTensor) throws -> ConstantTensor {
        try node.acceptAttributes("to", "saturate", "round_mode")
        let type = try castType(node)
        var result = tensor
        result.type = type
        switch (tensor.elements, type) {
        case (.integer(let values), .float), (.integer(let values), .double):
            try spend(node, elements: values.count, .real([]))
            result.elements = .real(values.map { Float($0) })
        case (.real(let values), .int32), (.real(let values), .int64):
            try spend(node, elements: values.count, .integer([]))
            let low = Float(type == .int32 ? Int64(Int32.min) : Int64.min)
            guard values.allSatisfy({ $0 >= low && $0 < -low }) else {
                throw node.invalid("a value does not fit \(type)")
            }
            result.elements = .integer(values.map { Int64($0) })
            (result.codes, result.codeScale) = (nil, nil)
        case (.integer(let values), .int32):
            guard values.allSatisfy({ Int32(exactly: $0) != nil }) else {
                throw node.invalid("a value does not fit \(type)")
            }
        default: break
        }
        return result
    }

    /// Target of a Cast that is read.
    func castType(_ node: Node) throws -> Onnx_TensorProto.DataType {
        let accepted: [Onnx_TensorProto.DataType] = [.float, .double, .int32, .int64]
        let value = try node.integer("to", default: 1)
        guard let type = accepted.first(where: { Int64($0.rawValue) == value }) else {
            throw node.unsupported("a cast to element type \(value)", supported: "float, double, int32, int64")
        }
        return type
    }

    /// A Clip of a constant: what narrows the range of quantized weights (QCDQ).
    private mutating func clamped(_ node: Node, _ tensor: ConstantTensor) throws -> ConstantTensor {
        try node.acceptAttributes("max", "min")
        var result = tensor
        switch tensor.elements {
        case .real(let values):
            let (low, high) = try clipBounds(node)
            try spend(node, elements: values.count, .real([]))
            result.elements = .real(values.map { min(max($0, low), high) })
            (result.codes, result.codeScale) = (nil, nil)
        case .integer(let values):
            func bound(_ index: Int, default value: Int64) throws -> Int64 {
                guard node.input(index) != nil else { return value }
                guard let only = try constant(node, index).integerValues.first, try constant(node, index).count == 1
                else {
                    throw node.invalid("input \(index) is not one integer")
                }
                return only
            }
            let (low, high) = (try bound(1, default: .min), try bound(2, default: .max))
            guard low <= high else {
                throw node.invalid("bounds \(low) and \(high); accepted are a smaller and a larger number")
            }
            try spend(node, elements: values.count, .integer([]))
            result.elements = .integer(values.map { min(max($0, low), high) })
        }
        return result
    }

    private func resized(_ node: Node, _ tensor: ConstantTensor) throws -> ConstantTensor {
        try node.acceptAttributes("axes")
        var result = tensor
        let isAdding = node.operation == "Unsqueeze"
        let given = try node.input(1) == nil ? node.integers("axes") : integerConstant(node, 1)
        let rank = tensor.dimensions.count + (isAdding ? given?.count ?? 0 : 0)
        guard rank <= Limits.rank else { throw node.unsupported("\(rank) axes", supported: "\(Limits.rank) axes") }
        let axes = try given?.map { try normalized(node, $0, rank: rank) }
        guard Set(axes ?? []).count == axes?.count ?? 0 else { throw node.invalid("an axis is given twice") }
        if isAdding {
            guard let axes else { throw node.invalid("axes are missing") }
            for axis in axes.sorted() { result.dimensions.insert(1, at: axis) }
            return result
        }
        let dropped = axes ?? tensor.dimensions.indices.filter { tensor.dimensions[$0] == 1 }
        guard dropped.allSatisfy({ tensor.dimensions[$0] == 1 }) else {
            throw node.invalid("axes \(dropped) of \(tensor.shapeText) are not all 1")
        }
        result.dimensions = tensor.dimensions.indices.filter { !dropped.contains($0) }.map { tensor.dimensions[$0] }
        return result
    }

    // MARK: - Moving elements

    private mutating func transposed(_ node: Node, _ tensor: ConstantTensor) throws -> ConstantTensor {
        try node.acceptAttributes("perm")
        let rank = tensor.dimensions.count
        let order = try node.integers("perm")?.map { try normalized(node, $0, rank: rank) }
        let axes = order ?? (0..<rank).reversed()
        guard axes.sorted() == Array(0..<rank), rank <= Limits.rank else {
            throw node.invalid("perm \(axes) for \(tensor.shapeText)")
        }
        try spend(node, elements: tensor.count, tensor.elements)
        let places = TensorIndex.strides(of: tensor.dimensions)
        let sizes = axes.map { tensor.dimensions[$0] }
        let sources = TensorIndex(sizes: sizes, strides: axes.map { places[$0] })
        return tensor.picking(sources, dimensions: sizes)
    }

    private mutating func joined(_ node: Node) throws -> ConstantTensor {
        try node.acceptAttributes("axis")
        let parts = try node.proto.input.indices.map { try constant(node, $0) }
        let first = parts[0].dimensions
        let axis = try normalized(node, node.integer("axis", default: 0), rank: first.count)
        var dimensions = first
        dimensions[axis] = 0
        for part in parts {
            var sizes = part.dimensions
            guard sizes.count == first.count, part.isReal == parts[0].isReal else {
                throw node.invalid("the constants \(parts[0].shapeText) and \(part.shapeText) cannot be joined")
            }
            dimensions[axis] += sizes[axis]
            sizes[axis] = first[axis]
            guard sizes == first else {
                throw node.invalid("the constants \(parts[0].shapeText) and \(part.shapeText) cannot be joined")
            }
        }
        try spend(node, elements: parts.reduce(0) { $0 + $1.count }, parts[0].elements)
        let outer = first[..<axis].reduce(1, *)
        func chunks<T>(_ values: [[T]]) -> [T] {
            (0..<outer).flatMap { row in
                values.flatMap { part in part[row * (part.count / outer)..<(row + 1) * (part.count / outer)] }
            }
        }
        let elements: ConstantTensor.Elements =
            parts[0].isReal ? .real(chunks(parts.map(\.realValues))) : .integer(chunks(parts.map(\.integerValues)))
        return ConstantTensor(dimensions: dimensions, type: parts[0].type, elements: elements)
    }

    private mutating func gathered(_ node: Node, _ tensor: ConstantTensor) throws -> ConstantTensor {
        try node.acceptAttributes("axis")
        let axis = try normalized(node, node.integer("axis", default: 0), rank: tensor.dimensions.count)
        let indices = try constant(node, 1)
        guard !indices.isReal else { throw node.invalid("the indices are not integers") }
        let size = tensor.dimensions[axis]
        let chosen = try indices.integerValues.map { try normalized(node, $0, rank: size) }
        let inner = tensor.dimensions[(axis + 1)...].reduce(1, *)
        let outer = tensor.dimensions[..<axis].reduce(1, *)
        guard let count = Limits.product([outer, chosen.count, inner], upTo: Limits.foldedBytes) else {
            throw node.unsupported("a large Gather", supported: "\(Limits.foldedBytes) bytes of computed constants")
        }
        try spend(node, elements: count, tensor.elements)
        let sources = (0..<outer).lazy.flatMap { row in
            chosen.lazy.flatMap { index in
                let start = (row * size + index) * inner
                return start..<start + inner
            }
        }
        let dimensions = tensor.dimensions[..<axis] + indices.dimensions + tensor.dimensions[(axis + 1)...]
        return tensor.picking(sources, dimensions: Array(dimensions))
    }

    /// Lists only: what computes shapes.
    private func sliced(_ node: Node, _ tensor: ConstantTensor) throws -> ConstantTensor {
        try node.acceptAttributes("axes", "ends", "starts")
        let (starts, ends, axes, steps) = try sliceRanges(node)
        guard tensor.dimensions.count == 1, starts.count == 1, axes == [0] || axes == [-1], steps == [1] else {
            throw node.unsupported("a slice of a constant \(tensor.shapeText)", supported: "lists with step 1")
        }
        let size = Int64(tensor.count)
        let start = Int(min(max(starts[0] < 0 ? starts[0] + size : starts[0], 0), size))
        let end = Int(min(max(ends[0] < 0 ? ends[0] + size : ends[0], 0), size))
        let sources = Array(start..<max(start, end))
        return tensor.picking(sources, dimensions: [sources.count])
    }

    // MARK: - Arithmetic

    /// Add, Sub, Mul or Div with NumPy broadcasting.
    private mutating func arithmetic(
        _ node: Node, _ first: ConstantTensor, _ second: ConstantTensor
    ) throws -> ConstantTensor {
        try node.acceptAttributes()
        guard node.proto.input.count == 2, first.isReal == second.isReal else {
            throw node.invalid("two constants of one element type are needed")
        }
        let rank = max(first.dimensions.count, second.dimensions.count)
        guard rank <= Limits.rank else { throw node.unsupported("\(rank) axes", supported: "\(Limits.rank) axes") }
        let sides = [first, second].map { [Int](repeating: 1, count: rank - $0.dimensions.count) + $0.dimensions }
        let sizes = zip(sides[0], sides[1]).map { $0 == 1 ? $1 : $0 }
        guard zip(sides[0], sizes).allSatisfy({ $0 == $1 || $0 == 1 }),
            zip(sides[1], sizes).allSatisfy({ $0 == $1 || $0 == 1 }),
            let count = Limits.product(sizes, upTo: Limits.foldedBytes)
        else { throw node.invalid("the constants \(first.shapeText) and \(second.shapeText) do not fit") }
        try spend(node, elements: count, first.elements)
        let offsets = sides.map { side in
            let strides = TensorIndex.strides(of: side)
            let moving = side.indices.map { side[$0] == 1 ? 0 : strides[$0] }
            return TensorIndex(sizes: sizes, strides: moving)
        }
        let elements: ConstantTensor.Elements
        if first.isReal {
            let (left, right) = (first.realValues, second.realValues)
            elements = .real(
                zip(offsets[0], offsets[1]).map { GraphTranslator.real(node.operation, left[$0], right[$1]) })
        } else {
            let (left, right) = (first.integerValues, second.integerValues)
            elements = .integer(
                try zip(offsets[0], offsets[1]).map { try integer(node, left[$0], right[$1]) })
        }
        return ConstantTensor(dimensions: sizes, type: first.type, elements: elements)
    }

    private static func real(_ operation: String, _ first: Float, _ second: Float) -> Float {
        switch operation {
        case "Add": first + second
        case "Sub": first - second
        case "Mul": first * second
        default: first / second
        }
    }

    private func integer(_ node: Node, _ first: Int64, _ second: Int64) throws -> Int64 {
        let (value, overflow) =
            switch node.operation {
            case "Add": first.addingReportingOverflow(second)
            case "Sub": first.subtractingReportingOverflow(second)
            case "Mul": first.multipliedReportingOverflow(by: second)
            default: first.dividedReportingOverflow(by: second)
            }
        guard !overflow else { throw node.invalid("\(first) and \(second) overflow") }
        return value
    }
}
