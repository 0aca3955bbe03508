// Are n-bit weights what the paper's equations 4 to 6 say, whatever the rule?
import Networks
import Quantizer
import Testing

@Suite struct PowerOfTwoTests {
    /// Every width with every rule that is defined for it.
    static let cases: [(Int, ThresholdRule)] = (1...5).flatMap { bits in
        ThresholdRule.allCases.filter { $0 != .fixedFraction || bits == 3 }.map { (bits, $0) }
    }

    @Test(arguments: cases)
    func codesAreOnTheLevelSet(bits: Int, rule: ThresholdRule) throws {
        let layer = try OneLayer(normalWeights(2000, seed: 1), bits: bits, rule: rule)
        #expect(layer.format == .powerOfTwo(bits: bits))
        #expect(layer.codes.allSatisfy(layer.format.holds))
        let magnitudes = max(1, (1 << (bits - 1)) - 1)
        let top = layer.codes.map(\.magnitude).max()
        #expect(top == 1 << UInt32(magnitudes - 1), "the top level is used")
        #expect(layer.codes.contains(0) == (bits > 1))
    }

    @Test(arguments: cases)
    func quantizingTwiceChangesNothing(bits: Int, rule: ThresholdRule) throws {
        let once = try OneLayer(normalWeights(500, seed: 2), bits: bits, rule: rule)
        let twice = try OneLayer(once.values, bits: bits, rule: rule)
        #expect(twice.codes == once.codes)
        #expect(twice.values == once.values)
        #expect(twice.thresholds.isEmpty, "the values were kept, not rounded")
    }

    @Test(arguments: cases)
    func largerWeightsHaveLargerCodes(bits: Int, rule: ThresholdRule) throws {
        let layer = try OneLayer(normalWeights(1000, seed: 3).sorted(), bits: bits, rule: rule)
        #expect(zip(layer.codes, layer.codes.dropFirst()).allSatisfy { $0 <= $1 })
    }

    @Test(arguments: cases)
    func scalingWeightsScalesTheUnitOnly(bits: Int, rule: ThresholdRule) throws {
        let weights = normalWeights(1000, seed: 4)
        let layer = try OneLayer(weights, bits: bits, rule: rule)
        let scaled = try OneLayer(weights.map { $0 * 4 }, bits: bits, rule: rule)
        #expect(scaled.codes == layer.codes)
        #expect(scaled.unit == 4 * layer.unit)
    }

    @Test func fixedFractionIsTheAuthorsRule() throws {
        let weights: [Float] = [1, 0.141, 0.139, 0.071, 0.069, 0.021, 0.019, 0, -0.1, -0.5]
        let layer = try OneLayer(weights, bits: 3, rule: .fixedFraction)
        #expect(layer.codes == [4, 4, 2, 2, 1, 1, 0, 0, -2, -4])
    }

    @Test(arguments: 2...5)
    func nearestHasLessErrorThanOtherScales(bits: Int) throws {
        let weights = normalWeights(3000, seed: 5)
        let layer = try OneLayer(weights, bits: bits, rule: .nearest)
        let levels = Set(layer.codes.map { abs(Double($0) * layer.unit) }).union([0])
        let error = nearestError(weights, levels: levels)
        for factor in [0.7, 0.9, 0.98, 1.02, 1.1, 1.4] {
            #expect(nearestError(weights, levels: Set(levels.map { $0 * factor })) > error)
        }
    }

    private func nearestError(_ weights: [Float], levels: Set<Double>) -> Double {
        weights.reduce(0) { sum, weight in
            let magnitude = Double(abs(weight))
            let error = levels.map { abs(magnitude - $0) }.min() ?? magnitude
            return sum + error * error
        }
    }

    @Test(arguments: 2...5)
    func momentMatchingKeepsTheMeanSquareAndTheMean(bits: Int) throws {
        let weights = normalWeights(20000, seed: 6)
        let values = try OneLayer(weights, bits: bits, rule: .momentMatching).values
        func moments(_ values: [Float]) -> (mean: Double, square: Double) {
            let magnitudes = values.map { Double(abs($0)) }
            let count = Double(values.count)
            return (magnitudes.reduce(0, +) / count, magnitudes.reduce(0) { $0 + $1 * $1 } / count)
        }
        let before = moments(weights)
        let after = moments(values)
        // From 4 bits on the lowest level is too small for the zero threshold to move the mean (Numerics, 2.2).
        #expect(abs(after.mean / before.mean - 1) < (bits <= 3 ? 2e-3 : 2e-2))
        #expect(abs(after.square / before.square - 1) < 2e-3)
    }

    @Test func oneBitIsTheSignTimesTheMean() throws {
        let layer = try OneLayer([0.5, -0.1, 0, 0.2], bits: 1)
        #expect(layer.codes == [1, -1, 1, 1])
        #expect(abs(layer.unit - 0.2) < 1e-7)
    }

    @Test func zeroWeightsStayZero() throws {
        for bits in 2...5 { #expect(try OneLayer([0, 0, 0], bits: bits).codes == [0, 0, 0]) }
    }
}
