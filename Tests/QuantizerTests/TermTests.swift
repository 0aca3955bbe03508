// Are the weights of LightNN and FLightNN sums of signed powers of two as the residual form has them, and do its two
// limits meet?
import Diagnostics
import Foundation
import Networks
import Quantizer
import Support
import TestSupport
import Testing

@Suite struct TermTests {
    /// Weights of a layer, [filter][weight], and the step between integers.
    struct Result {
        var layer: QuantizedLayer
        var report: LayerQuantizationReport
        var codes: [Int32]
        var format: WeightFormat
        var unit: Double
    }

    static let row = 27

    private func quantize(
        _ values: [Float], _ scheme: QuantizationScheme, _ rule: FilterTermRule = .mean(1.5)
    ) throws -> Result {
        let outputs = values.count / Self.row
        let kind = LayerKind.convolution(
            window: Window(kernel: 3, pad: 1), outputs: outputs, groups: 1, weights: Weights(values: values), bias: [])
        let shape = Shape(channels: 3, height: 2, width: 2)
        let layer = Layer(
            name: "conv", kind: kind, inputs: [Network.inputName],
            output: Shape(channels: outputs, height: 2, width: 2))
        let network = Network(name: "one", input: shape, layers: [layer])
        let (quantized, report) = try Quantizer.quantize(
            network, options: QuantizationOptions(scheme: scheme, filterTerms: rule),
            calibration: [[Float](repeating: 1, count: shape.count)])
        guard case .convolution(let codes, let format, _) = quantized.layers[0].operation else {
            throw InputError(at: "conv", "is no convolution")
        }
        return Result(
            layer: quantized.layers[0], report: report.layers[0], codes: codes, format: format,
            unit: report.layers[0].weightScale ?? 0)
    }

    /// Filters of different sizes, some weights far below the lowest level.
    private func weights(filters: Int, seed: UInt64) -> [Float] {
        var generator = SeededGenerator(seed: seed)
        return (0..<filters).flatMap { filter -> [Float] in
            let scale = 0.02 * Float(1 + filter % 5)
            return (0..<Self.row).map { _ in scale * generator.normal() * generator.uniform() }
        }
    }

    /// R by search: the level nearest in the logarithm; zero below half of the lowest.
    private func nearestLevel(_ value: Double, octaves: Int) -> Double {
        guard abs(value) >= 0.5 else { return 0 }
        let levels = (0..<octaves).map { scalbn(1.0, $0) }
        let level = levels.min { abs(log2(abs(value) / $0)) < abs(log2(abs(value) / $1)) } ?? 0
        return value < 0 ? -level : level
    }

    @Test(arguments: 3...5)
    func oneTermIsTheNearestLevelInTheLogarithm(bits: Int) throws {
        let values = weights(filters: 40, seed: 11)
        let result = try quantize(values, .lightNN(terms: 1, bits: bits))
        #expect(result.format == .powerOfTwo(bits: bits))
        let octaves = (1 << (bits - 1)) - 1
        for (value, code) in zip(values, result.codes) {
            #expect(Double(code) == nearestLevel(Double(value) / result.unit, octaves: octaves))
        }
        #expect(result.unit.significand == 1, "the unit is a power of two")
    }

    @Test(arguments: 3...5)
    func twoTermsAreTheNearestLevelAndTheNearestOfTheRest(bits: Int) throws {
        let values = weights(filters: 40, seed: 12)
        let result = try quantize(values, .lightNN(terms: 2, bits: bits))
        #expect(result.format == .powerOfTwoSum(bits: bits, terms: 2))
        let octaves = (1 << (bits - 1)) - 1
        for (value, code) in zip(values, result.codes) {
            let scaled = Double(value) / result.unit
            let first = nearestLevel(scaled, octaves: octaves)
            #expect(Double(code) == first + nearestLevel(scaled - first, octaves: octaves))
        }
    }

    /// Every pair of signed powers of two in the octaves, and zero, are the only integers there are; and none is so
    /// large that two passes of an n-bit lane could not add it up.
    @Test(arguments: 3...5)
    func everyWeightIsASumOfTermsInRange(bits: Int) throws {
        let octaves = (1 << (bits - 1)) - 1
        let single = Set((0..<octaves).flatMap { [Int32(1) << Int32($0), -(Int32(1) << Int32($0))] } + [0])
        let double = Set(single.flatMap { first in single.map { first + $0 } })
        for seed in UInt64(20)..<30 {
            let values = weights(filters: 20, seed: seed)
            let one = try quantize(values, .lightNN(terms: 1, bits: bits))
            let two = try quantize(values, .lightNN(terms: 2, bits: bits))
            #expect(one.codes.allSatisfy(single.contains))
            #expect(two.codes.allSatisfy(double.contains))
            #expect(two.codes.allSatisfy(two.format.holds))
            let limit = Double(Int32(1) << Int32(octaves - 1)) * 1.25
            #expect(two.codes.allSatisfy { Double($0.magnitude) <= limit })
        }
    }

    /// R errs by at most (2 - sqrt 2) / sqrt 2 = 0.4142 of a weight, two terms by the square of that; below the
    /// lowest level by half of it.
    @Test(arguments: [1, 2])
    func theErrorIsBounded(terms: Int) throws {
        let values = weights(filters: 100, seed: 13)
        let result = try quantize(values, .lightNN(terms: terms, bits: 4))
        let share = pow(2.0.squareRoot() - 1, Double(terms))
        for (value, code) in zip(values, result.codes) {
            let scaled = Double(value) / result.unit
            #expect(abs(scaled - Double(code)) <= max(0.5, share * abs(scaled) * (1 + 1e-12)))
        }
    }

    /// The best sum of two terms, found by trying all, is not much better than the residual form.
    @Test func theResidualFormIsNearTheBestSum() throws {
        let values = weights(filters: 60, seed: 14)
        let result = try quantize(values, .lightNN(terms: 2, bits: 4))
        let integers = (-80...80).filter { WeightFormat.powerOfTwoSum(bits: 4, terms: 2).holds(Int32($0)) }
        var errors = (found: 0.0, best: 0.0)
        for (value, code) in zip(values, result.codes) {
            let scaled = Double(value) / result.unit
            errors.found += (scaled - Double(code)) * (scaled - Double(code))
            let best = integers.map { abs(scaled - Double($0)) }.min() ?? 0
            errors.best += best * best
        }
        #expect(errors.found >= errors.best)
        #expect(errors.found < 1.6 * errors.best, "\(errors)")
    }

    @Test(arguments: [1, 2])
    func quantizingTwiceChangesNothing(terms: Int) throws {
        let once = try quantize(weights(filters: 30, seed: 15), .lightNN(terms: terms, bits: 4))
        let values = once.codes.map { Float(Double($0) * once.unit) }
        let twice = try quantize(values, .lightNN(terms: terms, bits: 4))
        #expect(twice.codes.map { Float(Double($0) * twice.unit) } == values)
    }

    @Test func scalingWeightsByAPowerOfTwoScalesTheUnitOnly() throws {
        let values = weights(filters: 30, seed: 16)
        let result = try quantize(values, .lightNN(terms: 2, bits: 4))
        let scaled = try quantize(values.map { $0 * 8 }, .lightNN(terms: 2, bits: 4))
        #expect(scaled.codes == result.codes)
        #expect(scaled.unit == 8 * result.unit)
    }

    // MARK: FLightNN

    @Test(arguments: ["tiny", "resnet20-fmnist"])
    func theLimitsAreLightNN(name: String) throws {
        let network = try BuiltInNetworks.make(name: name, weights: .synthetic(seed: 3))
        let images = SyntheticImages.make(shape: network.input, count: 1, seed: 1)
        func quantized(_ scheme: QuantizationScheme, _ rule: FilterTermRule = .mean(1.5)) throws -> QuantizedNetwork {
            let options = QuantizationOptions(scheme: scheme, filterTerms: rule)
            return try Quantizer.quantize(network, options: options, calibration: images).0
        }
        let flight = QuantizationScheme.flightNN(bits: 4)
        #expect(try quantized(flight, .thresholds(first: 0, second: 0)) == quantized(.lightNN(terms: 2, bits: 4)))
        let unreachable = FilterTermRule.thresholds(first: 0, second: .greatestFiniteMagnitude)
        #expect(try quantized(flight, unreachable) == quantized(.lightNN(terms: 1, bits: 4)))
        #expect(try quantized(flight, .mean(1)) == quantized(.lightNN(terms: 1, bits: 4)))
        #expect(try quantized(flight, .mean(2)) == quantized(.lightNN(terms: 2, bits: 4)))
    }

    @Test(arguments: [1.1, 1.25, 1.5, 1.8])
    func filtersWithTheLargestResidualGetTheSecondTerm(mean: Double) throws {
        let values = weights(filters: 100, seed: 17)
        let one = try quantize(values, .lightNN(terms: 1, bits: 4))
        let two = try quantize(values, .lightNN(terms: 2, bits: 4))
        let mixed = try quantize(values, .flightNN(bits: 4), .mean(mean))
        var residuals: [(terms: Int, norm: Double)] = []
        for filter in 0..<100 {
            let range = filter * Self.row..<(filter + 1) * Self.row
            let terms = mixed.layer.filterTerms[filter]
            #expect(mixed.codes[range] == (terms == 2 ? two : one).codes[range])
            let norm = range.reduce(0.0) { sum, index in
                let rest = Double(values[index]) - Double(one.codes[index]) * one.unit
                return sum + rest * rest
            }
            residuals.append((terms, norm))
        }
        let second = residuals.filter { $0.terms == 2 }
        #expect(second.count == Int((100 * (mean - 1)).rounded()))
        let lowest = second.map(\.norm).min() ?? 0
        #expect(residuals.filter { $0.terms == 1 }.allSatisfy { $0.norm <= lowest })
        #expect(mixed.report.filters == [0, 100 - second.count, second.count])
        #expect(mixed.report.storedBits == Self.row * 4 * (100 + second.count) + 2 * 100)
    }

    @Test func smallFiltersArePruned() throws {
        var values = weights(filters: 10, seed: 18)
        for index in 0..<Self.row { values[index] *= 1e-3 }
        for index in Self.row..<2 * Self.row { values[index] = 0 }
        let result = try quantize(values, .flightNN(bits: 4), .thresholds(first: 0.05, second: 1e9))
        #expect(result.layer.filterTerms == [0, 0] + [Int](repeating: 1, count: 8))
        #expect(result.codes[0..<2 * Self.row].allSatisfy { $0 == 0 })
        let thresholds = result.report.termThresholds
        #expect(thresholds.count == 2 && thresholds[0] > 0)
    }

    @Test func zeroLayersStayZero() throws {
        let zeros = [Float](repeating: 0, count: 4 * Self.row)
        for scheme in [QuantizationScheme.lightNN(terms: 1, bits: 4), .lightNN(terms: 2, bits: 4), .flightNN(bits: 4)] {
            let result = try quantize(zeros, scheme)
            #expect(result.codes.allSatisfy { $0 == 0 })
            #expect(result.layer.filterTerms == [0, 0, 0, 0])
        }
    }

    @Test func storageIsThatOfThePapers() throws {
        let values = weights(filters: 10, seed: 19)
        let bits = [
            (QuantizationScheme.lightNN(terms: 1, bits: 4), 4), (.lightNN(terms: 2, bits: 4), 8), (.nBQ(bits: 3), 3),
            (.fixed(bits: 4), 4), (.fixed(bits: 16), 16),
        ]
        for (scheme, expected) in bits {
            #expect(try quantize(values, scheme).report.storedBits == expected * values.count)
        }
    }

    @Test func optionsThatDoNotExistAreRefused() {
        let refused: [(QuantizationScheme, FilterTermRule)] = [
            (.lightNN(terms: 3, bits: 4), .mean(1.5)), (.lightNN(terms: 1, bits: 2), .mean(1.5)),
            (.flightNN(bits: 6), .mean(1.5)), (.flightNN(bits: 4), .mean(2.5)), (.flightNN(bits: 4), .mean(.nan)),
            (.flightNN(bits: 4), .thresholds(first: -1, second: 0)),
            (.flightNN(bits: 4), .thresholds(first: 0, second: .infinity)),
        ]
        for (scheme, rule) in refused {
            #expect(throws: InputError.self) { try quantize([Float](repeating: 1, count: Self.row), scheme, rule) }
        }
    }
}
