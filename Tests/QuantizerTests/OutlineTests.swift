import Networks
import Quantizer
import TestSupport
import Testing

/// Has the outline of a network all that the whole integer network's schedule follows from?
@Suite struct OutlineTests {
    static let schemes: [QuantizationScheme] = [
        .nBQ(bits: 1), .nBQ(bits: 3), .fixed(bits: 8), .fixed(bits: 16), .lightNN(terms: 1, bits: 4),
        .lightNN(terms: 2, bits: 4), .flightNN(bits: 4), .asIs,
    ]

    @Test(arguments: UInt64(1)...80)
    func equalsTheNetworkButForNumbers(seed: UInt64) throws {
        let network = RandomNetwork.make(seed: seed)
        let options = QuantizationOptions(
            scheme: Self.schemes[Int(seed) % Self.schemes.count], activationBits: seed % 3 == 0 ? 8 : 16,
            activationScale: seed % 5 == 0 ? .multiplier : .powerOfTwo)
        let images = SyntheticImages.make(shape: network.input, count: 2, seed: seed)
        let whole = try Quantizer.quantize(network, options: options, calibration: images).0
        let outline = try #require(try Quantizer.outline(network, options: options))
        #expect(outline.form == whole.form)
        #expect(outline.layers.contains { $0.operation != .maxPool && $0.operation != .sumPool })
    }

    /// Saturations become layers where images reach them: nothing but images says.
    @Test func saturationsNeedImages() throws {
        var network = RandomNetwork.make(seed: 3)
        let options = QuantizationOptions(scheme: .nBQ(bits: 3))
        #expect(try Quantizer.outline(network, options: options) != nil)
        network.saturations = [network.layers[0].name: -1...1]
        #expect(try Quantizer.outline(network, options: options) == nil)
    }
}

extension QuantizedNetwork {
    /// The network with numbers that do not follow from images.
    fileprivate var form: QuantizedNetwork {
        var result = self
        (result.inputExponent, result.inputMantissa) = (0, 1)
        for index in result.layers.indices { result.layers[index] = result.layers[index].form }
        return result
    }
}

extension QuantizedLayer {
    fileprivate var form: QuantizedLayer {
        var result = self
        (result.outputExponent, result.outputMantissa) = (0, 1)
        result.requantization = Requantization(
            preShift: 0, multiplier: requantization.multiplier.map { _ in 0 }, bias: requantization.bias.map { _ in 0 },
            shift: 0, relu: requantization.relu)
        if case .host(let function, _) = operation { result.operation = .host(function, inputExponent: 0) }
        for index in regions.indices { result.regions[index].multiplier = regions[index].multiplier.map { _ in 0 } }
        if let before = preActivation {
            result.preActivation = PreActivation(
                multiplier: before.multiplier.map { _ in 0 }, bias: before.bias.map { _ in 0 }, shift: 0,
                relu: before.relu, exponent: 0)
        }
        return result
    }
}
