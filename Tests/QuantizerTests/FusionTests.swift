// Which float layers end up in which array pass?
import Diagnostics
import Networks
import Quantizer
import ReferenceModel
import TestSupport
import Testing

@Suite struct FusionTests {
    private static let shape = Shape(channels: 2, height: 4, width: 4)

    /// Layers of 2x4x4 throughout; 3x3 convolutions have seeded weights.
    private func network(_ layers: [(String, LayerKind, [String])]) -> Network {
        Network(
            name: "test", input: Self.shape,
            layers: layers.map { Layer(name: $0.0, kind: $0.1, inputs: $0.2, output: Self.shape) })
    }

    private var convolution: LayerKind {
        .convolution(
            window: Window(kernel: 3, pad: 1), outputs: 2, groups: 1,
            weights: Weights(values: normalWeights(36, seed: 9)), bias: [])
    }

    private let affine = LayerKind.affine(scale: [1.5, 0.5], shift: [0.25, -0.5])

    private func quantize(_ network: Network) throws -> QuantizedNetwork {
        let images = SyntheticImages.make(shape: network.input, count: 2, seed: 1)
        return try Quantizer.quantize(
            network, options: QuantizationOptions(scheme: .nBQ(bits: 3)), calibration: images
        ).0
    }

    private func names(_ layers: [(String, LayerKind, [String])]) throws -> [String] {
        try quantize(network(layers)).layers.map { layer in
            let sum = layer.residual.map { "+\($0)" } ?? ""
            return "\(layer.name)(\(layer.input)\(sum))" + (layer.requantization.relu ? ".relu" : "")
        }
    }

    @Test func aResidualBlockIsTwoPasses() throws {
        let result = try names([
            ("c1", convolution, ["input"]), ("b1", affine, ["c1"]), ("r1", .relu, ["b1"]),
            ("c2", convolution, ["r1"]), ("b2", affine, ["c2"]), ("add", .add, ["b2", "input"]),
            ("r2", .relu, ["add"]),
        ])
        #expect(result == ["c1(input).relu", "c2(c1+input).relu"])
    }

    @Test func theOperandProducedLastTakesTheSum() throws {
        let result = try names([
            ("c1", convolution, ["input"]), ("short", convolution, ["input"]), ("add", .add, ["c1", "short"]),
        ])
        #expect(result == ["c1(input)", "short(input+c1)"])
    }

    @Test func anEarlierOperandWaitsForALaterOne() throws {
        let result = try names([
            ("c1", convolution, ["input"]), ("c2", convolution, ["input"]), ("r2", .relu, ["c2"]),
            ("add", .add, ["c1", "r2"]), ("end", .add, ["add", "r2"]),
        ])
        // c1 takes the first sum and moves behind c2; the second sum needs a pass of its own.
        #expect(result == ["c2(input).relu", "c1(input+c2)", "end(c1+c2)"])
    }

    @Test func aSumOfTensorsReadElsewhereIsAShortcut() throws {
        let layers: [(String, LayerKind, [String])] = [
            ("c1", convolution, ["input"]), ("double", .add, ["c1", "c1"]),
        ]
        #expect(try names(layers) == ["c1(input)", "double(c1+c1)"])
        let last = try #require(quantize(network(layers)).layers.last)
        #expect(last.kind == "shortcut")
        #expect(last.macs == 0)
    }

    @Test func orderThatDoesNotFuseStartsAShortcut() throws {
        let result = try names([
            ("c1", convolution, ["input"]), ("r1", .relu, ["c1"]), ("b1", affine, ["r1"]), ("r2", .relu, ["b1"]),
        ])
        #expect(result == ["c1(input).relu", "r2(c1).relu"])
        #expect(try names([("r", .relu, ["input"])]) == ["r(input).relu"])
    }

    @Test func aMaximumHandsItsExponentThrough() throws {
        let pool = LayerKind.maxPool(Window(kernel: 3, pad: 1))
        let result = try quantize(network([("c1", convolution, ["input"]), ("pool", pool, ["c1"])]))
        #expect(result.layers[1].outputExponent == result.layers[0].outputExponent)
        #expect(result.layers[1].requantization.multiplier == [1 << 14, 1 << 14])
        #expect(result.layers[1].requantization.shift == 14)
    }

    @Test func subsamplingIsAStridedCopy() throws {
        let output = Shape(channels: 5, height: 2, width: 2)
        let kind = LayerKind.subsample(stride: 2, channelsBefore: 1, channelsAfter: 2)
        let layer = Layer(name: "short", kind: kind, inputs: ["input"], output: output)
        let result = try quantize(Network(name: "test", input: Self.shape, layers: [layer])).layers[0]
        let weights: [Int32] = [0, 0, 1, 0, 0, 1, 0, 0, 0, 0]
        #expect(result.operation == .convolution(weights: weights, format: .powerOfTwo(bits: 3), groups: 1))
        #expect(result.window == Window(kernel: 1, stride: 2))
        #expect(result.kind == "shortcut")
        #expect(result.macs == 0)
    }

    // MARK: pre-activations and concatenations

    private func wide(_ inputs: Int) -> LayerKind {
        .convolution(
            window: Window(kernel: 1), outputs: 2, groups: 1,
            weights: Weights(values: normalWeights(2 * inputs, seed: 4)), bias: [])
    }

    /// Channels of each layer come from its kind: a concatenation's are the sum of its inputs'.
    private func sized(_ layers: [(String, LayerKind, [String])]) -> Network {
        var channels = [Network.inputName: 2]
        let sized = layers.map { name, kind, inputs in
            var count = channels[inputs[0]] ?? 0
            if kind == .concat { count = inputs.reduce(0) { $0 + (channels[$1] ?? 0) } }
            if case .convolution = kind { count = 2 }
            channels[name] = count
            return Layer(
                name: name, kind: kind, inputs: inputs, output: Shape(channels: count, height: 4, width: 4))
        }
        return Network(name: "test", input: Self.shape, layers: sized)
    }

    @Test func aDenseBlockIsOnePassAConvolution() throws {
        let ones = LayerKind.affine(scale: [1.5, 0.5, 2, 1], shift: [0.25, -0.5, 1, 0])
        let network = sized([
            ("c0", convolution, ["input"]), ("b1", affine, ["c0"]), ("r1", .relu, ["b1"]),
            ("c1", convolution, ["r1"]), ("j1", .concat, ["c0", "c1"]), ("b2", ones, ["j1"]), ("r2", .relu, ["b2"]),
            ("c2", wide(4), ["r2"]), ("j2", .concat, ["j1", "c2"]), ("c3", wide(6), ["j2"]),
        ])
        let result = try quantize(network)
        #expect(result.layers.map(\.name) == ["c0", "c1", "c2", "c3"])
        #expect(result.layers.map(\.input) == ["input", "c0", "j1", "j2"])
        #expect(result.layers.map { $0.preActivation?.relu } == [nil, true, true, nil])
        #expect(
            result.concatenations == [
                Concatenation(name: "j1", parts: ["c0", "c1"]), Concatenation(name: "j2", parts: ["c0", "c1", "c2"]),
            ])
        #expect(Set(result.layers.prefix(3).map(\.outputExponent)).count == 1, "parts have one exponent")
    }

    @Test func aPartThatHasItsPlaceIsCopied() throws {
        let network = sized([
            ("c0", convolution, ["input"]), ("c1", convolution, ["c0"]), ("j1", .concat, ["c0", "c1"]),
            ("j2", .concat, ["c1", "c0", "c1"]), ("d1", wide(4), ["j1"]), ("d2", wide(6), ["j2"]),
            ("end", .add, ["d1", "d2"]),
        ])
        let result = try quantize(network)
        // j2 is the longer one, and c1 stands in it twice; both parts of j1 have their places there.
        #expect(result.layers.map(\.name) == ["c0", "j1/0", "c1", "j1/1", "j2/2", "d1", "d2"])
        #expect(result.concatenations.map(\.parts) == [["j1/0", "j1/1"], ["c1", "c0", "j2/2"]])
    }

    @Test func whatCannotBeAPreActivationIsCopied() throws {
        let network = sized([
            ("c0", convolution, ["input"]), ("r0", .relu, ["c0"]), ("c1", convolution, ["c0"]),
            ("sum", .add, ["r0", "c1"]), ("r1", .relu, ["c0"]), ("j", .concat, ["r1", "sum"]), ("c2", wide(4), ["j"]),
        ])
        #expect(try quantize(network).layers.map(\.name) == ["c0", "r0", "c1", "r1", "c2"])
    }

    @Test func aClipIsTwoReLUs() throws {
        let clip = LayerKind.clip(minimum: -0.5, maximum: 0.25)
        let network = network([("c", convolution, ["input"]), ("clip", clip, ["c"])])
        let images = SyntheticImages.make(shape: network.input, count: 2, seed: 1)
        let floats = try FloatExecutor.infer(network.withoutClips, input: images[0])
        let expected = try FloatExecutor.infer(network, input: images[0])
        #expect(zip(floats, expected).allSatisfy { abs($0 - $1) < 1e-5 })
        #expect(expected.contains(-0.5) && expected.contains(0.25))
    }

    /// A bound of the model that a calibration image reaches is a clip, in the order of the layers; others are left out.
    @Test func reachedSaturationsAreClips() throws {
        var network = network([("c", convolution, ["input"]), ("d", convolution, ["c"])])
        let images = SyntheticImages.make(shape: network.input, count: 2, seed: 1)
        let values = try FloatExecutor.inferAll(network, input: images[0])
        let largest = try #require(values["c"]?.max())
        network.saturations = ["c": -100 * largest...largest / 2, "d": -1000...1000]
        let clipped = try Quantizer.applyingSaturations(network, calibration: images)
        try #require(clipped.layers.map(\.name) == ["c", "c/saturation", "d"])
        #expect(clipped.layers[1].kind == .clip(minimum: -100 * largest, maximum: largest / 2))
        #expect(clipped.layers[2].inputs == ["c/saturation"] && clipped.saturations.isEmpty)
        network.saturations["c"] = -100 * largest...100 * largest
        #expect(try Quantizer.applyingSaturations(network, calibration: images).layers == network.layers)

        network.saturations["c"] = 0...largest / 2
        let options = QuantizationOptions(scheme: .fixed(bits: 16))
        let (quantized, _) = try Quantizer.quantize(network, options: options, calibration: images)
        let expected = try FloatExecutor.infer(
            Quantizer.applyingSaturations(network, calibration: images), input: images[0])
        let found = try ReferenceModel.infer(quantized, input: quantized.quantizedInput(images[0]))
        let unit = Float(quantized.outputScale)
        let error = zip(expected, found.values).map { abs($0 - Float($1) * unit) }.max() ?? 1
        #expect(error < 1e-3 * (expected.map(abs).max() ?? 0))
    }

    @Test func whatBecomesOfLayersCanBeTold() throws {
        let clip = LayerKind.clip(minimum: 0, maximum: 1)
        let fusions = try Fusions(
            network([
                ("c0", convolution, ["input"]), ("b0", affine, ["c0"]), ("k", clip, ["b0"]), ("c1", convolution, ["k"]),
                ("r", .relu, ["c1"]), ("c2", convolution, ["c1"]), ("end", .add, ["r", "c2"]),
            ]))
        #expect(fusions.folded.contains("b0") && fusions.clips == ["k"] && fusions.copies == ["r"])
        #expect(fusions.preActivations == ["k"])
    }

    /// Parts of a concatenation may stand apart in memory, so that it is copied before it is added.
    @Test func aSumOfConcatenationsCopiesThem() throws {
        let network = sized([
            ("c0", convolution, ["input"]), ("c1", convolution, ["c0"]), ("j1", .concat, ["c0", "c1"]),
            ("j2", .concat, ["c1", "c0"]), ("sum", .add, ["j1", "j2"]),
        ])
        let result = try quantize(network)
        #expect(result.layers.last?.residual == "j2/whole" && result.layers.last?.input == "j1/whole")
    }

    @Test func aBorderThatDividesByLessIsARegion() throws {
        let inside = AverageDivisor.positions(padTop: 0, padLeft: 0, padBottom: 0, padRight: 0)
        let kind = LayerKind.averagePool(Window(kernel: 3, pad: 1), divisor: inside)
        let layer = try quantize(network([("p", kind, ["input"])])).layers[0]
        // 4x4 outputs: 9 positions inside, 6 at the sides, 4 in the corners; the four inner and eight side outputs.
        #expect(layer.regions.count == 5)
        let ratio = Double(layer.requantization.multiplier[0]) / Double(layer.regions[0].multiplier[0])
        #expect(abs(ratio - 4.0 / 6) < 1e-3, "corners divide by 4, sides, the most frequent, by 6")
    }

    @Test func graphsThatAreNoneAreRefused() {
        #expect(throws: InputError.self) { try quantize(network([])) }
        #expect(throws: InputError.self) { try quantize(network([("r", .relu, ["nowhere"])])) }
        #expect(throws: InputError.self) { try quantize(network([("a", .add, ["input"])])) }
        #expect(throws: InputError.self) {
            try quantize(network([("r", .relu, ["input"]), ("r", .relu, ["input"])]))
        }
        #expect(throws: InputError.self) { try quantize(network([("p", .globalAveragePool, ["input"])])) }
    }

    @Test func imagesThatDoNotFitAreRefused() {
        let network = network([("r", .relu, ["input"])])
        let options = QuantizationOptions(scheme: .nBQ(bits: 3))
        for images: [[Float]] in [[], [[1, 2]]] {
            #expect(throws: InputError.self) {
                try Quantizer.quantize(network, options: options, calibration: images)
            }
        }
    }
}
