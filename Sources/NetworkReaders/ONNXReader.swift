// ONNX models become the float layer graph of `Networks`, one layer a node.
//
// Flow: parse the protobuf (onnx.pb.swift, generated from onnx-ml.proto), check the header, find the nodes the
// output needs in topological order (NodeOrder), translate them one by one with our own shape inference
// (GraphTranslator). Nothing is folded or fused here: the Quantizer does that. The only nodes without a layer
// are those that compute nothing at inference (Dropout, Identity, a Softmax at the end), reshaping to a vector,
// constants, and the second half of a pair that is one layer (MatMul + Add, Mul + Add, Slice + Pad).

import Foundation
import Networks
import SwiftProtobuf

/// Reads ONNX models of opsets 7 to 21 with one image input and one output.
public enum ONNXReader {
    /// Opsets of the default domain whose operators are read.
    public static let opsets: ClosedRange<Int64> = 7...21

    /// Operators that are read, in alphabetical order.
    public static let operations = [
        "Add", "AveragePool", "BatchNormalization", "Constant", "ConstantOfShape", "Conv", "DequantizeLinear",
        "Dropout", "Flatten", "Gemm", "GlobalAveragePool", "Identity", "MatMul", "MaxPool", "Mul", "Pad", "Relu",
        "Reshape", "Slice", "Softmax", "Sum",
    ]

    /// The network in the file at `path`, named after the file.
    ///
    /// `metadata` holds the model's `metadata_props`, and under `removed` the nodes dropped because inference or
    /// the largest output does not need them, as "name (Operator), ...".
    ///
    /// With `approximateAverages`, an average pooling that leaves padding out of its divisor (`ceil_mode`,
    /// `count_include_pad = 0` with padding) is read as one that counts it, and listed under `approximated`;
    /// without, it is an error, because `LayerKind.averagePool` cannot express it. Throws `InputError`.
    public static func read(path: String, approximateAverages: Bool = false) throws -> Network {
        let model = try parse(try Files.read(path), file: path)
        let directory = (path as NSString).deletingLastPathComponent
        let name = ((path as NSString).lastPathComponent as NSString).deletingPathExtension
        let decoder = TensorDecoder(file: path, directory: directory)
        return try network(
            of: model, name: name.isEmpty ? "network" : name, decoder: decoder,
            approximateAverages: approximateAverages)
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

    private static func opset(of model: Onnx_ModelProto) -> Int64? {
        model.opsetImport.first { isDefaultDomain($0.domain) }?.version
    }

    static func isDefaultDomain(_ domain: String) -> Bool { domain.isEmpty || domain == "ai.onnx" }

    private static func network(
        of model: Onnx_ModelProto, name: String, decoder: TensorDecoder, approximateAverages: Bool
    ) throws -> Network {
        let header = try GraphHeader(model.graph, file: decoder.file)
        var translator = GraphTranslator(
            header: header, decoder: decoder, opset: opset(of: model) ?? opsets.upperBound,
            approximateAverages: approximateAverages)
        for node in try NodeOrder(header: header, graph: model.graph, file: decoder.file).ordered() {
            try translator.translate(node)
        }
        try translator.checkOutput(of: model.graph)
        var metadata: [String: String] = [:]
        for property in model.metadataProps { metadata[property.key] = property.value }
        if !translator.removed.isEmpty { metadata["removed"] = translator.removed.joined(separator: ", ") }
        if !translator.approximated.isEmpty {
            metadata["approximated"] = translator.approximated.joined(separator: ", ")
        }
        return Network(name: name, input: header.inputShape, layers: translator.layers, metadata: metadata)
    }
}
