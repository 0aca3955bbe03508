// The borders of an ONNX graph: its single image input, its single output and its initializers.

import Diagnostics
import Networks

struct GraphHeader {
    let inputName: String
    let inputShape: Shape
    /// 4 for [N, C, H, W], 2 for [N, F].
    let inputRank: Int
    let outputName: String
    /// The image's shape where the graph takes it as [N, H, W, C] and only transposes it: channels first.
    var planarInput: Shape?
    let initializers: [String: Onnx_TensorProto]

    init(_ graph: Onnx_GraphProto, file: String) throws {
        guard graph.sparseInitializer.isEmpty else {
            throw InputError(.unsupported, at: file, "sparse initializers; supported are dense ones")
        }
        var initializers: [String: Onnx_TensorProto] = [:]
        for tensor in graph.initializer {
            guard initializers.updateValue(tensor, forKey: tensor.name) == nil else {
                throw InputError(at: file, "two initializers are named '\(tensor.name.echoed)'")
            }
        }
        // Up to IR version 3 initializers are listed as inputs too.
        let inputs = graph.input.filter { initializers[$0.name] == nil }
        let input = try GraphHeader.single(inputs, "input", file: file)
        self.initializers = initializers
        inputName = input.name
        outputName = try GraphHeader.single(graph.output, "output", file: file).name
        (inputShape, inputRank) = try GraphHeader.shape(of: input, file: file)
    }

    private static func single(
        _ values: [Onnx_ValueInfoProto], _ role: String, file: String
    ) throws -> Onnx_ValueInfoProto {
        guard let value = values.first, values.count == 1 else {
            let names = values.prefix(8).map { "'\($0.name.echoed)'" }.joined(separator: ", ")
            let found = values.isEmpty ? "none" : "\(values.count): \(names)"
            throw InputError(.unsupported, at: file, "graph \(role)s: \(found); supported is exactly one")
        }
        return value
    }

    private static func shape(of input: Onnx_ValueInfoProto, file: String) throws -> (Shape, Int) {
        let place = "\(file): input '\(input.name.echoed)'"
        guard case .tensorType(let tensor)? = input.type.value, tensor.hasShape else {
            throw InputError(at: place, "the input declares no tensor shape")
        }
        guard [1, 10, 11].contains(tensor.elemType) else {
            throw InputError(.unsupported, at: place, "element type \(tensor.elemType); supported are floating types")
        }
        let dimensions = tensor.shape.dim
        guard dimensions.count == 4 || dimensions.count == 2 else {
            let found = "\(dimensions.count) dimensions"
            throw InputError(.unsupported, at: place, "\(found); supported are [N, C, H, W] and [N, F]")
        }
        if case .dimValue(let batch)? = dimensions[0].value, batch != 1 {
            throw InputError(.unsupported, at: place, "batch size \(batch); supported are 1 and a symbolic size")
        }
        var sizes = [1, 1, 1]
        for (index, dimension) in dimensions.dropFirst().enumerated() {
            guard case .dimValue(let size)? = dimension.value, size > 0, size <= Int64(Limits.dimension) else {
                let wanted = "a fixed size from 1 to \(Limits.dimension)"
                throw InputError(at: place, "dimension \(index + 1) is not \(wanted)")
            }
            sizes[index] = Int(size)
        }
        let shape = Shape(channels: sizes[0], height: sizes[1], width: sizes[2])
        guard Limits.accepts(shape) else {
            throw InputError(.unsupported, at: place, "\(shape): more than \(Limits.elements) elements")
        }
        return (shape, dimensions.count)
    }
}
