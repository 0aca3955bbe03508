// Weights to sums of signed powers of two, filter by filter: FLightNN (Ding et al., DAC 2019) in its residual form
//     r_0 = w;   q_j = [ |r_j| > t_j ] * R(r_j);   r_(j+1) = r_j - q_j;   weight = q_0 + q_1
// with |r| the norm of the filter and R(x) = sign(x) * 2^round(log2|x|), element by element. LightNN-k is t = 0.
// Range and zero of R are published nowhere: docs/internals/Numerics.md 2.3, decision 010.

import Foundation
import Networks

struct TermQuantizer {
    /// Of one term.
    var bits: Int
    /// Most terms of a filter: 1 or 2.
    var terms: Int
    /// t_j, in units of the layer's root mean square filter norm.
    var thresholds: [Double]

    init(bits: Int, terms: Int, thresholds: [Double] = [0, 0]) {
        self.bits = bits
        self.terms = terms
        self.thresholds = thresholds
    }

    /// Integer weights of a layer [filter][weight]; the unit is a power of two.
    func quantize(_ values: [Float], filters: Int) -> QuantizedWeights {
        let unit = unitExponent(values)
        let spread = TermQuantizer.spread(values, filters: filters) * scalbn(1, -unit)
        var codes: [Int32] = []
        codes.reserveCapacity(values.count)
        for filter in 0..<filters {
            codes += self.codes(inUnits(values, filter: filter, of: filters, unit: unit), spread: spread)
        }
        let single = WeightFormat.powerOfTwo(bits: bits)
        let format = codes.allSatisfy(single.holds) ? single : .powerOfTwoSum(bits: bits, terms: terms)
        let limits = thresholds.prefix(terms).map { scalbn($0 * spread, unit) }
        return QuantizedWeights(
            codes: codes, unit: scalbn(1, unit), format: format, termThresholds: thresholds == [0, 0] ? [] : limits)
    }

    /// Norm of what one term leaves of each filter, in units of the layer's root mean square filter norm.
    func residualNorms(_ values: [Float], filters: Int) -> [Double] {
        let unit = unitExponent(values)
        let spread = TermQuantizer.spread(values, filters: filters) * scalbn(1, -unit)
        return (0..<filters).map { filter in
            let rest = inUnits(values, filter: filter, of: filters, unit: unit).map { $0 - Double(term($0)) }
            return TermQuantizer.norm(rest) / spread
        }
    }

    private func inUnits(_ values: [Float], filter: Int, of filters: Int, unit: Int) -> [Double] {
        let row = values.count / max(filters, 1)
        let factor = scalbn(1, -unit)
        return values[filter * row..<(filter + 1) * row].map { Double($0) * factor }
    }

    private func codes(_ filter: [Double], spread: Double) -> [Int32] {
        var rest = filter
        var codes = [Int32](repeating: 0, count: filter.count)
        for threshold in thresholds.prefix(terms) where TermQuantizer.norm(rest) / spread > threshold {
            for index in rest.indices {
                let term = term(rest[index])
                codes[index] += term
                rest[index] -= Double(term)
            }
        }
        return codes
    }

    /// R of a weight in units: the power of two nearest in the logarithm. Below half of the lowest level it is zero.
    private func term(_ value: Double) -> Int32 {
        let magnitude = abs(value)
        guard magnitude >= 0.5 else { return 0 }
        let octave = min(max(TermQuantizer.octave(magnitude), 0), WeightFormat.octaves(bits: bits) - 1)
        return value < 0 ? -(1 << Int32(octave)) : 1 << Int32(octave)
    }

    /// round(log2(magnitude)), exact for the 24 significant bits of a Float.
    private static func octave(_ magnitude: Double) -> Int {
        let significand = magnitude.significand
        return Int(magnitude.exponent) + (significand * significand > 2 ? 1 : 0)
    }

    /// The unit is as fine as can be with every weight within its top level, both terms together: a sum is at most
    /// 5/4 of that level, so that its non-adjacent form has no digit above it.
    private func unitExponent(_ values: [Float]) -> Int {
        let largest = Double(values.reduce(Float(0)) { max($0, abs($1)) })
        guard largest > 0 else { return 0 }
        let octave = TermQuantizer.octave(largest)
        let rest = largest - scalbn(1, octave)
        let isBeyond = rest > 0 && TermQuantizer.octave(rest) > octave - 2
        return octave + (isBeyond ? 1 : 0) - (WeightFormat.octaves(bits: bits) - 1)
    }

    private static func norm(_ values: some Sequence<Double>) -> Double {
        values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    }

    /// Root mean square of the filters' norms; 1 where all are zero.
    private static func spread(_ values: [Float], filters: Int) -> Double {
        let energy = values.reduce(0.0) { $0 + Double($1) * Double($1) }
        return energy > 0 ? (energy / Double(max(filters, 1))).squareRoot() : 1
    }
}

extension TermQuantizer {
    /// A filter as the operating point of a network sees it.
    struct Filter {
        var residual: Double
        var weights: Int
    }

    /// The t_1 with which the mean number of terms over all weights comes nearest to `mean`: filters with the
    /// largest residuals get the second term.
    static func secondThreshold(_ filters: [Filter], mean: Double) -> Double {
        let order = filters.sorted { $0.residual > $1.residual }
        let wanted = (mean - 1) * Double(filters.reduce(0) { $0 + $1.weights })
        var taken = 0.0
        for filter in order {
            let next = taken + Double(filter.weights)
            if next - wanted > wanted - taken { return filter.residual }
            taken = next
        }
        return 0
    }
}
