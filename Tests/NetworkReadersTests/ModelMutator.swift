// Wrong models made of right ones: bytes flipped, cut, repeated, or parts of the graph exchanged. Seeded.
import Foundation
import Networks
import Support
import SwiftProtobuf

@testable import NetworkReaders

struct ModelMutator {
    private var generator: SeededGenerator
    private static let extremes: [Int64] = [
        .min, .max, -1, 0, 1, 2, 3, 7, 64, 1 << 20, 1 << 28, 1 << 31, 1 << 40, 1 << 62, -(1 << 31),
    ]

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    mutating func pick(_ count: Int) -> Int { Int(generator.next() % UInt64(max(count, 1))) }

    /// A mutated copy of a model, as bytes.
    mutating func mutate(_ bytes: Data) -> Data {
        if pick(3) == 0 { return mutateBytes(bytes) }
        guard var model = try? Onnx_ModelProto(serializedBytes: bytes) else { return mutateBytes(bytes) }
        for _ in 0...pick(3) { mutateGraph(&model.graph) }
        if pick(40) == 0, !model.opsetImport.isEmpty { model.opsetImport[0].version = extreme() }
        guard let data = try? model.serializedData() else { return mutateBytes(bytes) }
        return pick(8) == 0 ? mutateBytes(data) : data
    }

    private mutating func extreme() -> Int64 { ModelMutator.extremes[pick(ModelMutator.extremes.count)] }

    // MARK: bytes

    private mutating func mutateBytes(_ bytes: Data) -> Data {
        var data = [UInt8](bytes)
        switch pick(4) {
        case 0: data.removeLast(pick(data.count))
        case 1:
            let start = pick(data.count)
            let part = Array(data[start..<min(data.count, start + 1 + pick(64))])
            data.insert(contentsOf: part, at: pick(data.count))
        case 2:
            let start = pick(data.count)
            data.removeSubrange(start..<min(data.count, start + 1 + pick(64)))
        default:
            // The first part of a file has the nodes, the rest is mostly weights.
            let reach = pick(2) == 0 ? data.count : min(data.count, 4096)
            for _ in 0...pick(8) { data[pick(reach)] ^= 1 << UInt8(pick(8)) }
        }
        return Data(data)
    }

    // MARK: graphs

    private mutating func mutateGraph(_ graph: inout Onnx_GraphProto) {
        guard !graph.node.isEmpty else { return }
        let node = pick(graph.node.count)
        switch pick(14) {
        case 0: rewire(&graph, node)
        case 1: graph.node[node].opType = graph.node[pick(graph.node.count)].opType
        case 2: graph.node.remove(at: node)
        case 3: graph.node.insert(graph.node[node], at: pick(graph.node.count))
        case 4: graph.node.swapAt(node, pick(graph.node.count))
        case 5...7: mutateAttribute(&graph.node[node])
        case 8: graph.node[node].opType = ONNXReader.operations[pick(ONNXReader.operations.count)]
        case 9: if !graph.node[node].input.isEmpty { graph.node[node].input.removeLast() }
        case 10: mutateInput(&graph)
        default:
            guard !graph.initializer.isEmpty else { return rewire(&graph, node) }
            mutateTensor(&graph.initializer[pick(graph.initializer.count)])
        }
    }

    /// Any tensor as an input or output: cycles, constants for activations, outputs of later nodes.
    private mutating func rewire(_ graph: inout Onnx_GraphProto, _ node: Int) {
        let names = graph.node.flatMap(\.output) + graph.initializer.map(\.name) + graph.input.map(\.name) + [""]
        let name = names[pick(names.count)]
        if pick(6) == 0, !graph.node[node].output.isEmpty {
            graph.node[node].output[0] = name
        } else if !graph.node[node].input.isEmpty {
            graph.node[node].input[pick(graph.node[node].input.count)] = name
        }
    }

    private mutating func mutateAttribute(_ node: inout Onnx_NodeProto) {
        guard !node.attribute.isEmpty else {
            var attribute = Onnx_AttributeProto()
            attribute.name = ["axis", "axes", "perm", "group", "to", "ceil_mode"][pick(6)]
            if pick(2) == 0 { attribute.i = extreme() } else { attribute.ints = [extreme(), extreme()] }
            return node.attribute.append(attribute)
        }
        let index = pick(node.attribute.count)
        switch pick(6) {
        case 0: node.attribute[index].i = extreme()
        case 1: node.attribute[index].ints = (0..<pick(6)).map { _ in extreme() }
        case 2:
            let values: [Float] = [.nan, .infinity, -1, 0, 1e38, .leastNonzeroMagnitude]
            node.attribute[index].f = values[pick(values.count)]
        case 3:
            // Another type of attribute under the same name.
            var other = Onnx_AttributeProto()
            other.name = node.attribute[index].name
            switch pick(4) {
            case 0: other.s = Data([0xFF, 0xFE])
            case 1: other.floats = [1, 2]
            case 2: other.t = Onnx_TensorProto()
            default: other.g = Onnx_GraphProto()
            }
            node.attribute[index] = other
        case 4:
            guard !node.attribute[index].ints.isEmpty else {
                node.attribute[index].i = extreme()
                return
            }
            node.attribute[index].ints[pick(node.attribute[index].ints.count)] = extreme()
        default:
            if node.attribute[index].hasT {
                mutateTensor(&node.attribute[index].t)
            } else {
                node.attribute.remove(at: index)
            }
        }
    }

    private mutating func mutateInput(_ graph: inout Onnx_GraphProto) {
        guard !graph.input.isEmpty else { return }
        var dimensions = graph.input[0].type.tensorType.shape.dim
        guard !dimensions.isEmpty else { return }
        dimensions[pick(dimensions.count)].dimValue = extreme()
        graph.input[0].type.tensorType.shape.dim = dimensions
    }

    private mutating func mutateTensor(_ tensor: inout Onnx_TensorProto) {
        switch pick(8) {
        case 0: tensor.dims = tensor.dims.map { _ in extreme() }
        case 1: if !tensor.dims.isEmpty { tensor.dims[pick(tensor.dims.count)] = extreme() }
        case 2: tensor.dims.append(extreme())
        case 3: tensor.dataType = Int32(pick(24))
        case 4: tensor.rawData = Data(count: pick(1 << 16))
        case 5: if !tensor.int64Data.isEmpty { tensor.int64Data[pick(tensor.int64Data.count)] = extreme() }
        case 6:
            if !tensor.floatData.isEmpty {
                tensor.floatData[pick(tensor.floatData.count)] = [.nan, 1e38, 0, -1][pick(4)]
            }
        default:
            tensor.dataLocation = .external
            var entry = Onnx_StringStringEntryProto()
            (entry.key, entry.value) = ("location", ["../secret", "/etc/passwd", "", "absent.bin"][pick(4)])
            tensor.externalData = [entry]
        }
    }
}
