// The float layer graph as an ONNX model: one node a layer, or two where ONNX has no single one. Reading the file
// again gives the same layers. Weights with codes are integers and a DequantizeLinear, or QONNX Quant nodes.

import Foundation
import Networks
import Support
import SwiftProtobuf

/// Writes networks as ONNX models.
public struct ONNXWriter {
    /// How quantization stands in the file.
    public enum Form: Sendable, Equatable {
        /// Codes of weights as int8, or int16 where they need it (opset 21), and a DequantizeLinear each;
        /// activations are float.
        case dequantizeLinear
        /// Float weights and activations, each behind a QONNX `Quant` node (domain qonnx.custom_op.general).
        /// `scales` names the tensors of `activationBits` bits that are multiples of a scale.
        case qonnx(activationBits: Int, scales: [String: Double])
    }

    static let qonnxDomain = "qonnx.custom_op.general"

    private let network: Network
    private let form: Form
    private var graph = Onnx_GraphProto()
    /// Rank of each tensor: 4 for [N, C, H, W], 2 for [N, F].
    private var ranks: [String: Int]
    private var shapes: [String: Shape]
    /// Tensor that carries a layer's output, where it is not named after it.
    private var tensors: [String: String] = [:]
    private var opset: Int64 = 13

    /// The bytes of the model file. Weights with codes must have a power-of-two scale.
    public static func data(_ network: Network, form: Form = .dequantizeLinear) throws -> Data {
        var writer = ONNXWriter(network, form: form)
        return try writer.model().serializedData()
    }

    private init(_ network: Network, form: Form) {
        self.network = network
        self.form = form
        shapes = [Network.inputName: network.input]
        ranks = [Network.inputName: network.borders?.inputRank ?? 4]
    }

    private mutating func model() -> Onnx_ModelProto {
        graph.name = network.name
        graph.input = [ONNXWriter.value(Network.inputName, network.input, rank: ranks[Network.inputName] ?? 4)]
        quantize(Network.inputName)
        for layer in network.layers {
            append(layer)
            shapes[layer.name] = layer.output
            quantize(layer.name)
        }
        if let last = network.layers.last {
            graph.output = [ONNXWriter.value(tensor(last.name), last.output, rank: ranks[last.name] ?? 4)]
        }
        nameBorders()
        var model = Onnx_ModelProto()
        model.irVersion = opset < 21 ? 8 : 10
        model.producerName = "ShiftSim"
        model.graph = graph
        model.opsetImport = [ONNXWriter.opset("", opset)]
        if case .qonnx = form { model.opsetImport.append(ONNXWriter.opset(ONNXWriter.qonnxDomain, 1)) }
        model.metadataProps = network.metadata.sorted { $0.key < $1.key }.map { key, value in
            var property = Onnx_StringStringEntryProto()
            (property.key, property.value) = (key, value)
            return property
        }
        return model
    }

    /// Gives the input and the output the names that they have in the model file. Another tensor of such a name gets an
    /// underscore.
    private mutating func nameBorders() {
        guard let borders = network.borders, let output = graph.output.first?.name else { return }
        let wanted = [Network.inputName: borders.input, output: borders.output]
        let tensors = Set(graph.node.flatMap { $0.input + $0.output } + graph.initializer.map(\.name))
        var names = wanted
        for taken in Set(wanted.values) where tensors.contains(taken) && wanted[taken] == nil {
            var free = taken + "_"
            while tensors.contains(free) || wanted.values.contains(free) { free += "_" }
            names[taken] = free
        }
        let renamed = { (name: String) in names[name] ?? name }
        for index in graph.node.indices {
            graph.node[index].input = graph.node[index].input.map(renamed)
            graph.node[index].output = graph.node[index].output.map(renamed)
        }
        for index in graph.initializer.indices {
            graph.initializer[index].name = renamed(graph.initializer[index].name)
        }
        graph.input[0].name = borders.input
        graph.output[0].name = borders.output
    }

    // MARK: layers

    private mutating func append(_ layer: Layer) {
        let inputs = layer.inputs.map(tensor)
        ranks[layer.name] = layer.inputs.first.flatMap { ranks[$0] } ?? 4
        switch layer.kind {
        case .convolution(let window, let outputs, let groups, let weights, let bias):
            let inner = [window.kernelHeight, window.kernelWidth]
            let row = weights.values.count / max(outputs * inner[0] * inner[1], 1)
            var operands = [inputs[0], add(weights, of: layer, dimensions: [outputs, row] + inner)]
            if !bias.isEmpty { operands.append(add(bias, "\(layer.name).bias", [bias.count])) }
            node("Conv", layer.name, operands, layer.name, windowAttributes(window) + [attribute("group", groups)])
        case .fullyConnected(let outputs, let weights, let bias): append(layer, outputs, weights, bias, inputs[0])
        case .affine(let scale, let shift): append(layer, scale: scale, shift: shift, input: inputs[0])
        case .relu: node("Relu", layer.name, inputs, layer.name)
        case .add: node("Add", layer.name, inputs, layer.name)
        case .maxPool(let window): node("MaxPool", layer.name, inputs, layer.name, windowAttributes(window))
        case .averagePool(let window, let divisor):
            node("AveragePool", layer.name, inputs, layer.name, averageAttributes(window, divisor))
        case .globalAveragePool: node("GlobalAveragePool", layer.name, inputs, layer.name)
        case .subsample(let stride, let before, let after):
            append(layer, stride: stride, before: before, after: after, input: inputs[0])
        case .concat: node("Concat", layer.name, inputs, layer.name, [attribute("axis", 1)])
        case .permuteChannels(let order):
            let indices = add(order, "\(layer.name).order")
            node("Gather", layer.name, [inputs[0], indices], layer.name, [attribute("axis", 1)])
        case .clip(let minimum, let maximum):
            let bounds = [("min", minimum), ("max", maximum)].map { part, value in
                value.isFinite ? add([value], "\(layer.name).\(part)", []) : ""
            }
            node("Clip", layer.name, [inputs[0]] + bounds, layer.name)
        case .host(.localResponseNormalization(let constants)):
            let attributes = [("alpha", constants.alpha), ("beta", constants.beta), ("bias", constants.bias)]
                .map { attribute($0, $1) }
            node("LRN", layer.name, inputs, layer.name, attributes + [attribute("size", constants.size)])
        }
    }

    private mutating func append(
        _ layer: Layer, _ outputs: Int, _ weights: Weights, _ bias: [Float], _ input: String
    ) {
        var source = input
        if ranks[layer.name] == 4 {
            source = "\(layer.name)/flat"
            node("Flatten", "\(layer.name)/flatten", [input], source, [attribute("axis", 1)])
        }
        ranks[layer.name] = 2
        let row = weights.values.count / max(outputs, 1)
        var operands = [source, add(weights, of: layer, dimensions: [outputs, row])]
        if !bias.isEmpty { operands.append(add(bias, "\(layer.name).bias", [bias.count])) }
        node("Gemm", layer.name, operands, layer.name, [attribute("transB", 1)])
    }

    private mutating func append(_ layer: Layer, scale: [Float], shift: [Float], input: String) {
        let isShifted = shift.contains { $0 != 0 }
        let product = isShifted ? "\(layer.name)/product" : layer.name
        node("Mul", layer.name, [input, add(channels: scale, "\(layer.name).factor", layer)], product)
        guard isShifted else { return }
        node("Add", "\(layer.name)/add", [product, add(channels: shift, "\(layer.name).shift", layer)], layer.name)
    }

    private mutating func append(_ layer: Layer, stride: Int, before: Int, after: Int, input: String) {
        let isPadded = before + after > 0
        var source = input
        var name = layer.name
        if stride > 1 || !isPadded {
            let shape = shapes[layer.inputs[0]] ?? layer.output
            let ranges: [(String, [Int])] = [
                ("starts", [0, 0]), ("ends", [shape.height, shape.width]), ("axes", [2, 3]),
                ("steps", [stride, stride]),
            ]
            let operands = ranges.map { add($0.1, "\(layer.name).\($0.0)") }
            source = isPadded ? "\(layer.name)/sliced" : layer.name
            node("Slice", layer.name, [input] + operands, source)
            name = "\(layer.name)/pad"
        }
        guard isPadded else { return }
        let pads = add([0, before, 0, 0, 0, after, 0, 0], "\(layer.name).pads")
        node("Pad", name, [source, pads], layer.name)
    }

    private func windowAttributes(_ window: Window) -> [Onnx_AttributeProto] {
        let dilations = [window.dilationHeight, window.dilationWidth]
        return [
            attribute("kernel_shape", [window.kernelHeight, window.kernelWidth]),
            attribute("strides", [window.strideHeight, window.strideWidth]),
            attribute("pads", [window.padTop, window.padLeft, window.padBottom, window.padRight]),
        ] + (dilations == [1, 1] ? [] : [attribute("dilations", dilations)])
    }

    /// Padding that counts though part of the window's does not: declared as such, the rest is what `ceil_mode` adds.
    private func averageAttributes(_ window: Window, _ divisor: AverageDivisor) -> [Onnx_AttributeProto] {
        switch divisor {
        case .kernelArea: return windowAttributes(window) + [attribute("count_include_pad", 1)]
        case .positions(0, 0, 0, 0): return windowAttributes(window) + [attribute("count_include_pad", 0)]
        case .positions(let top, let left, let bottom, let right):
            var declared = window
            (declared.padTop, declared.padLeft) = (top, left)
            (declared.padBottom, declared.padRight) = (bottom, right)
            return windowAttributes(declared) + [attribute("count_include_pad", 1), attribute("ceil_mode", 1)]
        }
    }

    // MARK: quantization

    /// A Quant node behind a tensor of QONNX.
    private mutating func quantize(_ name: String) {
        guard case .qonnx(let bits, let scales) = form, let scale = scales[name] else { return }
        let source = tensor(name)
        let output = "\(name)/quantized"
        quant(output, source, scale: Float(scale), bits: bits, isNarrow: false)
        tensors[name] = output
    }

    private mutating func quant(_ output: String, _ source: String, scale: Float, bits: Int, isNarrow: Bool) {
        let operands = [("scale", scale), ("zero", 0), ("bits", Float(bits))].map { part, value in
            add([value], "\(output).\(part)", [])
        }
        var rounding = Onnx_AttributeProto()
        rounding.name = "rounding_mode"
        rounding.type = .string
        rounding.s = Data("ROUND".utf8)
        node(
            "Quant", output, [source] + operands, output,
            [attribute("signed", 1), attribute("narrow", isNarrow ? 1 : 0), rounding], domain: ONNXWriter.qonnxDomain)
    }

    /// Weights as codes where there are any; the name of the tensor that holds their values.
    private mutating func add(_ weights: Weights, of layer: Layer, dimensions: [Int]) -> String {
        let name = "\(layer.name).weight"
        guard let codes = weights.codes, let scale = weights.codeScale else {
            return add(weights.values, name, dimensions)
        }
        let largest = codes.reduce(UInt32(0)) { max($0, $1.magnitude) }
        if case .qonnx = form {
            let source = add(weights.values, "\(name)/float", dimensions)
            let bits = max(2, UInt32.bitWidth - largest.leadingZeroBitCount + 1)
            quant(name, source, scale: scale, bits: bits, isNarrow: true)
            return name
        }
        let isWide = largest > 127
        if isWide { opset = 21 }
        let type: Onnx_TensorProto.DataType = isWide ? .int16 : .int8
        let data =
            isWide
            ? codes.map { Int16(truncatingIfNeeded: $0).littleEndian }.withUnsafeBytes { Data($0) }
            : codes.map { Int8(truncatingIfNeeded: $0) }.withUnsafeBytes { Data($0) }
        let operands = [
            add(data, type, "\(name)_q", dimensions), add([scale], "\(name)_scale", []),
            add(Data(count: isWide ? 2 : 1), type, "\(name)_zero", []),
        ]
        node("DequantizeLinear", "\(name)_dq", operands, name)
        return name
    }

    // MARK: protobuf

    private func tensor(_ name: String) -> String { tensors[name] ?? name }

    private mutating func node(
        _ operation: String, _ name: String, _ inputs: [String], _ output: String,
        _ attributes: [Onnx_AttributeProto] = [], domain: String = ""
    ) {
        var node = Onnx_NodeProto()
        node.opType = operation
        node.name = name
        node.input = inputs
        node.output = [output]
        node.attribute = attributes
        if !domain.isEmpty { node.domain = domain }
        graph.node.append(node)
    }

    private mutating func add(
        _ data: Data, _ type: Onnx_TensorProto.DataType, _ name: String, _ dimensions: [Int]
    ) -> String {
        var tensor = Onnx_TensorProto()
        tensor.name = name
        tensor.dataType = Int32(type.rawValue)
        tensor.dims = dimensions.map(Int64.init)
        tensor.rawData = data
        graph.initializer.append(tensor)
        return name
    }

    private mutating func add(_ values: [Float], _ name: String, _ dimensions: [Int]) -> String {
        add(LittleEndian.withBytes(of: values) { Data($0) }, .float, name, dimensions)
    }

    private mutating func add(_ values: [Int], _ name: String) -> String {
        let words = values.map { Int64($0).littleEndian }
        return add(words.withUnsafeBytes { Data($0) }, .int64, name, [values.count])
    }

    /// One value a channel, or one for all of them, broadcast over the layer's output.
    private mutating func add(channels values: [Float], _ name: String, _ layer: Layer) -> String {
        if let first = values.first, values.allSatisfy({ $0 == first }) { return add([first], name, []) }
        return add(values, name, ranks[layer.name] == 4 ? [1, values.count, 1, 1] : [1, values.count])
    }

    private func attribute(_ name: String, _ value: Int) -> Onnx_AttributeProto {
        var attribute = Onnx_AttributeProto()
        attribute.name = name
        attribute.type = .int
        attribute.i = Int64(value)
        return attribute
    }

    private func attribute(_ name: String, _ value: Float) -> Onnx_AttributeProto {
        var attribute = Onnx_AttributeProto()
        attribute.name = name
        attribute.type = .float
        attribute.f = value
        return attribute
    }

    private func attribute(_ name: String, _ values: [Int]) -> Onnx_AttributeProto {
        var attribute = Onnx_AttributeProto()
        attribute.name = name
        attribute.type = .ints
        attribute.ints = values.map(Int64.init)
        return attribute
    }

    private static func opset(_ domain: String, _ version: Int64) -> Onnx_OperatorSetIdProto {
        var opset = Onnx_OperatorSetIdProto()
        opset.domain = domain
        opset.version = version
        return opset
    }

    /// [N, C, H, W] or [N, F], N symbolic.
    private static func value(_ name: String, _ shape: Shape, rank: Int) -> Onnx_ValueInfoProto {
        var batch = Onnx_TensorShapeProto.Dimension()
        batch.value = .dimParam("N")
        let sizes = rank == 4 ? [shape.channels, shape.height, shape.width] : [shape.count]
        var tensor = Onnx_TypeProto.Tensor()
        tensor.elemType = Int32(Onnx_TensorProto.DataType.float.rawValue)
        tensor.shape.dim =
            [batch]
            + sizes.map { size in
                var dimension = Onnx_TensorShapeProto.Dimension()
                dimension.value = .dimValue(Int64(size))
                return dimension
            }
        var info = Onnx_ValueInfoProto()
        info.name = name
        info.type.value = .tensorType(tensor)
        return info
    }
}
