import Networks
import Support
import TestSupport
import Testing

@testable import Quantizer

/// Is a network that was written as bytes the same when it is read, and is nothing else taken for one?
@Suite struct NetworkBytesTests {
    /// Networks with every kind of operation, format and part.
    static let made: [(QuantizedNetwork, QuantizationReport)] = {
        func quantize(_ network: Network, _ options: QuantizationOptions) -> (QuantizedNetwork, QuantizationReport) {
            let images = SyntheticImages.make(shape: network.input, count: 2, seed: 4)
            do { return try Quantizer.quantize(network, options: options, calibration: images) } catch {
                fatalError("\(error)")
            }
        }
        let random = (1...12).map { quantize(RandomNetwork.make(seed: $0), QuantizationOptions(scheme: .nBQ(bits: 3))) }
        guard let tiny = try? BuiltInNetworks.make(name: "tiny", weights: .synthetic(seed: 1)) else {
            fatalError("tiny")
        }
        let schemes: [QuantizationScheme] = [
            .nBQ(bits: 5), .fixed(bits: 16), .fixed(bits: 4), .lightNN(terms: 2, bits: 4), .flightNN(bits: 5),
        ]
        return random
            + schemes.map { quantize(tiny, QuantizationOptions(scheme: $0, activationScale: .multiplier)) }
            + [quantize(normalized, QuantizationOptions(scheme: .nBQ(bits: 3)))]
    }()

    /// A pre-activation, a concatenation, and a function of the host.
    private static let normalized: Network = {
        let shape = Shape(channels: 2, height: 3, width: 3)
        let wide = Shape(channels: 4, height: 3, width: 3)
        let border = AverageDivisor.positions(padTop: 0, padLeft: 0, padBottom: 0, padRight: 0)
        let function = LocalResponseNormalization(size: 3, alpha: 0.1, beta: 0.75, bias: 1)
        func convolution(_ channels: Int) -> LayerKind {
            .convolution(
                window: Window(kernel: 1), outputs: 2, groups: 1,
                weights: Weights(values: normalWeights(2 * channels, seed: 8)), bias: [])
        }
        func layer(_ name: String, _ kind: LayerKind, _ inputs: [String], _ shape: Shape) -> Layer {
            Layer(name: name, kind: kind, inputs: inputs, output: shape)
        }
        return Network(
            name: "norm\u{e9}", input: shape,
            layers: [
                layer("a", convolution(2), ["input"], shape),
                layer("lrn", .host(.localResponseNormalization(function)), ["a"], shape),
                layer("both", .concat, ["lrn", "a"], wide),
                layer("bn", .affine(scale: [1, 2, 3, 4], shift: [0, 1, 0, -1]), ["both"], wide),
                layer("relu", .relu, ["bn"], wide), layer("b", convolution(4), ["relu"], shape),
                layer("mean", .averagePool(Window(kernel: 3, pad: 1), divisor: border), ["b"], shape),
            ])
    }()

    @Test func theExamplesHaveEveryPart() {
        let layers = Self.made.flatMap(\.0.layers)
        #expect(layers.contains { $0.residual != nil } && layers.contains { $0.preActivation != nil })
        #expect(layers.contains { !$0.regions.isEmpty } && layers.contains { $0.operation == .sumPool })
        #expect(layers.contains { $0.isOnHost } && layers.contains { $0.operation == .maxPool })
        #expect(layers.contains { $0.outputMantissa != 1 } && Self.made.contains { !$0.0.concatenations.isEmpty })
        let formats = layers.compactMap { layer -> WeightFormat? in
            guard case .convolution(_, let format, _) = layer.operation else { return nil }
            return format
        }
        #expect(formats.contains(.powerOfTwoSum(bits: 4, terms: 2)) && formats.contains(.fixed(bits: 16)))
    }

    @Test(arguments: made.indices)
    func whatIsReadIsWhatWasWritten(index: Int) throws {
        let (network, report) = Self.made[index]
        let bytes = try QuantizedNetworkBytes.encode(network, report)
        let found = try bytes.withUnsafeBytes { try QuantizedNetworkBytes.decode($0) }
        #expect(found.0 == network)
        #expect(found.1 == report)
    }

    @Test(arguments: made.indices)
    func anOutlineIsReadAsItWasWritten(index: Int) throws {
        let network = Self.made[index].0
        let bytes = try QuantizedNetworkBytes.bytes(ofOutline: network)
        #expect(try bytes.withUnsafeBytes { try QuantizedNetworkBytes.outline($0) } == network)
        #expect(throws: (any Error).self) {
            try bytes.dropLast().withUnsafeBytes { try QuantizedNetworkBytes.outline($0) }
        }
    }

    /// Integers of a byte each, fewer and more than are written at a time, at the ends of their range.
    @Test(arguments: [0, 1, 4095, 4096, 4097, 9000])
    func bytesHoldSmallIntegers(count: Int) throws {
        let values = (0..<count).map { Int32($0 % 256) - 128 }
        var (writer, written) = (FieldWriter(), values)
        writer.bytes(&written)
        #expect(writer.bytes.count == 8 + count)
        var found: [Int32] = []
        try writer.bytes.withUnsafeBytes {
            var reader = FieldReader($0)
            try reader.bytes(&found)
            #expect(reader.isAtEnd)
        }
        #expect(found == values)
    }

    @Test(arguments: [0, 12])
    func partsOfItAreNoNetwork(index: Int) throws {
        let (network, report) = Self.made[index]
        let bytes = try QuantizedNetworkBytes.encode(network, report)
        for length in Array(stride(from: 0, to: bytes.count, by: 37)) + [bytes.count - 1] {
            #expect(throws: (any Error).self) {
                try Array(bytes[..<length]).withUnsafeBytes { try QuantizedNetworkBytes.decode($0) }
            }
        }
        #expect(throws: (any Error).self) { try (bytes + [0]).withUnsafeBytes { try QuantizedNetworkBytes.decode($0) } }
    }

    /// Lengths that are damaged make no room for what is not there, and nothing traps.
    @Test(arguments: 0..<200)
    func damagedBytesAreSurvived(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let (network, report) = Self.made[Int(seed) % Self.made.count]
        var bytes = try QuantizedNetworkBytes.encode(network, report)
        for _ in 0..<Int.random(in: 1...8, using: &generator) {
            bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(in: .min ... .max, using: &generator)
        }
        _ = bytes.withUnsafeBytes { try? QuantizedNetworkBytes.decode($0) }
    }
}
