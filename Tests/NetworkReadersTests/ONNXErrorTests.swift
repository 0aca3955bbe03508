// Does every wrong or unsupported model end in a message that names the node and the remedy?
import Foundation
import Networks
import Support
import TestSupport
import Testing

@testable import NetworkReaders

struct ONNXErrorTests {
    typealias Attributes = [String: GraphFixture.Attribute]

    /// A graph of one node `n` on the input [N, 2, 4, 4].
    func single(
        _ operation: String, _ attributes: Attributes = [:], constants: [(String, [Int64], [Float])] = [],
        integers: [(String, [Int64])] = [], input: [Int64] = [2, 4, 4]
    ) throws -> String {
        var fixture = GraphFixture(input: input)
        for (name, dimensions, values) in constants { fixture.floats(name, dimensions, values) }
        for (name, values) in integers { fixture.integers(name, values) }
        fixture.node(operation, ["x"] + constants.map(\.0) + integers.map(\.0), "y", name: "n", attributes)
        return try fixture.message().replacingOccurrences(of: "model.onnx: node n (\(operation)): ", with: "")
    }

    func convolution(
        _ dimensions: [Int64], _ attributes: Attributes = [:], input: [Int64] = [2, 4, 4]
    ) throws -> String {
        try GraphFixture.convolution(dimensions, attributes, input: input).message()
            .replacingOccurrences(of: "model.onnx: node c (Conv): ", with: "")
    }

    @Test("Operators that are not read are named with those that are")
    func operators() throws {
        let list = ONNXReader.operations.joined(separator: ", ")
        #expect(try single("Einsum") == "unsupported: this operator; supported are \(list)")
        var fixture = GraphFixture()
        fixture.node("Relu", ["x"], "y", name: "r")
        fixture.model.graph.node[0].domain = "com.x"
        let message = "model.onnx: node r (Relu): unsupported: this operator of domain 'com.x'; supported are \(list)"
        #expect(try fixture.message() == message)
    }

    @Test("Convolutions")
    func convolutions() throws {
        #expect(
            try convolution([3, 1, 3, 3])
                == "the weights [3, 1, 3, 3] have 1 input channels; needed are 2 (2 / group 1)")
        #expect(
            try convolution([3, 1, 3, 3], ["group": .int(2)])
                == "group 2 does not divide 2 input and 3 output channels")
        #expect(try convolution([3, 2, 3, 3], ["group": .int(0)]).hasPrefix("group 0 does not divide"))
        #expect(
            try convolution([3, 2, 3]) == "unsupported: weights [3, 2, 3]; supported are [out, in / group, kh, kw]")
        #expect(try convolution([3, 2, 0, 3]) == "the weights [3, 2, 0, 3] are empty")
        #expect(try convolution([3, 2, 5, 5]) == "the kernel 5x5 does not fit the padded input 2x4x4")
        #expect(
            try convolution([3, 2, 3, 3], ["dilations": .ints([2, 1])])
                == "the kernel 5x3 does not fit the padded input 2x4x4")
        #expect(
            try convolution([3, 2, 3, 3], ["kernel_shape": .ints([3, 5])])
                == "kernel_shape [3, 5] differs from the weights' [3, 2, 3, 3]")
        #expect(
            try convolution([3, 2, 3, 3], ["strides": .ints([0, 1])])
                == "strides has 0; accepted are 1 to \(Limits.dimension)")
        #expect(
            try convolution([3, 2, 3, 3], ["strides": .ints([1])])
                == "unsupported: strides with 1 values; supported are 2 values (two spatial axes)")
        #expect(
            try convolution([3, 2, 3, 3], ["pads": .ints([0, 0, .max, 0])])
                .hasPrefix("pads has 9223372036854775807"))
        #expect(
            try convolution([3, 2, 3, 3], ["auto_pad": .string("SOME")])
                == "unsupported: auto_pad 'SOME'; supported are NOTSET, VALID, SAME_UPPER, SAME_LOWER")
        #expect(
            try convolution([3, 2, 3, 3], ["auto_pad": .string("VALID"), "pads": .ints([1, 1, 1, 1])])
                == "pads and auto_pad VALID are both given; accepted is one of them")
        #expect(try convolution([3, 2, 3, 3], ["magic": .int(1)]).hasPrefix("unsupported: attribute 'magic'"))
        #expect(try convolution([3, 2, 3, 3], ["group": .float(1)]) == "attribute 'group' is not an integer")
        #expect(try single("Conv") == "input 1 is missing")
    }

    @Test("Pools")
    func pools() throws {
        let kernel: Attributes = ["kernel_shape": .ints([2, 2])]
        func with(_ more: Attributes) -> Attributes { kernel.merging(more) { $1 } }
        #expect(try single("MaxPool") == "attribute 'kernel_shape' is missing")
        #expect(
            try single("MaxPool", with(["pads": .ints([2, 0, 0, 0])]))
                == "pads 2, 0 are not smaller than the kernel [2, 2]")
        #expect(
            try single("AveragePool", with(["dilations": .ints([1, 2])]))
                == "unsupported: dilations [1, 2] of a pooling; supported are [1, 1]")
        #expect(try single("AveragePool", with(["ceil_mode": .int(1), "strides": .ints([2, 2])])) == "no error")
    }

    @Test("Weights and constants")
    func constants() throws {
        let bad: [(Float, String)] = [(.nan, "nan"), (.infinity, "inf")]
        for (value, text) in bad {
            #expect(
                try single("Conv", constants: [("w", [1, 2, 1, 1], [1, value])])
                    == "input 1 ('w') element 1 is \(text) as float; needed are finite ones")
        }
        #expect(
            try single("Conv", constants: [("w", [1, 2, 1, 1], [1])])
                .hasSuffix("model.onnx: tensor 'w': has 1 elements, its dimensions need 2"))
        #expect(
            try single("Conv", constants: [("w", [1 << 40, 1 << 40, 1, 1], [])])
                .hasSuffix("tensor 'w': dimension 1099511627776; accepted are 0 to 2147483647"))
        #expect(
            try single("Conv", constants: [("w", [1 << 30, 1 << 30, 1, 1], [])])
                .contains("exceed 2147483647 elements"))
        #expect(try single("Conv", constants: [("w", [-1, 2, 1, 1], [])]).contains("dimension -1"))
        #expect(try single("Conv", integers: [("w", [1, 2])]).contains("has element type int64; needed is a floating"))
        #expect(
            try single("Conv", constants: [("w", [1, 2, 1, 1], [1, 2]), ("b", [2], [1, 2])])
                == "input 2 ('b') is [2]; needed is [1]")
        #expect(
            try single("Mul", constants: [("k", [4], [1, 2, 3, 4])])
                == "unsupported: a constant [4] with [N, 2x4x4]; supported are a scalar or one value a channel")
        let norm: [(String, [Int64], [Float])] = ["g", "b", "m", "v"].map { ($0, [2], $0 == "v" ? [-1, 1] : [1, 1]) }
        #expect(
            try single("BatchNormalization", constants: norm)
                == "channel 0: variance -1.0 + epsilon is not positive")
    }

    @Test("Fully connected layers and shapes")
    func dense() throws {
        #expect(
            try single("Gemm", constants: [("w", [32, 1], [Float](repeating: 1, count: 32))])
                == "unsupported: input 0 is [N, 2x4x4]; supported are vectors [N, F] (after a Flatten)")
        #expect(
            try single("Gemm", constants: [("w", [3, 1], [1, 2, 3])], input: [2])
                == "the weights [3, 1] take 3 inputs; input 0 is [N, 2]")
        #expect(
            try single("Gemm", ["alpha": .float(.infinity)], constants: [("w", [2, 1], [1, 2])], input: [2])
                == "alpha = inf; needed is a finite number")
        #expect(
            try single("Gemm", ["alpha": .float(1e38)], constants: [("w", [2, 1], [1, 20])], input: [2])
                == "alpha = 1e+38 exceeds the range of float32")
        #expect(
            try single("Gemm", ["transA": .int(1)], input: [2])
                == "unsupported: transA = 1; supported are transA = 0")
        #expect(
            try single("Gemm", constants: [("w", [2, 1], [1, 2]), ("b", [3], [1, 2, 3])], input: [2])
                == "the bias is [3]; needed is [1]")
        #expect(
            try single("Reshape", integers: [("s", [1, 2, 16])])
                == """
                unsupported: reshaping [N, 2x4x4] to [1, 2, 16]; supported are [N, -1], [N, F], the map itself and the \
                first step of a channel shuffle
                """)
        #expect(
            try single("Reshape", integers: [("s", [1, 31])])
                == "reshaping [1, 2, 4, 4] to [1, 31]; needed are 32 elements")
        #expect(try single("Flatten", ["axis": .int(2)]) == "unsupported: axis 2; supported are axis 1")
    }

    @Test("Slices and pads that are no option-A shortcut")
    func shortcuts() throws {
        func slice(_ start: Int64, _ end: Int64, _ axis: Int64, _ step: Int64) throws -> String {
            try single("Slice", integers: [("s", [start]), ("e", [end]), ("a", [axis]), ("t", [step])])
        }
        #expect(try slice(1, 9, 2, 2) == "unsupported: start 1 on axis 2; supported are 0")
        #expect(try slice(0, 2, 2, 1) == "unsupported: end 2 on axis 2 of size 4; supported are the whole axis")
        #expect(
            try slice(0, 9, 2, 2)
                == "unsupported: steps 2 and 1 on H and W; supported are equal steps on the axes H and W")
        #expect(
            try slice(0, 9, 1, 2)
                == "unsupported: step 2 on axis 1; supported are equal positive steps on the axes H and W")
        #expect(try slice(.min, .max, 3, -1).hasPrefix("unsupported: step -1 on axis 3"))
        #expect(try slice(.min, .min, 3, 1).hasPrefix("unsupported: end -9223372036854775808"))
        #expect(try slice(0, 9, 7, 1) == "axis 7; accepted are -4 to 3")
        let negative = "unsupported: pads -1 and 0 on axis 2; supported are pads of 0 or more behind the batch axis"
        #expect(try single("Pad", integers: [("p", [0, 0, -1, 0, 0, 0, 0, 0])]) == negative)
        #expect(
            try single("Pad", integers: [("p", [1, 0, 0, 0, 0, 0, 0, 0])]).hasPrefix(
                "unsupported: pads 1 and 0 on axis 0"))
        #expect(
            try single("Pad", integers: [("p", [0, 1, 1, 0, 0, 0, 0, 0])])
                == "unsupported: pads on the channel axis and others; supported are one of them")
        #expect(
            try single("Pad", integers: [("p", [0, 1])])
                == "2 pads; needed are two for each of the axes [0, 1, 2, 3]")
        #expect(
            try single("Pad", ["mode": .string("edge")], integers: [("p", [0, 0, 0, 0, 0, 0, 0, 0])])
                == "unsupported: mode 'edge'; supported are constant")
    }

    @Test("Operators that move channels, bounds and neighbours")
    func channels() throws {
        let maps = "maps of equal rows and columns with equal scales, if any, and no Softmax before"
        var joined = GraphFixture()
        joined.node("GlobalAveragePool", ["x"], "p")
        joined.node("Concat", ["x", "p"], "y", name: "n", ["axis": .int(1)])
        #expect(
            try joined.message() == """
                model.onnx: node n (Concat): unsupported: input 1 is [N, 2x1x1], input 0 [N, 2x4x4]; supported are \(maps)
                """)
        #expect(
            try single("Concat", ["axis": .int(2)]) == "unsupported: axis 2; supported are axis 1, the channels")
        #expect(try single("Concat", ["axis": .int(4)]) == "axis 4; accepted are -4 to 3")
        #expect(
            try single("Transpose", ["perm": .ints([0, 2, 3, 1])]) == """
                unsupported: perm [0, 2, 3, 1] of [N, 2x4x4]; supported are the exchange of two channel axes between \
                two Reshapes (channel shuffle)
                """)
        #expect(
            try single("Gather", ["axis": .int(1)], integers: [("i", [0, 0])])
                == "unsupported: 2 indices on axis 1 of [N, 2x4x4]; supported are each channel once, on axis 1")
        #expect(try single("LRN") == "size 0; accepted are 1 to 1048576")
        #expect(
            try single("LRN", ["size": .int(3), "bias": .float(0)]).hasPrefix(
                "unsupported: alpha 0.0001, beta 0.75, bias 0.0"))
        #expect(
            try single("Clip", ["min": .float(2), "max": .float(1)])
                == "bounds 2.0 and 1.0; accepted are a smaller and a larger number")
        #expect(
            try single("ReduceMean", ["axes": .ints([1])])
                == "unsupported: a mean over the axes [1]; supported are the axes 2 and 3 together")
        #expect(
            try single("Squeeze", ["axes": .ints([2, 3])])
                == "unsupported: axes [2, 3] of [N, 2x4x4]; supported are the axes 2 and 3 of [N, C, 1, 1]")
        #expect(
            try single("Cast", ["to": .int(6)])
                == "unsupported: a cast to element type 6; supported are floating types")
        #expect(
            try single("Div", constants: [("k", [], [0])]) == "a divisor is 0 or too small for float32")
        #expect(
            try single("Sub") == "unsupported: 1 inputs; supported are two")
        var shuffled = GraphFixture()
        shuffled.integers("s", [0, 2, 1, 16])
        shuffled.node("Reshape", ["x", "s"], "v")
        shuffled.node("Relu", ["v"], "y", name: "r")
        #expect(
            try shuffled.message() == """
                model.onnx: node r (Relu): unsupported: input 0 is [N, 2, 1, 16]; supported are such shapes in Reshape, \
                Transpose, Reshape only
                """)
    }

    @Test("Quantized activations")
    func quantizedActivations() throws {
        func graph(_ body: (inout GraphFixture) -> Void) throws -> String {
            var fixture = GraphFixture()
            fixture.floats("s", [], [0.5])
            fixture.floats("t", [], [0.25])
            fixture.codes("z", [], 2, [0])
            fixture.node("QuantizeLinear", ["x", "s", "z"], "q", name: "a")
            body(&fixture)
            return try fixture.message().replacingOccurrences(of: "model.onnx: node ", with: "")
        }
        #expect(
            try graph { $0.node("DequantizeLinear", ["q", "t", "z"], "y", name: "b") } == """
                b (DequantizeLinear): unsupported: scale 0.25, zero point 0 for codes of scale 0.5, zero point 0; \
                supported are equal ones
                """)
        #expect(
            try graph { $0.node("Relu", ["q"], "y", name: "b") } == """
                b (Relu): unsupported: input 0 holds codes; supported are codes in DequantizeLinear, QLinear... and \
                ...Integer nodes
                """)
        #expect(
            try graph { $0.node("QuantizeLinear", ["q", "s", "z"], "y", name: "b") }
                == "b (QuantizeLinear): unsupported: codes as input; supported are floats to quantize")
        #expect(
            try single("QuantizeLinear", constants: [("s", [2], [1, 2])])
                == "unsupported: a scale [2] of an activation; supported are one positive scale a tensor")
        #expect(
            try single("DequantizeLinear", constants: [("s", [], [1])])
                == "unsupported: input 0 holds no codes; supported are the output of a QuantizeLinear here")
        var binary = GraphFixture()
        binary.floats("s", [], [1])
        binary.node("BipolarQuant", ["x", "s"], "y", name: "b")
        binary.model.graph.node[0].domain = "qonnx.custom_op.general"
        #expect(
            try binary.message() == """
                model.onnx: node b (BipolarQuant): unsupported: a binary activation; supported are BipolarQuant of weights
                """)
        binary.model.graph.node[0].opType = "MultiThreshold"
        #expect(try binary.message().hasSuffix("supported are BipolarQuant, IntQuant, Quant, Trunc"))
    }

    @Test("Dequantization")
    func dequantization() throws {
        func message(scale: Float, zero: Int32) throws -> String {
            var fixture = GraphFixture()
            fixture.dequantized("w", [1, 2, 1, 1], [1, 2], scale: scale, zero: zero)
            fixture.node("Conv", ["x", "w"], "y")
            return try fixture.message()
        }
        let node = "model.onnx: node DequantizeLinear_0 (DequantizeLinear): "
        #expect(try message(scale: 0, zero: 0) == node + "scale 0.0; accepted are positive ones")
        #expect(try message(scale: 1, zero: 3) == "no error")
        var fixture = GraphFixture()
        fixture.dequantized("w", [2, 1, 1, 1], [1, 2], scale: 1)
        fixture.model.graph.initializer[1] = GraphFixture.tensor("w_s", [2], [1, 2])
        fixture.node("Conv", ["x", "w"], "y")
        #expect(
            try fixture.message() == node + """
                unsupported: a scale of 2 values ([2]) for [2, 1, 1, 1]; supported are one, or one for each index of \
                the axis
                """)
        fixture.model.graph.initializer[0].dataType = 13
        #expect(try fixture.message().contains("tensor 'w_q': has 0 elements, its dimensions need 2"))
    }

    @Test("Softmax is read at the end only, sums have equal shapes")
    func structure() throws {
        var fixture = GraphFixture(input: [2])
        fixture.node("Softmax", ["x"], "s")
        fixture.node("Relu", ["s"], "y", name: "r")
        let softmax = "unsupported: a Softmax before this node; supported are Softmax as the last operation only"
        #expect(try fixture.message() == "model.onnx: node r (Relu): \(softmax)")
        var sum = GraphFixture()
        sum.node("GlobalAveragePool", ["x"], "p")
        sum.node("Add", ["x", "p"], "y", name: "a")
        let operands = "unsupported: operands [N, 2x4x4] and [N, 2x1x1]; supported are operands of equal shape"
        #expect(try sum.message() == "model.onnx: node a (Add): \(operands)")
        #expect(try single("Identity") == "model.onnx: output 'y': no layer computes the output from the input")
    }

    @Test("Softmax over the last axis of a feature map is not over the classes")
    func softmaxAxis() throws {
        func message(opset: Int64, _ attributes: Attributes = [:]) throws -> String {
            var fixture = GraphFixture(opset: opset)
            fixture.node("GlobalAveragePool", ["x"], "p")
            fixture.node("Softmax", ["p"], "y", name: "s", attributes)
            return try fixture.message()
        }
        #expect(try message(opset: 12) == "no error")
        #expect(try message(opset: 13, ["axis": .int(1)]) == "no error")
        #expect(
            try message(opset: 13) == """
                model.onnx: node s (Softmax): unsupported: axis -1 of [N, 2x1x1]; supported are the class axis of \
                [N, classes]
                """)
    }

    @Test("ConstantOfShape fills weights, within a bound")
    func filled() throws {
        func message(_ sizes: [Int64]) throws -> String {
            var fixture = GraphFixture()
            fixture.integers("sizes", sizes)
            fixture.node("ConstantOfShape", ["sizes"], "w", ["value": .tensor(GraphFixture.tensor("v", [1], [0.5]))])
            fixture.node("Conv", ["x", "w"], "y")
            if sizes.count == 4, try fixture.message() == "no error" {
                let kind = try fixture.read().layers[0].kind
                let weights = Weights(values: [0.5, 0.5])
                let window = Window(kernel: 1)
                #expect(kind == .convolution(window: window, outputs: 1, groups: 1, weights: weights, bias: []))
            }
            return try fixture.message()
        }
        #expect(try message([1, 2, 1, 1]) == "no error")
        let huge = try message([1 << 20, 1 << 20, 3, 3])
        #expect(huge.hasSuffix("supported are up to 268435456 elements"))
        // 640 MiB and eight bytes for each of the file's.
        let large = try message([1 << 14, 1 << 14])
        let bytes = large.split(separator: " ").compactMap { Int($0) }.last ?? 0
        #expect(large.hasSuffix("supported are \(bytes) bytes for this model"))
        #expect((671_088_640...671_098_640).contains(bytes) && bytes % 8 == 0)
    }

    @Test("Graphs that are no graphs")
    func graphs() throws {
        var cycle = GraphFixture()
        cycle.node("Relu", ["b"], "a", name: "first")
        cycle.node("Relu", ["a"], "b", name: "second")
        cycle.node("Relu", ["b"], "y")
        #expect(try cycle.message() == "model.onnx: node second (Relu): the graph has a cycle through this node")
        var missing = GraphFixture()
        missing.node("Conv", ["x", "w"], "y", name: "c")
        #expect(
            try missing.message() == """
                model.onnx: node c (Conv): input 'w' is neither the graph's input, an initializer nor a node's output
                """)
        var twice = GraphFixture()
        twice.node("Relu", ["x"], "y", name: "a")
        twice.node("Relu", ["x"], "y", name: "b")
        #expect(try twice.message() == "model.onnx: node b (Relu): tensor 'y' is produced more than once")
        var none = GraphFixture()
        none.node("Relu", ["x"], "z")
        #expect(try none.message() == "model.onnx: no node produces the output 'y'")
        var declared = GraphFixture.convolution([3, 2, 3, 3])
        var size = Onnx_TensorShapeProto.Dimension()
        size.dimValue = 7
        declared.model.graph.output = [GraphFixture.value("y", [size, size, size, size])]
        #expect(
            try declared.message() == """
                model.onnx: output 'y': the declared shape differs from the inferred [N, 3x2x2]
                """)
    }

    @Test("Headers")
    func headers() throws {
        var fixture = GraphFixture.convolution([3, 2, 3, 3])
        fixture.model.graph.input.append(GraphFixture.value("x2", []))
        #expect(
            try fixture.message()
                == "model.onnx: unsupported: graph inputs: 2: 'x', 'x2'; supported is exactly one")
        fixture.model.graph.input = []
        #expect(try fixture.message() == "model.onnx: unsupported: graph inputs: none; supported is exactly one")
        let old = GraphFixture(opset: 6)
        #expect(try old.message().hasPrefix("model.onnx: not a complete ONNX model: it has no graph"))
        var opset = GraphFixture.convolution([3, 2, 3, 3])
        opset.model.opsetImport[0].version = 26
        #expect(try opset.message() == "model.onnx: unsupported: opset 26; supported are 7 to 25")
        opset.model.opsetImport = []
        #expect(try opset.message() == "model.onnx: the model imports no opset of the default domain")
        #expect(
            try GraphFixture.convolution([3, 2, 3, 3], input: [2, 1 << 40, 4]).message()
                == "model.onnx: input 'x': dimension 2 is not a fixed size from 1 to 1048576")
        #expect(
            try GraphFixture.convolution([3, 2, 3, 3], input: [1 << 20, 1 << 20, 1 << 20]).message()
                .contains("more than 268435456 elements"))
        var batch = GraphFixture.convolution([3, 2, 3, 3])
        batch.model.graph.input[0].type.tensorType.shape.dim[0].dimValue = 8
        #expect(
            try batch.message()
                == "model.onnx: input 'x': unsupported: batch size 8; supported are 1 and a symbolic size")
    }

    @Test("Files that are no models")
    func files() throws {
        let folder = try Scratch()
        let absent = "\(folder.url.path)/absent.onnx"
        #expect(messageOf { _ = try ONNXReader.read(path: absent) } == "\(absent): no such file")
        #expect(
            messageOf { _ = try ONNXReader.read(path: folder.url.path) } == "\(folder.url.path): not a regular file")
        let garbage = try folder.file("g.onnx", Data("this is no model".utf8))
        #expect(messageOf { _ = try ONNXReader.read(path: garbage) }.contains("not a complete ONNX model"))
        let empty = try folder.file("e.onnx", Data())
        #expect(messageOf { _ = try ONNXReader.read(path: empty) }.contains("not a complete ONNX model"))
    }

    @Test("A truncated or damaged model never crashes, and every truncated one is an error")
    func damaged() throws {
        let folder = try Scratch()
        let whole = try ONNXGraphTests.mixedGraph().model.serializedData()
        var generator = SeededGenerator(seed: 11)
        for round in 0..<150 {
            var data = whole
            if round % 3 == 0 {
                data = whole.prefix(Int(generator.next() % UInt64(whole.count)))
            } else {
                for _ in 0...(round % 4) {
                    let position = Int(generator.next() % UInt64(data.count))
                    data[position] = UInt8(truncatingIfNeeded: generator.next())
                }
            }
            let path = try folder.file("m.onnx", data)
            let message = messageOf { _ = try ONNXReader.read(path: path) }
            #expect(!message.hasPrefix("another error"))
            if round % 3 == 0 { #expect(message != "no error") }
        }
    }
}
