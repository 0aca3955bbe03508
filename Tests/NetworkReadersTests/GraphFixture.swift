// Tiny ONNX models built from the generated protobuf types, and temporary folders for them.
import Diagnostics
import Foundation
import Networks
import Support
import SwiftProtobuf
import TestSupport

@testable import NetworkReaders

struct GraphFixture {
    var model = Onnx_ModelProto()

    /// A model with the input "x" of [N] + sizes and the output "y".
    init(input sizes: [Int64] = [2, 4, 4], opset: Int64 = 13) {
        model.irVersion = 8
        var version = Onnx_OperatorSetIdProto()
        version.domain = ""
        version.version = opset
        model.opsetImport = [version]
        model.graph.name = "g"
        var batch = Onnx_TensorShapeProto.Dimension()
        batch.dimParam = "N"
        let dimensions =
            [batch]
            + sizes.map { size in
                var dimension = Onnx_TensorShapeProto.Dimension()
                dimension.dimValue = size
                return dimension
            }
        model.graph.input = [GraphFixture.value("x", dimensions)]
        var output = Onnx_ValueInfoProto()
        output.name = "y"
        output.type.tensorType.elemType = 1
        model.graph.output = [output]
    }

    static func value(_ name: String, _ dimensions: [Onnx_TensorShapeProto.Dimension]) -> Onnx_ValueInfoProto {
        var value = Onnx_ValueInfoProto()
        value.name = name
        value.type.tensorType.elemType = 1
        value.type.tensorType.shape.dim = dimensions
        return value
    }

    enum Attribute {
        case int(Int64)
        case float(Float)
        case ints([Int64])
        case string(String)
        case tensor(Onnx_TensorProto)
    }

    mutating func node(
        _ operation: String, _ inputs: [String], _ output: String, outputs: [String] = [], name: String = "",
        _ attributes: [String: Attribute] = [:]
    ) {
        var node = Onnx_NodeProto()
        node.opType = operation
        node.input = inputs
        node.output = [output] + outputs
        node.name = name
        for (key, value) in attributes.sorted(by: { $0.key < $1.key }) {
            var attribute = Onnx_AttributeProto()
            attribute.name = key
            switch value {
            case .int(let value): (attribute.i, attribute.type) = (value, .int)
            case .float(let value): (attribute.f, attribute.type) = (value, .float)
            case .ints(let value): (attribute.ints, attribute.type) = (value, .ints)
            case .string(let value): (attribute.s, attribute.type) = (Data(value.utf8), .string)
            case .tensor(let value): (attribute.t, attribute.type) = (value, .tensor)
            }
            node.attribute.append(attribute)
        }
        model.graph.node.append(node)
    }

    static func tensor(_ name: String, _ dimensions: [Int64], _ values: [Float]) -> Onnx_TensorProto {
        var tensor = Onnx_TensorProto()
        tensor.name = name
        tensor.dims = dimensions
        tensor.dataType = 1
        tensor.floatData = values
        return tensor
    }

    mutating func floats(_ name: String, _ dimensions: [Int64], _ values: [Float]) {
        model.graph.initializer.append(GraphFixture.tensor(name, dimensions, values))
    }

    /// Seeded weights in -1...1, stored as raw data.
    mutating func random(_ name: String, _ dimensions: [Int64], from low: Float = -1) {
        var generator = SeededGenerator(seed: UInt64(model.graph.initializer.count) + 7)
        let count = Int(dimensions.reduce(1, *))
        var tensor = GraphFixture.tensor(name, dimensions, [])
        for _ in 0..<count {
            let bits = generator.uniform(in: low...1).bitPattern.littleEndian
            withUnsafeBytes(of: bits) { tensor.rawData.append(contentsOf: $0) }
        }
        model.graph.initializer.append(tensor)
    }

    mutating func integers(_ name: String, _ values: [Int64]) {
        var tensor = Onnx_TensorProto()
        tensor.name = name
        tensor.dims = [Int64(values.count)]
        tensor.dataType = 7
        tensor.int64Data = values
        model.graph.initializer.append(tensor)
    }

    /// Integers of an element type that is stored in the field of int32.
    mutating func codes(_ name: String, _ dimensions: [Int64], _ type: Int32, _ values: [Int32]) {
        var tensor = Onnx_TensorProto()
        tensor.name = name
        tensor.dims = dimensions
        tensor.dataType = type
        tensor.int32Data = values
        model.graph.initializer.append(tensor)
    }

    /// Bytes codes with a scale and an optional zero point, dequantized to `name`.
    mutating func dequantized(
        _ name: String, _ dimensions: [Int64], _ codes: [Int32], scale: Float, zero: Int32? = nil
    ) {
        var tensor = Onnx_TensorProto()
        tensor.name = "\(name)_q"
        tensor.dims = dimensions
        tensor.dataType = 3
        tensor.int32Data = codes
        model.graph.initializer.append(tensor)
        floats("\(name)_s", [], [scale])
        var inputs = ["\(name)_q", "\(name)_s"]
        if let zero {
            var point = Onnx_TensorProto()
            point.name = "\(name)_z"
            point.dataType = 3
            point.int32Data = [zero]
            model.graph.initializer.append(point)
            inputs.append("\(name)_z")
        }
        node("DequantizeLinear", inputs, name)
    }

    /// A model of one convolution "c" with weights `dimensions`.
    static func convolution(
        _ dimensions: [Int64], _ attributes: [String: Attribute] = [:], input: [Int64] = [2, 4, 4]
    ) -> GraphFixture {
        var fixture = GraphFixture(input: input)
        fixture.random("w", dimensions)
        fixture.node("Conv", ["x", "w"], "y", name: "c", attributes)
        return fixture
    }

    func write(to folder: Scratch, _ name: String = "model.onnx") throws -> String {
        try folder.file(name, model.serializedData())
    }

    func read() throws -> Network { try readWithPasses().network }

    func readWithPasses() throws -> (network: Network, passes: [GraphPass]) {
        let folder = try Scratch()
        return try ONNXReader.readWithPasses(path: write(to: folder))
    }

    /// The message of the InputError that reading throws, without the folder's path.
    func message() throws -> String {
        let folder = try Scratch()
        let path = try write(to: folder)
        return messageOf { _ = try ONNXReader.read(path: path) }
            .replacingOccurrences(of: "\(folder.url.path)/", with: "")
    }
}

/// Description of the InputError that `body` throws; what else happened otherwise.
func messageOf(_ body: () throws -> Void) -> String {
    do {
        try body()
        return "no error"
    } catch let error as InputError {
        return error.description
    } catch {
        return "another error: \(error)"
    }
}

/// Models beside the repository that only tests use.
enum SharedData {
    static let folder = Repository.shared("data")
    static let isPresent = Repository.hasShared("data/models")

    static func model(_ name: String) -> String { Repository.shared("data/models/\(name).onnx") }

    /// Whether there is a Python with onnxruntime.
    static let hasRuntime = Tools.pythonHas("onnxruntime") && Tools.pythonHas("numpy")
}
