// Which float layers end up in which array pass?

import Networks
import Quantizer
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
        #expect(result == ["c1(input).relu", "b1(c1).relu"])
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
