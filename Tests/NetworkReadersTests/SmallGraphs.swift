// Small graphs in the manner of the exporters that people use, for comparison with onnxruntime and as seeds of fuzzing.
import Networks

@testable import NetworkReaders

enum SmallGraphs {
    private static let uint8: Int32 = 2
    private static let int8: Int32 = 3
    private static let int32: Int32 = 6

    /// DenseNet out of Caffe: BatchNormalization, then Mul and Add of unsqueezed constants; nested Concats; LRN, Clip.
    static func dense() -> GraphFixture {
        var graph = GraphFixture(input: [4, 9, 9], opset: 11)
        graph.random("w0", [6, 4, 3, 3])
        graph.node("Conv", ["x", "w0"], "f0", ["pads": .ints([1, 1, 1, 1])])
        var (features, channels) = ("f0", Int64(6))
        for layer in 1...3 {
            let name = "l\(layer)"
            for part in ["gamma", "beta", "mean"] { graph.random("\(name)_\(part)", [channels]) }
            graph.random("\(name)_variance", [channels], from: 0.5)
            let parts = ["gamma", "beta", "mean", "variance"].map { "\(name)_\($0)" }
            graph.node("BatchNormalization", [features] + parts, "\(name)_n", name: "\(name)/bn")
            for part in ["s", "b"] {
                graph.random("\(name)_\(part)", [channels])
                graph.node("Unsqueeze", ["\(name)_\(part)"], "\(name)_\(part)u", ["axes": .ints([1, 2])])
            }
            graph.node("Mul", ["\(name)_n", "\(name)_su"], "\(name)_m")
            graph.node("Add", ["\(name)_m", "\(name)_bu"], "\(name)_a")
            graph.node("Relu", ["\(name)_a"], "\(name)_r")
            graph.random("\(name)_w", [3, channels, 3, 3])
            graph.node("Conv", ["\(name)_r", "\(name)_w"], "\(name)_c", ["auto_pad": .string("SAME_UPPER")])
            graph.node("Concat", [features, "\(name)_c"], "\(name)_f", ["axis": .int(layer == 2 ? -3 : 1)])
            (features, channels) = ("\(name)_f", channels + 3)
        }
        let pool: [String: GraphFixture.Attribute] = [
            "kernel_shape": .ints([3, 3]), "strides": .ints([2, 2]), "pads": .ints([1, 1, 0, 0]),
        ]
        graph.node("AveragePool", [features], "p", pool)
        let constants: [String: GraphFixture.Attribute] = [
            "size": .int(5), "alpha": .float(0.2), "beta": .float(0.6), "bias": .float(1.5),
        ]
        graph.node("LRN", ["p"], "lrn", constants)
        graph.floats("low", [], [-0.8])
        graph.floats("high", [], [0.9])
        graph.node("Clip", ["lrn", "low", "high"], "clip")
        graph.node("GlobalAveragePool", ["clip"], "g")
        graph.random("w9", [5, channels, 1, 1])
        graph.node("Conv", ["g", "w9"], "y")
        return graph
    }

    /// ShuffleNet: grouped convolutions and a channel shuffle; a dilated convolution, a Sum of three, a maximum.
    static func shuffle() -> GraphFixture {
        var graph = GraphFixture(input: [6, 8, 8])
        graph.random("w0", [12, 3, 1, 1])
        graph.node("Conv", ["x", "w0"], "c0", ["group": .int(2)])
        graph.integers("apart", [1, 3, 4, 8, 8])
        graph.integers("together", [0, -1, 8, 8])
        graph.node("Reshape", ["c0", "apart"], "s0")
        graph.node("Transpose", ["s0"], "s1", ["perm": .ints([0, 2, 1, 3, 4])])
        graph.node("Reshape", ["s1", "together"], "s2", name: "shuffle")
        graph.random("w1", [12, 1, 3, 3])
        let depthwise: [String: GraphFixture.Attribute] = ["group": .int(12), "pads": .ints([1, 1, 1, 1])]
        graph.node("Conv", ["s2", "w1"], "c1", depthwise)
        graph.random("w2", [12, 12, 3, 2])
        let dilated: [String: GraphFixture.Attribute] = ["dilations": .ints([2, 3]), "pads": .ints([2, 1, 2, 2])]
        graph.node("Conv", ["s2", "w2"], "c2", dilated)
        graph.node("Sum", ["c1", "c2", "s2"], "sum", name: "sum")
        graph.integers("order", [11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0])
        graph.node("Gather", ["sum", "order"], "turned", ["axis": .int(1)])
        let pool: [String: GraphFixture.Attribute] = [
            "kernel_shape": .ints([3, 3]), "strides": .ints([2, 2]), "ceil_mode": .int(1),
        ]
        graph.node("AveragePool", ["turned"], "p", pool)
        graph.node("GlobalMaxPool", ["p"], "g")
        graph.integers("axes", [2, 3])
        graph.node("Squeeze", ["g", "axes"], "v")
        graph.random("w3", [12, 5])
        graph.random("b3", [1, 5])
        graph.node("Gemm", ["v", "w3", "b3"], "y", ["alpha": .float(0.5), "beta": .float(3)])
        return graph
    }

    /// What exporters make of views: shapes computed by the graph, transposed weights, arithmetic on constants.
    static func shapes() -> GraphFixture {
        var graph = GraphFixture(input: [3, 6, 6])
        graph.floats("mean", [1, 3, 1, 1], [0.5, 0.4, 0.3])
        graph.floats("std", [3, 1, 1], [0.25, 0.5, 2])
        graph.floats("two", [], [2])
        graph.node("Mul", ["std", "two"], "twice")
        graph.node("Sub", ["x", "mean"], "s")
        graph.node("Div", ["s", "twice"], "d")
        graph.node("Sub", ["two", "d"], "e")
        graph.random("w0", [4, 3, 3, 3])
        graph.node("Conv", ["e", "w0"], "c", ["strides": .ints([2, 2]), "auto_pad": .string("SAME_UPPER")])
        graph.node("Shape", ["c"], "size")
        graph.integers("zero", [0])
        graph.integers("one", [1])
        graph.integers("rest", [-1])
        graph.node("Gather", ["size", "zero"], "batch")
        graph.node("Squeeze", ["batch", "zero"], "scalar")
        graph.node("Unsqueeze", ["scalar", "zero"], "list")
        graph.node("Concat", ["list", "rest"], "to", ["axis": .int(0)])
        graph.node("Reshape", ["c", "to"], "v")
        graph.node("Slice", ["size", "one", "rest"], "middle")
        graph.node("Cast", ["middle"], "unread", ["to": .int(1)])
        graph.random("w1", [7, 36])
        graph.node("Transpose", ["w1"], "w1t")
        graph.node("MatMul", ["v", "w1t"], "m")
        graph.random("b1", [7])
        graph.node("Add", ["m", "b1"], "a")
        graph.node("Cast", ["a"], "f", ["to": .int(1)])
        graph.integers("map", [1, 7, 1, 1])
        graph.node("Reshape", ["f", "map"], "maps")
        graph.random("w2", [5, 7, 1, 1])
        graph.node("Conv", ["maps", "w2"], "c2")
        graph.node("ReduceMean", ["c2"], "y", ["axes": .ints([2, -1]), "keepdims": .int(0)])
        return graph
    }

    /// Quantize and dequantize pairs around float operators; a ReLU that is only the saturation of uint8.
    static func quantized() -> GraphFixture {
        var graph = GraphFixture(input: [3, 8, 8])
        pair(&graph, "x", "xq", scale: 0.03, zero: 120, type: uint8)
        graph.codes("w0_q", [4, 3, 3, 3], int8, (0..<108).map { Int32($0 * 37 % 255 - 127) })
        graph.floats("w0_s", [4], [0.01, 0.02, 0.005, 0.015])
        graph.codes("w0_z", [4], int8, [0, 0, 0, 0])
        graph.node("DequantizeLinear", ["w0_q", "w0_s", "w0_z"], "w0", ["axis": .int(0)])
        graph.codes("b0_q", [4], int32, [1000, -2000, 3000, 500])
        graph.floats("b0_s", [], [0.0002])
        graph.node("DequantizeLinear", ["b0_q", "b0_s"], "b0")
        graph.node("Conv", ["xq", "w0", "b0"], "c0", name: "c0", ["pads": .ints([1, 1, 1, 1])])
        graph.floats("c0_s", [], [0.15])
        graph.codes("c0_z", [], uint8, [0])
        graph.node("QuantizeLinear", ["c0", "c0_s", "c0_z"], "c0_q", name: "q0")
        graph.node("MaxPool", ["c0_q"], "p_q", ["kernel_shape": .ints([2, 2]), "strides": .ints([2, 2])])
        graph.node("DequantizeLinear", ["p_q", "c0_s", "c0_z"], "p")
        graph.random("w1_f", [5, 4, 1, 1])
        graph.floats("w1_s", [], [0.0078125])
        graph.codes("w1_z", [], int8, [0])
        graph.node("QuantizeLinear", ["w1_f", "w1_s", "w1_z"], "w1_q")
        graph.node("DequantizeLinear", ["w1_q", "w1_s", "w1_z"], "w1")
        graph.node("Conv", ["p", "w1"], "c1", name: "c1")
        pair(&graph, "c1", "c1q", scale: 0.3, zero: -3, type: int8)
        graph.node("GlobalAveragePool", ["c1q"], "g")
        graph.node("Flatten", ["g"], "y")
        return graph
    }

    /// Operators on integers: QLinearConv, QLinearMatMul, ConvInteger and MatMulInteger with a scale of each image.
    static func integers() -> GraphFixture {
        var graph = GraphFixture(input: [3, 6, 6])
        graph.floats("x_s", [], [0.03])
        graph.codes("x_z", [], uint8, [130])
        graph.node("QuantizeLinear", ["x", "x_s", "x_z"], "xq")
        graph.codes("w0", [4, 3, 3, 3], int8, (0..<108).map { Int32($0 * 53 % 255 - 127) })
        graph.floats("w0_s", [4], [0.01, 0.02, 0.005, 0.0125])
        graph.codes("w0_z", [4], int8, [0, 0, 0, 0])
        graph.floats("c0_s", [], [0.08])
        graph.codes("c0_z", [], uint8, [0])
        graph.codes("b0", [4], int32, [500, -900, 1500, 200])
        let operands = ["xq", "x_s", "x_z", "w0", "w0_s", "w0_z", "c0_s", "c0_z", "b0"]
        graph.node(
            "QLinearConv", operands, "c0", name: "c0", ["strides": .ints([2, 2]), "pads": .ints([1, 1, 1, 1])])
        graph.node("DequantizeLinear", ["c0", "c0_s", "c0_z"], "d0")
        graph.node("DynamicQuantizeLinear", ["d0"], "d0_q", outputs: ["d0_s", "d0_z"])
        graph.codes("w1", [4, 4, 1, 1], int8, (0..<16).map { Int32($0 * 29 % 200 - 100) })
        graph.node("ConvInteger", ["d0_q", "w1", "d0_z"], "i1", name: "c1")
        graph.node("Cast", ["i1"], "f1", ["to": .int(1)])
        graph.floats("w1_s", [], [0.01])
        graph.node("Mul", ["d0_s", "w1_s"], "s1")
        graph.node("Mul", ["f1", "s1"], "m1")
        graph.node("Flatten", ["m1"], "v")
        graph.floats("v_s", [], [0.15])
        graph.codes("v_z", [], int8, [-5])
        graph.node("QuantizeLinear", ["v", "v_s", "v_z"], "vq")
        graph.codes("w2", [36, 5], int8, (0..<180).map { Int32($0 * 31 % 250 - 125) })
        graph.floats("w2_s", [], [0.0078125])
        graph.codes("w2_z", [], int8, [0])
        graph.floats("y_s", [], [0.5])
        graph.codes("y_z", [], int8, [3])
        graph.node("QLinearMatMul", ["vq", "v_s", "v_z", "w2", "w2_s", "w2_z", "y_s", "y_z"], "yq", name: "fc")
        graph.node("DequantizeLinear", ["yq", "y_s", "y_z"], "y1")
        graph.floats("e_s", [], [0.25])
        graph.codes("e_z", [], uint8, [100])
        graph.node("QuantizeLinear", ["y1", "e_s", "e_z"], "e")
        graph.codes("w3", [5, 3], int8, (0..<15).map { Int32($0 * 7 - 50) })
        graph.node("MatMulInteger", ["e", "w3", "e_z"], "i3", name: "last")
        graph.node("Cast", ["i3"], "f3", ["to": .int(1)])
        graph.floats("s3", [], [0.0025])
        graph.node("Mul", ["f3", "s3"], "y")
        return graph
    }

    /// What onnxruntime's quantizer writes in its operator-oriented format.
    static func runtime() -> GraphFixture {
        var graph = GraphFixture(input: [3, 6, 6])
        func scale(_ name: String, _ scale: Float, _ zero: Int32) -> [String] {
            graph.floats("\(name)_s", [], [scale])
            graph.codes("\(name)_z", [], uint8, [zero])
            return ["\(name)_s", "\(name)_z"]
        }
        func node(_ operation: String, _ inputs: [String], _ output: String, _ more: [String: GraphFixture.Attribute]) {
            graph.node(operation, inputs, output, name: output, more)
            graph.model.graph.node[graph.model.graph.node.count - 1].domain = "com.microsoft"
        }
        let x = scale("x", 0.03, 130)
        graph.node("QuantizeLinear", ["x"] + x, "xq")
        graph.codes("w0", [3, 3, 3, 3], int8, (0..<81).map { Int32($0 * 53 % 255 - 127) })
        graph.floats("w0_s", [], [0.01])
        graph.codes("w0_z", [], int8, [0])
        let c = scale("c", 0.12, 125)
        let operands = ["xq"] + x + ["w0", "w0_s", "w0_z"] + c
        graph.node("QLinearConv", operands, "c", name: "c", ["pads": .ints([1, 1, 1, 1])])
        let sum = scale("sum", 0.07, 0)
        node("QLinearAdd", ["xq"] + x + ["c"] + c + sum, "sum", [:])
        let joined = scale("joined", 0.12, 100)
        node("QLinearConcat", joined + ["sum"] + sum + ["c"] + c, "joined", ["axis": .int(1)])
        let pool = scale("pool", 0.1, 100)
        let window: [String: GraphFixture.Attribute] = [
            "kernel_shape": .ints([3, 3]), "strides": .ints([2, 2]), "pads": .ints([1, 1, 1, 1]),
        ]
        node("QLinearAveragePool", ["joined"] + joined + pool, "pool", window)
        let mean = scale("mean", 0.04, 60)
        node("QLinearGlobalAveragePool", ["pool"] + pool + mean, "mean", [:])
        graph.node("Flatten", ["mean"], "v")
        graph.codes("w1", [5, 6], int8, (0..<30).map { Int32($0 * 47 % 250 - 125) })
        graph.floats("w1_s", [5], [0.01, 0.02, 0.01, 0.015, 0.005])
        graph.codes("w1_z", [5], int8, [0, 0, 0, 0, 0])
        graph.codes("b1", [5], int32, [900, -700, 300, 100, -2000])
        let y = scale("y", 0.08, 128)
        node("QGemm", ["v"] + mean + ["w1", "w1_s", "w1_z", "b1"] + y, "fc", ["transB": .int(1)])
        graph.node("DequantizeLinear", ["fc"] + y, "y")
        var version = Onnx_OperatorSetIdProto()
        (version.domain, version.version) = ("com.microsoft", 1)
        graph.model.opsetImport.append(version)
        return graph
    }

    /// QONNX as Brevitas writes it: quantizers of weights and of activations, unsigned behind a ReLU.
    static func brevitas() -> GraphFixture {
        var graph = GraphFixture(input: [2, 4, 4])
        func number(_ name: String, _ value: Float) { graph.floats(name, [], [value]) }
        number("zero", 0)
        number("four", 4)
        number("eight", 8)
        number("quarter", 0.25)
        graph.floats("channels", [3, 1, 1, 1], [0.25, 0.5, 0.125])
        let signed: [String: GraphFixture.Attribute] = [
            "signed": .int(1), "narrow": .int(1), "rounding_mode": .string("ROUND"),
        ]
        let unsigned: [String: GraphFixture.Attribute] = ["signed": .int(0), "narrow": .int(0)]
        func quant(
            _ operation: String, _ inputs: [String], _ output: String, _ attributes: [String: GraphFixture.Attribute]
        ) {
            graph.node(operation, inputs, output, name: output, attributes)
            graph.model.graph.node[graph.model.graph.node.count - 1].domain = "qonnx.custom_op.general"
        }
        quant("Quant", ["x", "quarter", "zero", "eight"], "xq", signed)
        graph.random("w0", [3, 2, 3, 3], from: -2)
        quant("Quant", ["w0", "quarter", "zero", "four"], "w0q", signed)
        graph.node("Conv", ["xq", "w0q"], "c0", name: "c0", ["pads": .ints([1, 1, 1, 1])])
        quant("Quant", ["c0", "quarter", "zero", "eight"], "a0", unsigned)
        graph.random("w1", [3, 3, 1, 1])
        quant("IntQuant", ["w1", "channels", "zero", "four"], "w1q", signed)
        graph.node("Conv", ["a0", "w1q"], "c1", name: "c1")
        quant("Trunc", ["c1", "quarter", "zero", "eight", "four"], "t1", [:])
        graph.node("GlobalAveragePool", ["t1"], "g")
        graph.node("Flatten", ["g"], "v")
        graph.random("w2", [3, 5])
        quant("BipolarQuant", ["w2", "quarter"], "w2q", [:])
        graph.node("MatMul", ["v", "w2q"], "y", name: "fc")
        var version = Onnx_OperatorSetIdProto()
        (version.domain, version.version) = ("qonnx.custom_op.general", 1)
        graph.model.opsetImport.append(version)
        return graph
    }

    private static func pair(
        _ graph: inout GraphFixture, _ input: String, _ output: String, scale: Float, zero: Int32, type: Int32
    ) {
        graph.floats("\(output)_s", [], [scale])
        graph.codes("\(output)_z", [], type, [zero])
        graph.node("QuantizeLinear", [input, "\(output)_s", "\(output)_z"], "\(output)_q")
        graph.node("DequantizeLinear", ["\(output)_q", "\(output)_s", "\(output)_z"], output)
    }
}
