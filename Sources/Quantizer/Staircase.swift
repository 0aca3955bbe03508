// The n-bit staircase of Chen et al. (TNNLS 2020, equations 4 to 6): levels s * 2^-i, i in 0 ..< r, and zero,
// r = 2^(n-1) - 1; n = 1 has the level s only and no zero. What the rules choose: s and the r thresholds.

import Foundation

#if MUTANTS
    import Mutants
#endif

struct Staircase {
    /// Largest first, in real units.
    var levels: [Double]
    /// thresholds[i] is the smallest |w| that maps to levels[i]; zero lies below the last.
    var thresholds: [Double]

    /// Number of non-zero magnitudes of n-bit codes.
    static func magnitudes(bits: Int) -> Int { max(1, (1 << (bits - 1)) - 1) }

    static func levels(bits: Int, top: Double) -> [Double] {
        (0..<magnitudes(bits: bits)).map { scalbn(top, -$0) }
    }

    static func fit(bits: Int, rule: ThresholdRule, sample: MagnitudeSample) -> Staircase {
        if bits == 1 { return Staircase(levels: [sample.mean], thresholds: [0]) }
        return switch rule {
        case .fixedFraction: fixedFraction(sample: sample)
        case .nearest: nearest(bits: bits, sample: sample)
        case .momentMatching: bits == 2 ? momentMatchingTernary(sample) : momentMatching(bits: bits, sample: sample)
        }
    }

    // MARK: Fixed fractions

    /// n = 3 as in the authors' code: 0.14, 0.07, 0.02 of the largest magnitude.
    private static func fixedFraction(sample: MagnitudeSample) -> Staircase {
        #if MUTANTS
            if isPlanted("quantizer-threshold") {
                return Staircase(
                    levels: levels(bits: 3, top: sample.largest),
                    thresholds: [0.15, 0.07, 0.02].map { $0 * sample.largest })
            }
        #endif
        return Staircase(
            levels: levels(bits: 3, top: sample.largest), thresholds: [0.14, 0.07, 0.02].map { $0 * sample.largest })
    }

    // MARK: Nearest level

    /// The top level of least squared error, found on a grid of 1/32 octave over eight octaves below
    /// 4/3 max |W|, then refined: s = <w, q> / <q, q> and new thresholds, until nothing changes.
    private static func nearest(bits: Int, sample: MagnitudeSample) -> Staircase {
        var best = (top: sample.largest, error: Double.infinity)
        for step in 0...256 {
            let top = sample.largest * 4 / 3 * exp2(-Double(step) / 32)
            let error = squaredError(nearest(bits: bits, top: top), sample)
            if error < best.error { best = (top, error) }
        }
        for _ in 0..<16 {
            let stairs = nearest(bits: bits, top: best.top)
            let moments = sample.moments(levels: stairs.levels, thresholds: stairs.thresholds)
            guard moments.square > 0 else { break }
            let top = best.top * moments.product / moments.square
            let error = squaredError(nearest(bits: bits, top: top), sample)
            if error >= best.error { break }
            best = (top, error)
        }
        return nearest(bits: bits, top: best.top)
    }

    /// Thresholds half way between neighbours, zero included.
    private static func nearest(bits: Int, top: Double) -> Staircase {
        let levels = levels(bits: bits, top: top)
        let lower = levels.dropFirst() + [0]
        return Staircase(levels: levels, thresholds: zip(levels, lower).map { ($0 + $1) / 2 })
    }

    private static func squaredError(_ stairs: Staircase, _ sample: MagnitudeSample) -> Double {
        let moments = sample.moments(levels: stairs.levels, thresholds: stairs.thresholds)
        return sample.meanSquare - 2 * moments.product + moments.square
    }

    // MARK: Moment matching

    /// n = 2 in closed form: s = E w^2 / E|w|, and the threshold above which a fraction (E|w|)^2 / E w^2 lies.
    private static func momentMatchingTernary(_ sample: MagnitudeSample) -> Staircase {
        guard sample.mean > 0 else { return Staircase(levels: [0], thresholds: [0]) }
        let fraction = sample.mean * sample.mean / sample.meanSquare
        return Staircase(
            levels: [sample.meanSquare / sample.mean], thresholds: [sample.quantile(tail: fraction)])
    }

    /// n >= 3: the levels of `nearest` stay; two numbers move the thresholds. A gain g multiplies those between
    /// non-zero levels, and the lowest one, z, lies between a quarter of the lowest level and the threshold above.
    /// For every g the z that keeps E|w| is found by bisection, and g likewise so that E w^2 is kept: both moments
    /// fall as g or z grows. Where no z keeps E|w| the nearer end of its range stands in: for n = 4 and 5 the
    /// lowest level is too small to matter, so E|q| comes out one to two per cent off.
    private static func momentMatching(bits: Int, sample: MagnitudeSample) -> Staircase {
        let start = nearest(bits: bits, sample: sample)
        let gain = bisect(0.5, 2) { gain in
            let trial = keepingMean(start, gain: gain, sample: sample)
            let moments = sample.moments(levels: trial.levels, thresholds: trial.thresholds)
            return moments.square > sample.meanSquare
        }
        return keepingMean(start, gain: gain, sample: sample)
    }

    private static func keepingMean(_ start: Staircase, gain: Double, sample: MagnitudeSample) -> Staircase {
        var stairs = start
        let inner = start.thresholds.count - 1
        for index in 0..<inner { stairs.thresholds[index] *= gain }
        stairs.thresholds[inner] = bisect(stairs.levels[inner] / 4, stairs.thresholds[inner - 1]) { lowest in
            var trial = stairs
            trial.thresholds[inner] = lowest
            return sample.moments(levels: trial.levels, thresholds: trial.thresholds).mean > sample.mean
        }
        return stairs
    }

    /// Where `isBelow` turns from true to false, to 2^-40 of the range.
    private static func bisect(_ low: Double, _ high: Double, isBelow: (Double) -> Bool) -> Double {
        var range = (low: low, high: high)
        for _ in 0..<40 {
            let middle = (range.low + range.high) / 2
            if isBelow(middle) { range.low = middle } else { range.high = middle }
        }
        return (range.low + range.high) / 2
    }
}
