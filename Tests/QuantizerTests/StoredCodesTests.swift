// Do fixed point and the codes of a model file come through as promised?
import Diagnostics
import Networks
import Quantizer
import Testing

@Suite struct StoredCodesTests {
    private func weights(_ codes: [Int32], scale: Float = 0.125) -> Weights {
        Weights(values: codes.map { Float($0) * scale }, codes: codes, codeScale: scale)
    }

    @Test func powerOfTwoCodesAreDividedByTheirCommonPower() throws {
        let layer = try OneLayer(weights([8, -16, 32, 0]), options: QuantizationOptions(scheme: .asIs))
        #expect(layer.codes == [1, -2, 4, 0])
        #expect(layer.unit == 1)
        #expect(layer.format == .powerOfTwo(bits: 3))
    }

    @Test(arguments: [(1, 1), (4, 3), (64, 4), (128, 5), (16384, 5)])
    func theSmallestWidthIsTaken(top: Int32, bits: Int) throws {
        let layer = try OneLayer(weights([1, -1, top]), options: QuantizationOptions(scheme: .asIs))
        #expect(layer.format == .powerOfTwo(bits: bits))
    }

    @Test func aWidthAskedForIsTakenWhereItFits() throws {
        var options = QuantizationOptions(scheme: .asIs, weightBits: 4)
        #expect(try OneLayer(weights([1, -2]), options: options).format == .powerOfTwo(bits: 4))
        options.weightBits = 3
        #expect {
            try OneLayer(weights([1, 8]), options: options)
        } throws: { error in
            "\(error)" == "layer conv: its codes need 4 bits, quantization.weight_bits is 3"
        }
    }

    @Test func otherCodesStayInFixedPoint() throws {
        let layer = try OneLayer(weights([6, -100]), options: QuantizationOptions(scheme: .asIs))
        #expect(layer.codes == [6, -100])
        #expect(layer.format == .fixed(bits: 8))
    }

    @Test func layersWithoutCodesBecomeWide() throws {
        let values = normalWeights(400, seed: 7)
        let layer = try OneLayer(Weights(values: values), options: QuantizationOptions(scheme: .asIs))
        #expect(layer.format == .fixed(bits: 8))
        #expect(layer.codes.map(\.magnitude).max() == 85)
        let options = QuantizationOptions(scheme: .asIs, wideWeightLimit: 10)
        #expect(try OneLayer(Weights(values: values), options: options).codes.map(\.magnitude).max() == 10)
    }

    @Test(arguments: [4, 8, 16])
    func fixedPointIsSymmetricAndIdempotent(bits: Int) throws {
        let options = QuantizationOptions(scheme: .fixed(bits: bits))
        let once = try OneLayer(Weights(values: normalWeights(400, seed: 8)), options: options)
        #expect(once.format == .fixed(bits: bits))
        #expect(once.codes.map(\.magnitude).max() == (UInt32(1) << UInt32(bits - 1)) - 1)
        let twice = try OneLayer(Weights(values: once.values), options: options)
        #expect(twice.codes == once.codes)
    }

    @Test func optionsThatDoNotExistAreRefused() throws {
        let refused = [
            QuantizationOptions(scheme: .nBQ(bits: 6)), QuantizationOptions(scheme: .nBQ(bits: 0)),
            QuantizationOptions(scheme: .fixed(bits: 5)), QuantizationOptions(scheme: .asIs, activationBits: 12),
            QuantizationOptions(scheme: .nBQ(bits: 4), thresholds: .fixedFraction),
            QuantizationOptions(scheme: .asIs, weightBits: 6), QuantizationOptions(scheme: .asIs, wideWeightLimit: 0),
        ]
        for options in refused {
            #expect(throws: InputError.self) { try OneLayer(Weights(values: [1]), options: options) }
        }
    }

    @Test func weightsThatAreNoNumbersAreRefused() {
        #expect(throws: InputError.self) { try OneLayer([1, .nan], bits: 3) }
    }
}
