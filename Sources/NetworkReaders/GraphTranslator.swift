// Translates ordered ONNX nodes into layers, inferring every shape and checking every tensor against it.
//
// A tensor of the graph is either a constant or an activation. Flattening makes no layer: an activation keeps the
// shape of its feature map, and `rank` says whether the graph sees it as [N, C, H, W] or as a vector [N, F].

import Diagnostics
import Networks

/// A tensor that depends on the image.
struct Activation {
    /// What a following constant or Pad may still be merged into, if it is the only reader.
    enum Pending { case bias, scale, shift, padding }

    /// The layer that computes it, or `Network.inputName`.
    var layer: String
    var shape: Shape
    var rank: Int
    var pending: Pending?
    /// A Softmax was removed here, so nothing may compute with the value.
    var isFinal = false
    /// Set between the Reshapes of a channel shuffle.
    var view: ShuffleView?
    /// Set where the tensor holds codes of the value.
    var codes: ActivationCodes?
    /// Zeros around the map, which `shape` is without.
    var padding: SpatialPadding?

    var shapeText: String {
        if let view { return view.text }
        return rank == 4 ? "[N, \(shape)]" : "[N, \(shape.count)]"
    }
}

/// Channels seen as a matrix: [N, rows, columns, ...], before or after its transposition.
struct ShuffleView {
    /// Sizes behind N in the file.
    var sizes: [Int]
    var isTransposed = false

    var text: String { "[N, " + sizes.map(String.init).joined(separator: ", ") + "]" }
}

/// Rows and columns of zeros around a map.
struct SpatialPadding: Equatable {
    var top = 0
    var left = 0
    var bottom = 0
    var right = 0
}

/// The stored integer is value / scale + zero.
struct ActivationCodes: Equatable {
    var scale: Float
    var zero: Int64

    var text: String { "scale \(scale), zero point \(zero)" }
}

struct GraphTranslator {
    let header: GraphHeader
    let decoder: TensorDecoder
    let opset: Int64
    private(set) var layers: [Layer] = []
    /// Names of nodes and of the layers made so far.
    private var names: Set<String>
    /// Layers without negative outputs.
    private var nonNegative: Set<String> = []
    var removed: [String] = []
    /// What quantized activations saturate at, by layer.
    private(set) var saturations: [String: ClosedRange<Float>] = [:]
    var log = PassLog()
    var activations: [String: Activation]
    var constants: [String: ConstantTensor] = [:]
    /// Bytes of constants that nodes made so far, and may make.
    var foldedBytes = 0
    let foldingLimit: Int
    /// `storedBytes` is the size of the model's files.
    init(header: GraphHeader, decoder: TensorDecoder, opset: Int64, names: Set<String>, storedBytes: Int) {
        foldingLimit = Limits.foldedBytes + Limits.foldedBytesPerByte * storedBytes
        self.header = header
        self.decoder = decoder
        self.opset = opset
        self.names = names.union([Network.inputName])
        let input = Activation(layer: Network.inputName, shape: header.inputShape, rank: header.inputRank)
        activations = [header.inputName: input]
    }

    /// Decodes initializers that several nodes read, so that there is one copy of each.
    mutating func decodeShared(_ nodes: [Node]) throws {
        var seen: Set<String> = []
        for name in nodes.flatMap(\.proto.input) where !seen.insert(name).inserted && constants[name] == nil {
            if let tensor = header.initializers[name] { constants[name] = try decoder.decode(tensor, name: name) }
        }
    }

    mutating func translate(_ node: Node) throws {
        let (operations, isKnown) = ONNXReader.operations(of: node.proto.domain)
        guard isKnown, operations.contains(node.operation) else {
            let domain = node.proto.domain.isEmpty ? "" : " of domain '\(node.proto.domain)'"
            throw node.unsupported("this operator\(domain)", supported: operations.joined(separator: ", "))
        }
        if try fold(node) { return }
        if let operation = Self.hostOperators[node.operation] { return try apply(operation, node) }
        switch node.operation {
        case "Conv": try convolution(node)
        case "ConvInteger": try integerConvolution(node)
        case "QLinearConv": try quantizedConvolution(node)
        case "Gemm": try gemm(node)
        case "MatMul": try matrixProduct(node)
        case "MatMulInteger": try integerMatrixProduct(node)
        case "QLinearMatMul": try quantizedMatrixProduct(node)
        case "QGemm", "QLinearAdd", "QLinearAveragePool", "QLinearConcat", "QLinearGlobalAveragePool":
            try quantizedOperator(node)
        case "BatchNormalization": try batchNormalization(node)
        case "Relu": try relu(node)
        case "Clip": try clip(node)
        case "Add", "Sum": try addition(node)
        case "Sub": try subtraction(node)
        case "Mul": try multiplication(node)
        case "Div": try division(node)
        case "Concat": try concatenation(node)
        case "MaxPool": try maxPool(node)
        case "AveragePool": try averagePool(node)
        case "GlobalAveragePool": try globalAveragePool(node)
        case "GlobalMaxPool": try globalMaxPool(node)
        case "ReduceMean": try mean(node)
        case "QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "Quant", "IntQuant", "BipolarQuant",
            "Trunc":
            try quantization(node)
        default: try shapeOperation(node)
        }
    }

    /// Nodes that move or drop values.
    private mutating func shapeOperation(_ node: Node) throws {
        switch node.operation {
        case "Flatten": try flatten(node)
        case "Reshape": try reshape(node)
        case "Transpose": try transpose(node)
        case "Gather": try gather(node)
        case "Squeeze": try squeeze(node)
        case "Unsqueeze": try unsqueeze(node)
        case "Slice": try slice(node)
        case "Pad": try pad(node)
        case "Shape": try shape(node)
        case "Cast": try cast(node)
        case "Dropout", "Identity": try removeNode(node)
        case "Softmax": try softmax(node)
        case "ConstantOfShape": try constantOfShape(node)
        default: try constant(node)
        }
    }

    /// The graph's output must be the last layer's, and agree with the shape the file declares for it.
    mutating func checkOutput(of graph: Onnx_GraphProto) throws {
        dropUnreadLayers()
        let place = "\(decoder.file): output '\(header.outputName)'"
        guard let output = activations[header.outputName], output.layer == layers.last?.name, output.padding == nil
        else {
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

    /// Drops layers whose values nothing but a Shape node read.
    private mutating func dropUnreadLayers() {
        guard let output = activations[header.outputName] else { return }
        var needed: Set<String> = [output.layer]
        let kept = layers.reversed().filter { layer in
            guard needed.contains(layer.name) else { return false }
            needed.formUnion(layer.inputs)
            return true
        }
        layers = kept.reversed()
    }
}

// MARK: - Layers and tensors

extension GraphTranslator {
    /// Notes what an activation saturates at; of several quantizations of one the narrowest.
    mutating func saturate(_ activation: Activation, at range: ClosedRange<Float>) {
        saturations[activation.layer] = saturations[activation.layer]?.clamped(to: range) ?? range
    }

    /// Appends the node's layer and makes its output known.
    mutating func append(
        _ node: Node, _ kind: LayerKind, inputs: [Activation], shape: Shape, rank: Int,
        pending: Activation.Pending? = nil
    ) throws {
        var output = try appendLayer(node, named: node.name, kind, inputs: inputs, shape: shape, rank: rank)
        if node.readers == 1 { output.pending = pending }
        define(node, output)
    }

    /// Appends a layer that is part of what a node computes.
    mutating func appendLayer(
        _ node: Node, named name: String, _ kind: LayerKind, inputs: [Activation], shape: Shape, rank: Int
    ) throws -> Activation {
        guard Limits.accepts(shape) else {
            throw node.invalid("the output \(shape) is empty or exceeds \(Limits.elements) elements")
        }
        switch kind {
        case .affine, .permuteChannels: try spend(node, elements: 2 * shape.channels, .real([]))
        default: break
        }
        layers.append(Layer(name: name, kind: kind, inputs: inputs.map(\.layer), output: shape))
        if GraphTranslator.keepsSign(kind) ? inputs.allSatisfy(isNonNegative) : GraphTranslator.isPositive(kind) {
            nonNegative.insert(name)
        }
        return Activation(layer: name, shape: shape, rank: rank)
    }

    func isNonNegative(_ activation: Activation) -> Bool { nonNegative.contains(activation.layer) }

    private static func isPositive(_ kind: LayerKind) -> Bool {
        switch kind {
        case .relu: true
        case .clip(let minimum, _): minimum >= 0
        default: false
        }
    }

    /// No negative inputs, no negative outputs.
    private static func keepsSign(_ kind: LayerKind) -> Bool {
        switch kind {
        case .add, .maxPool, .averagePool, .globalAveragePool, .subsample, .concat, .permuteChannels: true
        case .host(let function): function.keepsSign
        case .convolution, .fullyConnected, .affine, .relu, .clip: false
        }
    }

    /// A name for a second layer of a node.
    mutating func uniqueName(_ wanted: String) -> String {
        var name = wanted
        while !names.insert(name).inserted { name += "_" }
        return name
    }

    /// Makes the node's first output stand for `activation`.
    mutating func define(_ node: Node, _ activation: Activation) {
        if let output = node.proto.output.first { activations[output] = activation }
    }

    /// Makes the node's first output a constant.
    mutating func define(_ node: Node, _ tensor: ConstantTensor) {
        if let output = node.proto.output.first { constants[output] = tensor }
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

    /// An input that depends on the image and may be computed with. Only convolutions take one that is padded.
    func activation(_ node: Node, _ index: Int, padded: Bool = false) throws -> Activation {
        let found = try passedActivation(node, index)
        guard !found.isFinal else {
            throw node.unsupported("a Softmax before this node", supported: "Softmax as the last operation only")
        }
        guard found.codes == nil else {
            throw node.unsupported(
                "input \(index) holds codes", supported: "codes in DequantizeLinear, QLinear... and ...Integer nodes")
        }
        return padded && found.view == nil ? found : try unviewed(node, index, found)
    }

    /// An input that is no part of a channel shuffle; it may hold codes or be a removed Softmax's.
    func movedActivation(_ node: Node, _ index: Int) throws -> Activation {
        try unviewed(node, index, passedActivation(node, index))
    }

    private func unviewed(_ node: Node, _ index: Int, _ found: Activation) throws -> Activation {
        guard found.view == nil else {
            throw node.unsupported(
                "input \(index) is \(found.shapeText)", supported: "such shapes in Reshape, Transpose, Reshape only")
        }
        guard found.padding == nil else {
            throw node.unsupported("rows and columns of padding before this node", supported: "them before Conv only")
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
        try requireMap(node, index, activation(node, index))
    }

    /// The same; codes are welcome.
    func storedFeatureMap(_ node: Node) throws -> Activation {
        let found = try movedActivation(node, 0)
        return try found.codes == nil ? featureMap(node) : requireMap(node, 0, found)
    }

    func requireMap(_ node: Node, _ index: Int, _ found: Activation) throws -> Activation {
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
        return (tensor, try realValues(tensor, node, index))
    }

    private func realValues(_ tensor: ConstantTensor, _ node: Node, _ index: Int) throws -> [Float] {
        let name = try node.requiredInput(index)
        guard case .real(let values) = tensor.elements else {
            throw node.invalid("input \(index) ('\(name)') has element type \(tensor.type); needed is a floating type")
        }
        guard let bad = values.firstIndex(where: { !$0.isFinite }) else { return values }
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
