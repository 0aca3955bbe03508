// ONNX models become the float layer graph of `Networks`, one layer a node.
//
// Flow: parse the protobuf (onnx.pb.swift, generated from onnx-ml.proto), check the header, find the nodes the
// output needs in topological order (NodeOrder), translate them one by one with our own shape inference
// (GraphTranslator). Nodes without a layer of their own: constants, what computes nothing at inference, reshaping to
// a vector, quantization of activations, and the later parts of several nodes that are one layer. GraphPass names
// these steps, docs/guide/ONNX.md explains them. Batch normalizations join their convolutions later, in the Quantizer.

import Diagnostics
import Foundation
import Networks
import SwiftProtobuf

/// Reads ONNX models of opsets 7 to 25 with one image input and one output.
public enum ONNXReader {
    /// Opsets of the default domain whose operators are read. From 22 on they have more element types and, in
    /// QuantizeLinear and Cast, attributes that an unknown one's refusal covers.
    public static let opsets: ClosedRange<Int64> = 7...25

    /// Operators of the default domain that are read, in alphabetical order.
    public static let operations = (otherOperations + GraphTranslator.hostOperators.keys).sorted()

    /// All but those of the host.
    private static let otherOperations = [
        "Add", "AveragePool", "BatchNormalization", "Cast", "Clip", "Concat", "Constant", "ConstantOfShape", "Conv",
        "ConvInteger", "DequantizeLinear", "Div", "Dropout", "DynamicQuantizeLinear", "Flatten", "Gather", "Gemm",
        "GlobalAveragePool", "GlobalMaxPool", "Identity", "MatMul", "MatMulInteger", "MaxPool", "Mul", "Pad",
        "QLinearConv", "QLinearMatMul", "QuantizeLinear", "ReduceMean", "Relu", "Reshape", "Shape", "Slice",
        "Softmax", "Squeeze", "Sub", "Sum", "Transpose", "Unsqueeze",
    ]

    /// Operators of QONNX that are read.
    public static let qonnxOperations = ["BipolarQuant", "IntQuant", "Quant", "Trunc"]

    /// Domains of QONNX operators, the present one first.
    public static let qonnxDomains = ["qonnx.custom_op.general", "finn.custom_op.general", "onnx.brevitas"]

    /// Operators of onnxruntime's own domain, com.microsoft, that are read.
    public static let runtimeOperations = [
        "DequantizeLinear", "QGemm", "QLinearAdd", "QLinearAveragePool", "QLinearConcat", "QLinearGlobalAveragePool",
        "QuantizeLinear",
    ]

    /// What is read of a node's domain; the default domain's operators for an unknown one.
    static func operations(of domain: String) -> (names: [String], isKnown: Bool) {
        if qonnxDomains.contains(domain) { return (qonnxOperations, true) }
        if domain == "com.microsoft" { return (runtimeOperations, true) }
        return (operations, isDefaultDomain(domain))
    }

    /// The network in the file at `path`, named after the file.
    ///
    /// `metadata` holds the model's `metadata_props`, and under `removed` the nodes dropped because inference or
    /// the largest output does not need them, as "name (Operator), ...". Throws `InputError`.
    public static func read(path: String) throws -> Network { try readWithPasses(path: path).network }

    /// The network, and the graph passes that made it.
    public static func readWithPasses(path: String) throws -> (network: Network, passes: [GraphPass]) {
        let data = try Files.read(path)
        let model = try parse(data, file: path)
        let directory = (path as NSString).deletingLastPathComponent
        let name = ((path as NSString).lastPathComponent as NSString).deletingPathExtension
        let decoder = TensorDecoder(file: path, directory: directory)
        return try network(
            of: model, name: name.isEmpty ? "network" : name, decoder: decoder, fileBytes: data.count)
    }

    /// The parsed and header-checked model.
    static func parse(_ data: Data, file: String) throws -> Onnx_ModelProto {
        let model: Onnx_ModelProto
        do {
            model = try Onnx_ModelProto(serializedBytes: data)
        } catch {
            throw InputError(at: file, "not a complete ONNX model (the file is truncated or of another format)")
        }
        guard model.hasGraph, !model.graph.node.isEmpty else {
            throw InputError(at: file, "not a complete ONNX model: it has no graph with nodes")
        }
        guard let opset = opset(of: model) else {
            throw InputError(at: file, "the model imports no opset of the default domain")
        }
        guard opsets.contains(opset) else {
            let accepted = "\(opsets.lowerBound) to \(opsets.upperBound)"
            throw InputError(.unsupported, at: file, "opset \(opset); supported are \(accepted)")
        }
        return model
    }

    /// Channels first, where all that the graph does with the image [N, H, W, C] is to put it into that order.
    private static func planarInput(_ header: GraphHeader, _ nodes: [Node]) -> Shape? {
        let readers = nodes.filter { $0.proto.input.contains(header.inputName) }
        guard header.inputRank == 4, !readers.isEmpty,
            readers.allSatisfy({ $0.operation == "Transpose" && (try? $0.integers("perm")) == [0, 3, 1, 2] })
        else { return nil }
        let declared = header.inputShape
        return Shape(channels: declared.width, height: declared.channels, width: declared.height)
    }

    private static func opset(of model: Onnx_ModelProto) -> Int64? {
        model.opsetImport.first { isDefaultDomain($0.domain) }?.version
    }

    static func isDefaultDomain(_ domain: String) -> Bool { domain.isEmpty || domain == "ai.onnx" }

    static func network(
        of model: Onnx_ModelProto, name: String, decoder: TensorDecoder, fileBytes: Int = 0
    ) throws -> (network: Network, passes: [GraphPass]) {
        var header = try GraphHeader(model.graph, file: decoder.file)
        let order = try NodeOrder(header: header, graph: model.graph, file: decoder.file)
        let nodes = try order.ordered()
        header.planarInput = planarInput(header, nodes)
        var translator = GraphTranslator(
            header: header, decoder: decoder, opset: opset(of: model) ?? opsets.upperBound,
            names: Set(nodes.map(\.name)),
            storedBytes: fileBytes + (try decoder.externalBytes(of: model.graph.initializer)))
        try translator.decodeShared(nodes)
        for node in order.unused { translator.log.note(.dropUnused, node) }
        for node in nodes { try translator.translate(node) }
        try translator.checkOutput(of: model.graph)
        var metadata: [String: String] = [:]
        for property in model.metadataProps { metadata[property.key] = property.value }
        if !translator.removed.isEmpty { metadata["removed"] = translator.removed.joined(separator: ", ") }
        var network = Network(
            name: name, input: header.planarInput ?? header.inputShape, layers: translator.layers,
            metadata: metadata, saturations: translator.saturations)
        network.borders = Network.Borders(
            input: header.inputName, inputRank: header.inputRank, output: header.outputName)
        return (network, translator.log.passes)
    }
}
