// Translates ordered ONNX nodes into layers, inferring every shape and checking every tensor against it.
//
// A tensor of the graph is either a constant or an activation. Flattening makes no layer: an activation keeps the
// shape of its feature map, and `rank` says whether the graph sees it as [N, C, H, W] or as a vector [N, F].

import Networks

/// A tensor that depends on the image.
struct Activation {
    /// What a following constant or Pad may still be merged into, if it is the only reader.
    enum Pending { case bias, shift, padding }

    /// The layer that computes it, or `Network.inputName`.
    var layer: String
    var shape: Shape
    var rank: Int
    var pending: Pending?
    /// A Softmax was removed here, so nothing may compute with the value.
    var isFinal = false

    var shapeText: String { rank == 4 ? "[N, \(shape)]" : "[N, \(shape.count)]" }
}

struct GraphTranslator {
    let header: GraphHeader
    let decoder: TensorDecoder
    let opset: Int64
    let approximateAverages: Bool
    private(set) var layers: [Layer] = []
    var removed: [String] = []
    var approximated: [String] = []
    var activations: [String: Activation]
    var constants: [String: ConstantTensor] = [:]
    /// Elements filled by ConstantOfShape so far.
    var filledElements = 0

    init(header: GraphHeader, decoder: TensorDecoder, opset: Int64, approximateAverages: Bool) {
        self.header = header
        self.decoder = decoder
        self.opset = opset
        self.approximateAverages = approximateAverages
        let input = Activation(layer: Network.inputName, shape: header.inputShape, rank: header.inputRank)
        activations = [header.inputName: input]
    }

    mutating func translate(_ node: Node) throws {
        guard ONNXReader.isDefaultDomain(node.proto.domain), ONNXReader.operations.contains(node.operation) else {
            let domain = node.proto.domain.isEmpty ? "" : " of domain '\(node.proto.domain)'"
            throw node.unsupported("this operator\(domain)", supported: ONNXReader.operations.joined(separator: ", "))
        }
        switch node.operation {
        case "Conv": try convolution(node)
        case "BatchNormalization": try batchNormalization(node)
        case "Relu": try relu(node)
        case "Add", "Sum": try addition(node)
        case "Mul": try multiplication(node)
        case "MaxPool": try maxPool(node)
        case "AveragePool": try averagePool(node)
        case "GlobalAveragePool": try globalAveragePool(node)
        case "Gemm": try gemm(node)
        case "MatMul": try matrixProduct(node)
        case "Flatten": try flatten(node)
        case "Reshape": try reshape(node)
        case "Slice": try slice(node)
        case "Pad": try pad(node)
        case "Dropout", "Identity": try removeNode(node)
        case "Softmax": try softmax(node)
        case "DequantizeLinear": try dequantize(node)
        case "ConstantOfShape": try constantOfShape(node)
        default: try constant(node)
        }
    }

    /// The graph's output must be the last layer's, and agree with the shape the file declares for it.
    func checkOutput(of graph: Onnx_GraphProto) throws {
        let place = "\(decoder.file): output '\(header.outputName)'"
        guard let output = activations[header.outputName], output.layer == layers.last?.name else {
            throw InputError(at: place, "no layer computes the output from the input")
        }
        guard case .tensorType(let tensor)? = graph.output.first?.type.value, tensor.hasShape else { return }
        let shape = output.shape
        let inferred = output.rank == 4 ? [1, shape.channels, shape.height, shape.width] : [1, shape.count]
        let declared = tensor.shape.dim
        let agrees = zip(declared, inferred).dropFirst().allSatisfy { dimension, size in
            guard case .dimValue(let value)? = dimension.value else { return true }
            return value == Int64(size)
        }
        guard declared.count == inferred.count, agrees else {
            throw InputError(at: place, "the declared shape differs from the inferred \(output.shapeText)")
        }
    }
}

// MARK: - Layers and tensors

extension GraphTranslator {
    /// Appends the node's layer and makes its output known.
    mutating func append(
        _ node: Node, _ kind: LayerKind, inputs: [Activation], shape: Shape, rank: Int,
        pending: Activation.Pending? = nil
    ) throws {
        guard Limits.accepts(shape) else {
            throw node.invalid("the output \(shape) is empty or exceeds \(Limits.elements) elements")
        }
        layers.append(Layer(name: node.name, kind: kind, inputs: inputs.map(\.layer), output: shape))
        let merges = node.readers == 1 ? pending : nil
        define(node, Activation(layer: node.name, shape: shape, rank: rank, pending: merges))
    }

    /// Makes the node's first output stand for `activation`.
    mutating func define(_ node: Node, _ activation: Activation) {
        if let output = node.proto.output.first { activations[output] = activation }
    }

    /// Changes the kind and shape of the layer with that name.
    mutating func updateLayer(_ name: String, kind: LayerKind, shape: Shape) {
        guard let index = layers.lastIndex(where: { $0.name == name }) else { return }
        layers[index].kind = kind
        layers[index].output = shape
    }

    func layer(_ name: String) -> Layer? { layers.last { $0.name == name } }

    func isConstant(_ tensor: String) -> Bool {
        constants[tensor] != nil || header.initializers[tensor] != nil
    }

    /// An input that depends on the image and may be computed with.
    func activation(_ node: Node, _ index: Int) throws -> Activation {
        let found = try passedActivation(node, index)
        guard !found.isFinal else {
            throw node.unsupported("a Softmax before this node", supported: "Softmax as the last operation only")
        }
        return found
    }

    /// An input of a node that computes nothing; it may be a removed Softmax's.
    func passedActivation(_ node: Node, _ index: Int) throws -> Activation {
        let tensor = try node.requiredInput(index)
        if let found = activations[tensor] { return found }
        if isConstant(tensor) {
            throw node.unsupported(
                "input \(index) ('\(tensor)') is a constant", supported: "inputs computed from the image here")
        }
        throw node.unsupported(
            "input \(index) ('\(tensor)') is another than its node's first output", supported: "first outputs")
    }

    /// An input that is a feature map [N, C, H, W].
    func featureMap(_ node: Node, _ index: Int = 0) throws -> Activation {
        let found = try activation(node, index)
        guard found.rank == 4 else {
            throw node.invalid("input \(index) is \(found.shapeText); needed is [N, C, H, W]")
        }
        return found
    }

    /// A constant input, decoded.
    func constant(_ node: Node, _ index: Int) throws -> ConstantTensor {
        let tensor = try node.requiredInput(index)
        if let found = constants[tensor] { return found }
        if let initializer = header.initializers[tensor] { return try decoder.decode(initializer, name: tensor) }
        throw node.unsupported("input \(index) ('\(tensor)') is computed", supported: "constants here")
    }

    /// A constant input of finite floating-point values.
    func realConstant(_ node: Node, _ index: Int) throws -> (tensor: ConstantTensor, values: [Float]) {
        let tensor = try constant(node, index)
        let name = try node.requiredInput(index)
        guard case .real(let values) = tensor.elements else {
            throw node.invalid("input \(index) ('\(name)') has element type \(tensor.type); needed is a floating type")
        }
        guard let bad = values.firstIndex(where: { !$0.isFinite }) else { return (tensor, values) }
        let found = "element \(bad) is \(values[bad]) as float"
        throw node.invalid("input \(index) ('\(name)') \(found); needed are finite ones")
    }

    /// A constant input of integers, as a list.
    func integerConstant(_ node: Node, _ index: Int) throws -> [Int64] {
        let tensor = try constant(node, index)
        guard case .integer(let values) = tensor.elements, tensor.dimensions.count <= 1 else {
            throw node.invalid("input \(index) is not a list of integers")
        }
        return values
    }

    /// A constant input with exactly one value a channel.
    func channelConstant(_ node: Node, _ index: Int, channels: Int) throws -> [Float] {
        let (tensor, values) = try realConstant(node, index)
        guard tensor.dimensions == [channels] else {
            let name = try node.requiredInput(index)
            throw node.invalid("input \(index) ('\(name)') is \(tensor.shapeText); needed is [\(channels)]")
        }
        return values
    }
}
