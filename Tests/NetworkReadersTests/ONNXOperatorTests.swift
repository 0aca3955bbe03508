// Do graphs in the manner of other exporters mean what onnxruntime computes, and do the passes say what was done?
import Diagnostics
import Foundation
import Networks
import Quantizer
import TestSupport
import Testing

@testable import NetworkReaders

struct ONNXOperatorTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var graph: GraphFixture
        /// Largest difference over the largest output: rounding, or some steps of 8-bit activations.
        var tolerance: Float
    }

    static let cases = [
        Case(testDescription: "dense", graph: SmallGraphs.dense(), tolerance: 1e-5),
        Case(testDescription: "shuffle", graph: SmallGraphs.shuffle(), tolerance: 1e-5),
        Case(testDescription: "shapes", graph: SmallGraphs.shapes(), tolerance: 1e-5),
        Case(testDescription: "quantized", graph: SmallGraphs.quantized(), tolerance: 0.05),
        Case(testDescription: "integers", graph: SmallGraphs.integers(), tolerance: 0.05),
        Case(testDescription: "runtime", graph: SmallGraphs.runtime(), tolerance: 0.05),
    ]

    @Test(
        "Graphs give onnxruntime's numbers",
        .enabled(if: OutsideModels.canRun, "no Python with onnx and onnxruntime (SHIFTSIM_PYTHON or .venv)"),
        arguments: cases)
    func numbers(example: Case) throws {
        let folder = try Scratch()
        let path = try example.graph.write(to: folder)
        let network = try ONNXReader.read(path: path)
        try OutsideModels.reference(path, to: folder.url.path, draw: false)
        guard case .float32(let image) = try NpyReader.read(path: "\(folder.url.path)/input.npy").elements,
            case .float32(let golden) = try NpyReader.read(path: "\(folder.url.path)/output.npy").elements
        else { throw InputError(at: path, "no float32") }
        let largest = golden.map(abs).max() ?? 0
        #expect(largest > 0.05)
        #expect(golden.contains { $0 != golden[0] })
        let difference = distance(try FloatExecutor.infer(network, input: image), golden)
        #expect(difference <= example.tolerance * largest, "\(difference) of \(largest)")
    }

    @Test("A normalization with Mul and Add of unsqueezed constants is one affine layer")
    func caffeNormalization() throws {
        let (network, passes) = try SmallGraphs.dense().readWithPasses()
        #expect(network.layers.count { $0.kind.name == "affine" } == 3)
        #expect(network.layers.first { $0.kind == .concat }?.inputs == ["Conv_0", "Conv_7"])
        let merged = passes.first { $0.name == .mergeScale }
        #expect(merged?.nodes.prefix(2) == ["Mul_4 (Mul, into l1/bn)", "Add_5 (Add, into l1/bn)"])
        #expect(passes.map(\.name) == [.foldConstants, .mergeScale])
    }

    @Test("A shuffle is a permutation, a Sum of three two additions")
    func shuffle() throws {
        let (network, passes) = try SmallGraphs.shuffle().readWithPasses()
        // Three rows of four channels: 0 4 8, 1 5 9, ...
        let order = [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]
        #expect(network.layers.first { $0.name == "shuffle" }?.kind == .permuteChannels(order: order))
        #expect(network.layers.filter { $0.kind == .add }.map(\.name) == ["sum/1", "sum"])
        #expect(passes.first { $0.name == .mergeShuffle }?.nodes.count == 3)
        #expect(passes.first { $0.name == .splitSum }?.nodes == ["sum (Sum)"])
        #expect(passes.first { $0.name == .removeReshape }?.nodes == ["Squeeze_10 (Squeeze)"])
    }

    @Test("Shapes and constants are computed; unread nodes are left out")
    func folding() throws {
        let (network, passes) = try SmallGraphs.shapes().readWithPasses()
        let kinds = [
            "affine", "affine", "affine", "convolution", "fully-connected", "convolution", "global-average-pool",
        ]
        #expect(network.layers.map(\.kind.name) == kinds)
        #expect(passes.first { $0.name == .dropUnused }?.nodes == ["Slice_11 (Slice)", "Cast_12 (Cast)"])
        #expect(passes.first { $0.name == .foldConstants }?.nodes.count == 7)
        #expect(passes.first { $0.name == .mergeBias }?.nodes == ["Add_15 (Add, into MatMul_14)"])
    }

    @Test("Quantized graphs: scales are noted, saturation at 0 is a ReLU, codes stay where the unit is a power of two")
    func quantized() throws {
        let (network, passes) = try SmallGraphs.quantized().readWithPasses()
        #expect(network.layers.map(\.name).prefix(3) == ["c0", "q0", "MaxPool_6"])
        #expect(network.layers[1].kind == .relu)
        let removed = passes.first { $0.name == .removeQuantization }?.nodes ?? []
        #expect(removed.first == "QuantizeLinear_0 (QuantizeLinear, scale 0.03, zero point 120)")
        #expect(removed.count == 6)
        #expect(passes.first { $0.name == .keepSaturation }?.nodes == ["q0 (QuantizeLinear)"])
        guard case .convolution(_, _, _, let weights, let bias) = network.layers[0].kind,
            case .convolution(_, _, _, let coded, _) = network.layers[3].kind
        else { throw InputError(at: "quantized", "no convolutions") }
        #expect(weights.codes == nil)
        #expect(weights.values[27] == Float(27 * 37 % 255 - 127) * Float(0.02))
        #expect(bias[1] == -2000 * Float(0.0002))
        #expect(coded.codeScale == 0x1p-7)
        #expect(coded.codes?.map { Float($0) * 0x1p-7 } == coded.values)
    }

    @Test("onnxruntime's integer operators are layers of values; an output from 0 on is a ReLU")
    func runtimeOperators() throws {
        let (network, passes) = try SmallGraphs.runtime().readWithPasses()
        let kinds = ["convolution", "add", "relu", "concat", "average-pool", "global-average-pool", "fully-connected"]
        #expect(network.layers.map(\.kind.name) == kinds)
        #expect(network.layers[3].inputs == ["sum/relu", "c"])
        #expect(passes.first { $0.name == .keepSaturation }?.nodes == ["sum (QLinearAdd)"])
    }

    @Test("QONNX: dequantized weights with codes, identities with notes")
    func qonnx() throws {
        let (network, passes) = try SmallGraphs.brevitas().readWithPasses()
        let kinds = ["convolution", "relu", "convolution", "affine", "global-average-pool", "fully-connected"]
        #expect(network.layers.map(\.kind.name) == kinds)
        guard case .convolution(_, _, _, let first, _) = network.layers[0].kind,
            case .convolution(_, _, _, let second, _) = network.layers[2].kind,
            case .affine(let scale, _) = network.layers[3].kind,
            case .fullyConnected(_, let last, _) = network.layers[5].kind
        else { throw InputError(at: "brevitas", "other kinds") }
        #expect(first.codeScale == 0.25)
        let codes = try #require(first.codes)
        // Four bits, narrow: -7...7.
        #expect(codes.min() ?? 0 >= -7 && codes.max() ?? 0 <= 7 && Set(codes).count > 5)
        #expect(zip(codes, first.values).allSatisfy { Float($0) * 0.25 == $1 })
        #expect(second.codes == nil)
        #expect(second.values[3...5].allSatisfy { ($0 / 0.5).rounded() == $0 / 0.5 })
        #expect(scale == [0x1p-4, 0x1p-4, 0x1p-4])
        #expect(Set(last.codes ?? []) == [-1, 1])
        let removed = passes.first { $0.name == .removeQuantization }?.nodes ?? []
        #expect(removed.first == "xq (Quant, scale 0.25, zero point 0.0, codes -127.0 to 127.0)")
        #expect(removed.count == 3)
    }

    @Test(
        "Clip: attributes or inputs; a ReLU, or nothing at all",
        arguments: [
            (-1, 2, LayerKind.clip(minimum: -1, maximum: 2)), (0, .infinity, .relu),
            (0, .greatestFiniteMagnitude, .relu), (-.infinity, 6, .clip(minimum: -.infinity, maximum: 6)),
            (-.greatestFiniteMagnitude, .greatestFiniteMagnitude, nil),
        ] as [(Float, Float, LayerKind?)])
    func clip(minimum: Float, maximum: Float, kind: LayerKind?) throws {
        for opset in [Int64(9), 11] {
            var graph = GraphFixture(opset: opset)
            graph.node("Relu", ["x"], "r")
            if opset == 9 {
                graph.node("Clip", ["r"], "y", ["min": .float(minimum), "max": .float(maximum)])
            } else {
                graph.floats("low", [], [minimum])
                graph.floats("high", [], [maximum])
                graph.node("Clip", ["r", "low", "high"], "y")
            }
            #expect(try graph.read().layers.dropFirst().map(\.kind) == (kind.map { [$0] } ?? []))
        }
    }
}
