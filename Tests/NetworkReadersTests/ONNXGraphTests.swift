// Are small graphs of every supported operator read as meant? The last test asks onnxruntime.
import Diagnostics
import Foundation
import Networks
import TestSupport
import Testing

@testable import NetworkReaders

struct ONNXGraphTests {
    @Test("auto_pad gives ceil(size / stride) positions, the odd element after or before")
    func automaticPadding() throws {
        func window(_ mode: String) throws -> Window? {
            let attributes: [String: GraphFixture.Attribute] = [
                "auto_pad": .string(mode), "strides": .ints([2, 2]),
            ]
            let network = try GraphFixture.convolution([3, 2, 3, 3], attributes).read()
            guard case .convolution(let window, _, _, _, _) = network.layers[0].kind else { return nil }
            return window
        }
        // 4 pixels, stride 2: 2 positions, (2 - 1) * 2 + 3 - 4 = 1 padding element.
        let upper = try window("SAME_UPPER")
        #expect([upper?.padTop, upper?.padLeft, upper?.padBottom, upper?.padRight] == [0, 0, 1, 1])
        let lower = try window("SAME_LOWER")
        #expect([lower?.padTop, lower?.padLeft, lower?.padBottom, lower?.padRight] == [1, 1, 0, 0])
        let valid = try window("VALID")
        #expect(valid == Window(kernel: 3, stride: 2))
    }

    @Test("ceil_mode of a maximum is padding after", arguments: [(4, 1, 2), (5, 0, 2), (6, 1, 3)])
    func ceiling(size: Int, extra: Int, positions: Int) throws {
        var fixture = GraphFixture(input: [1, Int64(size), Int64(size)])
        let attributes: [String: GraphFixture.Attribute] = [
            "kernel_shape": .ints([3, 3]), "strides": .ints([2, 2]), "ceil_mode": .int(1),
        ]
        fixture.node("MaxPool", ["x"], "y", attributes)
        let layer = try fixture.read().layers[0]
        let window = Window(
            kernelHeight: 3, kernelWidth: 3, strideHeight: 2, strideWidth: 2, padBottom: extra, padRight: extra)
        #expect(layer.kind == .maxPool(window))
        #expect(layer.output == Shape(channels: 1, height: positions, width: positions))
        #expect(layer.name == "MaxPool_0")
    }

    @Test("A ceil_mode window that would start in the padding does not count")
    func ceilingPastTheEnd() throws {
        var fixture = GraphFixture(input: [1, 4, 4])
        // (4 + 2 - 2) / 3 rounds up to 3 positions, but the third starts at 6 >= 4 + 1.
        let attributes: [String: GraphFixture.Attribute] = [
            "kernel_shape": .ints([2, 2]), "strides": .ints([3, 3]), "pads": .ints([1, 1, 1, 1]),
            "ceil_mode": .int(1),
        ]
        fixture.node("MaxPool", ["x"], "y", attributes)
        #expect(try fixture.read().layers[0].output == Shape(channels: 1, height: 2, width: 2))
    }

    @Test("Gemm without transB and MatMul + Add both give weights [out][in]")
    func dense() throws {
        for matrix in [false, true] {
            var fixture = GraphFixture(input: [3, 1, 1])
            fixture.dequantized("w", [3, 2], [1, 2, 4, -8, 16, 0], scale: 0.25, zero: 0)
            fixture.floats("b", [2], [5, 6])
            fixture.node("Flatten", ["x"], "f")
            if matrix {
                fixture.node("MatMul", ["f", "w"], "m", name: "fc")
                fixture.node("Add", ["m", "b"], "y")
            } else {
                fixture.node("Gemm", ["f", "w", "b"], "y", name: "fc")
            }
            let weights = Weights(
                values: [0.25, 1, 4, 0.5, -2, 0], codes: [1, 4, 16, 2, -8, 0], codeScale: 0.25)
            let kind = LayerKind.fullyConnected(outputs: 2, weights: weights, bias: [5, 6])
            let output = Shape(channels: 2, height: 1, width: 1)
            #expect(try fixture.read().layers == [Layer(name: "fc", kind: kind, inputs: ["input"], output: output)])
        }
    }

    @Test("A scale that is no power of two keeps values only")
    func dequantizedWithoutCodes() throws {
        var fixture = GraphFixture(input: [2, 1, 1])
        fixture.dequantized("w", [1, 2, 1, 1], [3, -5], scale: 0.3)
        fixture.node("Conv", ["x", "w"], "y")
        let kind = try fixture.read().layers[0].kind
        guard case .convolution(_, _, _, let weights, _) = kind else { throw InputError(at: "", "no convolution") }
        #expect(weights == Weights(values: [3 * Float(0.3), -5 * Float(0.3)]))
    }

    @Test("Mul, then Add, is one affine layer; normalization in float64")
    func affine() throws {
        var fixture = GraphFixture(input: [2, 1, 1])
        fixture.floats("k", [2, 1, 1], [2, 3])
        fixture.floats("s", [1, 2, 1, 1], [-1, 4])
        fixture.floats("one", [], [1])
        for (name, values) in [("gamma", [1, 2]), ("beta", [0.5, 0]), ("mean", [1, -1]), ("variance", [4, 16])] {
            fixture.floats(name, [2], values.map { Float($0) })
        }
        fixture.node("Mul", ["k", "x"], "m", name: "scale")
        fixture.node("Add", ["m", "s"], "a")
        fixture.node("Add", ["a", "one"], "p", name: "plus")
        let inputs = ["p", "gamma", "beta", "mean", "variance"]
        fixture.node("BatchNormalization", inputs, "y", name: "bn", ["epsilon": .float(0)])
        let kinds = try fixture.read().layers.map(\.kind)
        #expect(
            kinds == [
                .affine(scale: [2, 3], shift: [-1, 4]), .affine(scale: [1, 1], shift: [1, 1]),
                .affine(scale: [0.5, 0.5], shift: [0, 0.5]),
            ])
    }

    @Test("A constant is not merged where the value before it is read twice")
    func notMerged() throws {
        var fixture = GraphFixture(input: [1, 1, 1])
        fixture.floats("k", [], [2])
        fixture.node("Mul", ["x", "k"], "m")
        fixture.node("Add", ["m", "k"], "a")
        fixture.node("Add", ["m", "a"], "y")
        #expect(
            try fixture.read().layers.map(\.kind) == [
                .affine(scale: [2], shift: [0]), .affine(scale: [1], shift: [2]), .add,
            ])
    }

    @Test("Dropout, Identity and a last Softmax go, and metadata says so; nodes are reordered, dead ones dropped")
    func removed() throws {
        var fixture = GraphFixture(input: [2, 1, 1])
        fixture.node("Softmax", ["r"], "y", name: "probabilities")
        fixture.node("Reshape", ["i", "to"], "r")
        fixture.node("Identity", ["d"], "i", name: "same")
        fixture.node("Dropout", ["a"], "d", name: "drop")
        fixture.node("Relu", ["x"], "a", name: "input")
        fixture.node("NonMaxSuppression", ["x"], "unused")
        fixture.integers("to", [0, -1])
        var property = Onnx_StringStringEntryProto()
        (property.key, property.value) = ("input_mean", "0.5")
        fixture.model.metadataProps = [property]
        let network = try fixture.read()
        #expect(network.layers.map(\.name) == ["Relu_4"])
        #expect(
            network.metadata == [
                "removed": "drop (Dropout), same (Identity), probabilities (Softmax)", "input_mean": "0.5",
            ])
    }

    @Test(
        "Typed fields of every element type",
        arguments: [
            (10, [0x3C00, 0xC000, 0x0001]), (16, [0x3F80, 0xC000, 0x0000]), (11, [1, -2, 0]),
        ])
    func elementTypes(type: Int, bits: [Int]) throws {
        var fixture = GraphFixture(input: [3, 1, 1])
        var tensor = GraphFixture.tensor("w", [1, 3, 1, 1], [])
        tensor.dataType = Int32(type)
        if type == 11 { tensor.doubleData = bits.map { Double($0) } } else { tensor.int32Data = bits.map { Int32($0) } }
        fixture.model.graph.initializer = [tensor]
        fixture.model.graph.input.append(GraphFixture.value("w", []))  // IR 3 lists initializers as inputs
        fixture.node("Conv", ["x", "w"], "y")
        guard case .convolution(_, _, _, let weights, _) = try fixture.read().layers[0].kind else { return }
        #expect(weights.values == [1, -2, type == 10 ? 0x1p-24 : 0])
    }

    @Test("External data beside the model")
    func externalData() throws {
        let folder = try Scratch()
        var fixture = GraphFixture.convolution([1, 2, 1, 1])
        var tensor = GraphFixture.tensor("w", [1, 2, 1, 1], [])
        tensor.dataLocation = .external
        tensor.externalData = [("location", "w.bin"), ("offset", "4"), ("length", "8")].map { key, value in
            var entry = Onnx_StringStringEntryProto()
            (entry.key, entry.value) = (key, value)
            return entry
        }
        fixture.model.graph.initializer = [tensor]
        let path = try fixture.write(to: folder)
        let missing = "\(path): tensor 'w': external data file \(folder.url.path)/w.bin is missing"
        #expect(messageOf { _ = try ONNXReader.read(path: path) } == missing)
        let bytes = [Float(9), 1.5, -2].flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian, Array.init) }
        _ = try folder.file("w.bin", Data(bytes.dropLast()))
        #expect(messageOf { _ = try ONNXReader.read(path: path) }.contains("has 11 bytes"))
        _ = try folder.file("w.bin", Data(bytes))
        guard case .convolution(_, _, _, let weights, _) = try ONNXReader.read(path: path).layers[0].kind else {
            return
        }
        #expect(weights.values == [1.5, -2])
    }

    @Test(
        "A graph of all operators gives onnxruntime's numbers",
        .enabled(if: SharedData.hasRuntime, "no Python with onnxruntime (SHIFTSIM_PYTHON or .venv)"))
    func onnxruntime() throws {
        let folder = try Scratch()
        let model = try ONNXGraphTests.mixedGraph().write(to: folder)
        let network = try ONNXReader.read(path: model)
        let image = SmoothImages.image(0, shape: network.input, seed: 3)
        let sizes = [1, network.input.channels, network.input.height, network.input.width]
        try NpyWriter.write(NpyArray(shape: sizes, elements: .float32(image)), to: "\(folder.url.path)/x.npy")
        let script = """
            import sys, numpy, onnxruntime
            session = onnxruntime.InferenceSession(sys.argv[1])
            numpy.save(sys.argv[3], session.run(None, {"x": numpy.load(sys.argv[2])})[0])
            """
        let files = [model, "\(folder.url.path)/x.npy", "\(folder.url.path)/y.npy"]
        try Tools.runPython(["-c", script] + files)
        guard case .float32(let golden) = try NpyReader.read(path: files[2]).elements else { return }
        #expect(distance(FloatRun.output(of: network, image: image), golden) < 1e-4)
        #expect(golden.contains { abs($0) > 0.1 })
    }

    static func mixedGraph() -> GraphFixture {
        var graph = GraphFixture(input: [4, 15, 13])
        graph.random("w1", [8, 4, 4, 3])
        graph.random("b1", [8])
        graph.node("Conv", ["x", "w1", "b1"], "c1", ["auto_pad": .string("SAME_LOWER"), "strides": .ints([2, 1])])
        for name in ["gamma", "beta", "mean"] { graph.random(name, [8]) }
        graph.random("variance", [8], from: 0.5)
        graph.node("BatchNormalization", ["c1", "gamma", "beta", "mean", "variance"], "n1")
        graph.node("Relu", ["n1"], "r1")
        graph.dequantized("w2", [8, 2, 3, 3], (0..<144).map { Int32($0 % 9 - 4) }, scale: 0.125, zero: 0)
        graph.node("Conv", ["r1", "w2"], "c2", ["group": .int(4), "pads": .ints([2, 0, 1, 1])])
        graph.random("k", [8, 1, 1])
        graph.random("s", [1, 8, 1, 1])
        graph.node("Mul", ["c2", "k"], "m2")
        graph.node("Add", ["s", "m2"], "a2")
        graph.node(
            "MaxPool", ["a2"], "p1", ["kernel_shape": .ints([3, 3]), "strides": .ints([2, 2]), "ceil_mode": .int(1)])
        graph.node(
            "AveragePool", ["p1"], "p2",
            [
                "kernel_shape": .ints([2, 3]), "pads": .ints([1, 1, 0, 1]), "count_include_pad": .int(1),
            ])
        graph.integers("z", [0, 0])
        graph.integers("e", [99, 99])
        graph.integers("ax", [2, -1])
        graph.integers("st", [2, 2])
        graph.integers("pads", [0, 1, 0, 0, 0, 2, 0, 0])
        graph.node("Slice", ["p2", "z", "e", "ax", "st"], "s1")
        graph.node("Pad", ["s1", "pads"], "s2")
        graph.random("w3", [11, 8, 3, 3])
        graph.node("Conv", ["p2", "w3"], "c3", ["pads": .ints([1, 1, 1, 1]), "strides": .ints([2, 2])])
        graph.node("Sum", ["c3", "s2"], "sum")
        graph.node("Flatten", ["sum"], "f")
        graph.random("w4", [66, 16])
        graph.random("b4", [16])
        graph.node("MatMul", ["f", "w4"], "d1")
        graph.node("Add", ["d1", "b4"], "d2")
        graph.node("Dropout", ["d2"], "d3")
        graph.random("w5", [5, 16])
        graph.random("b5", [5])
        graph.node("Gemm", ["d3", "w5", "b5"], "y", ["transB": .int(1)])
        return graph
    }
}
