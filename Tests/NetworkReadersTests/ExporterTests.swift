import Networks
import Testing

@testable import NetworkReaders

/// Are the forms in which exporters write a network read as the network that they mean?
@Suite struct ExporterTests {
    private func network(_ fixture: GraphFixture) throws -> Network { try fixture.read() }

    /// A convolution "c" of 2 x 4 x 4 maps with some attributes, on `input`; then what `more` adds.
    private func convolution(
        _ attributes: [String: GraphFixture.Attribute] = [:], on input: String = "x", opset: Int64 = 13,
        before: (inout GraphFixture) -> Void = { _ in }
    ) -> GraphFixture {
        var fixture = GraphFixture(opset: opset)
        before(&fixture)
        fixture.model.graph.initializer.removeAll { $0.name == "w" }
        fixture.floats("w", [3, 2, 3, 3], (0..<54).map { Float($0) / 8 })
        fixture.node("Conv", [input, "w"], "y", name: "c", attributes)
        return fixture
    }

    /// Zeros around a map that only convolutions read are their padding, added to what they have themselves: pads of a Pad
    /// are all begins (N, C, H, W), then all ends; those of a Conv top, left, bottom, right.
    @Test func paddingIsTheConvolutions() throws {
        func padded(_ attributes: [String: GraphFixture.Attribute]) throws -> Network {
            try network(
                convolution(attributes, on: "p") {
                    $0.integers("pads", [0, 0, 1, 0, 0, 0, 2, 3])
                    $0.node("Pad", ["x", "pads"], "p", name: "pad")
                })
        }
        let plain = try network(convolution(["pads": .ints([1, 0, 2, 3])]))
        #expect(try padded([:]).layers == plain.layers)
        let both = try network(convolution(["pads": .ints([2, 1, 3, 4])]))
        #expect(try padded(["pads": .ints([1, 1, 1, 1])]).layers == both.layers)
        // 4 + 3 rows and 4 + 3 columns, a window of 3 with stride 2: SAME gives ceil(7 / 2) = 4, (4 - 1) * 2 + 3 - 7 = 2 more
        // of padding, one on each side.
        let same = try padded(["auto_pad": .string("SAME_UPPER"), "strides": .ints([2, 2])])
        let explicit = try network(convolution(["pads": .ints([2, 1, 3, 4]), "strides": .ints([2, 2])]))
        #expect(same.layers == explicit.layers)
    }

    @Test func otherReadersOfPaddingAreRefused() throws {
        for operation in ["Relu", "GlobalAveragePool", "Flatten", "Identity"] {
            var fixture = GraphFixture()
            fixture.integers("pads", [0, 0, 1, 0, 0, 0, 0, 0])
            fixture.node("Pad", ["x", "pads"], "p", name: "pad")
            fixture.node(operation, ["p"], operation == "Identity" ? "i" : "y", name: "n")
            if operation == "Identity" { fixture.node("Relu", ["i"], "y", name: "n") }
            #expect(
                try fixture.message().hasSuffix(
                    "unsupported: rows and columns of padding before this node; supported are them before Conv only"),
                "\(operation)")
        }
    }

    /// [N, H, W, C] that is only transposed: the same network on images with channels first.
    @Test func anImageMayHaveChannelsLast() throws {
        var last = GraphFixture(input: [4, 5, 2])
        last.node("Transpose", ["x"], "t", name: "t", ["perm": .ints([0, 3, 1, 2])])
        last.floats("w", [3, 2, 3, 3], (0..<54).map { Float($0) / 8 })
        last.node("Conv", ["t", "w"], "y", name: "c")
        var first = GraphFixture(input: [2, 4, 5])
        first.floats("w", [3, 2, 3, 3], (0..<54).map { Float($0) / 8 })
        first.node("Conv", ["x", "w"], "y", name: "c")
        let (found, wanted) = (try network(last), try network(first))
        #expect(found.input == Shape(channels: 2, height: 4, width: 5))
        #expect(found.layers == wanted.layers && found.input == wanted.input)
        // Read in both orders it has no one layout.
        last.node("Relu", ["x"], "r", name: "r")
        last.node("Add", ["r", "r"], "y2", name: "a")
        last.model.graph.node[1].output = ["other"]
        last.model.graph.node[3].output = ["y"]
        #expect(throws: Never.self) { try last.message() }
        last.model.graph.node[3].input = ["r", "other"]
        #expect(try last.message().contains("node t (Transpose): unsupported: perm [0, 3, 1, 2]"))
    }

    /// torch.onnx.export writes allowzero = 1 since 2.9: it matters where a size is 0 alone.
    @Test func reshapesMayAllowZero() throws {
        func reshape(_ sizes: [Int64], _ allow: Int64) -> GraphFixture {
            var fixture = GraphFixture()
            fixture.integers("s", sizes)
            fixture.node("Reshape", ["x", "s"], "f", name: "v", ["allowzero": .int(allow)])
            fixture.floats("m", [32, 2], [Float](repeating: 0.5, count: 64))
            fixture.node("MatMul", ["f", "m"], "y", name: "d")
            return fixture
        }
        #expect(try network(reshape([1, 32], 1)).layers == network(reshape([1, 32], 0)).layers)
        #expect(try network(reshape([-1, 32], 1)).layers == network(reshape([0, 32], 0)).layers)
        #expect(
            try reshape([0, 32], 1).message()
                == "model.onnx: node v (Reshape): unsupported: reshaping to [0, 32] with allowzero = 1; supported are "
                + "sizes other than 0")
        #expect(try reshape([1, 32], 2).message().hasSuffix("allowzero = 2; accepted are 0 and 1"))
    }

    /// A Clip between codes and their values (QCDQ) narrows them: -9 and 9 become -7 and 7, times 0.5.
    @Test func constantsMayBeClipped() throws {
        var fixture = GraphFixture(input: [1, 2, 2])
        fixture.codes("q", [1, 1, 2, 2], 3, [-9, 9, 3, -3])
        fixture.codes("low", [], 3, [-7])
        fixture.codes("high", [], 3, [7])
        fixture.floats("s", [], [0.5])
        fixture.node("Clip", ["q", "low", "high"], "n", name: "n")
        fixture.node("DequantizeLinear", ["n", "s"], "w", name: "d")
        fixture.node("Conv", ["x", "w"], "y", name: "c")
        guard case .convolution(_, _, _, let weights, _)? = try network(fixture).layers.first?.kind else {
            Issue.record("no convolution")
            return
        }
        #expect(weights.values == [-3.5, 3.5, 1.5, -1.5])
        fixture.model.graph.node[0].input = ["q", "high", "low"]
        #expect(try fixture.message().hasSuffix("bounds 7 and -7; accepted are a smaller and a larger number"))
    }

    /// Opsets 22 to 25 give these operators more element types.
    @Test func lateOpsetsAreRead() throws {
        let old = try network(convolution(opset: 13))
        for opset in Int64(22)...25 { #expect(try network(convolution(opset: opset)).layers == old.layers) }
    }
}
