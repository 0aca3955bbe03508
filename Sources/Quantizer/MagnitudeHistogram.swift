// Magnitudes of a tensor over many images in bins of constant relative width, so that one pass suffices and no range
// has to be known before: a bin holds the floats that agree in exponent and the first nine bits of the fraction.

import Foundation

/// Counts of non-zero magnitudes between 2^-40 and 2^24; smaller ones count as zero, larger ones in the last bin.
struct MagnitudeHistogram {
    /// Bins an octave: 2^9.
    private static let fractionBits = 9
    private static let lowest = -40
    private static let octaves = 64
    private static let first = UInt32(lowest + 127) << UInt32(fractionBits)
    private static let bins = octaves << fractionBits

    private var counts = [Int](repeating: 0, count: bins)
    private var total = 0

    mutating func add(_ values: [Float]) {
        counts.withUnsafeMutableBufferPointer { counts in
            for value in values {
                let key = abs(value).bitPattern >> UInt32(23 - MagnitudeHistogram.fractionBits)
                guard key >= MagnitudeHistogram.first else { continue }
                counts[min(Int(key - MagnitudeHistogram.first), MagnitudeHistogram.bins - 1)] += 1
                total += 1
            }
        }
    }

    private static func edge(_ bin: Int) -> Double {
        let (octave, step) = bin.quotientAndRemainder(dividingBy: 1 << fractionBits)
        return scalbn(1 + scalbn(Double(step), -fractionBits), lowest + octave)
    }

    /// Upper edge of the bin up to which this fraction of the non-zero magnitudes lies.
    func magnitude(below fraction: Double) -> Double {
        let wanted = fraction * Double(total)
        var sum = 0
        for bin in counts.indices where counts[bin] > 0 {
            sum += counts[bin]
            if Double(sum) >= wanted { return MagnitudeHistogram.edge(bin + 1) }
        }
        return MagnitudeHistogram.edge(counts.count)
    }

    /// Sum of the squared errors of rounding to multiples of `step` and of clipping at (2^(bits-1) - 1) of them.
    /// Within a bin the values count as evenly spread.
    func squaredError(step: Double, bits: Int) -> Double {
        let limit = Double((1 << (bits - 1)) - 1) * step
        var sum = 0.0
        for bin in counts.indices where counts[bin] > 0 {
            let (low, high) = (MagnitudeHistogram.edge(bin), MagnitudeHistogram.edge(bin + 1))
            let middle = (low + high) / 2
            let error: Double
            if middle > limit {
                error = (middle - limit) * (middle - limit)
            } else if high - low >= step {
                error = step * step / 12
            } else {
                let rest = middle - (middle / step).rounded(.toNearestOrEven) * step
                error = rest * rest
            }
            sum += Double(counts[bin]) * error
        }
        return sum
    }

    /// Kullback-Leibler divergence, as TensorRT's calibration has it (Migacz, GTC 2017): P is the distribution with
    /// what exceeds the range in its last bin, Q that of the quantized values, each level's count (without what was
    /// clipped) spread over the level's bins that are not empty, here in proportion to their width.
    func divergence(step: Double, bits: Int) -> Double {
        let limit = Double((1 << (bits - 1)) - 1) * step
        let levels = levels(step: step, limit: limit)
        guard let last = levels.last else { return .infinity }
        let inside = last.end
        let outliers = counts[inside...].reduce(0, +)
        let kept = Double(total - outliers)
        var divergence = 0.0
        for level in levels {
            let bins = (level.start..<level.end).filter { counts[$0] > 0 }
            let widths = bins.map { MagnitudeHistogram.edge($0 + 1) - MagnitudeHistogram.edge($0) }
            let count = Double(bins.reduce(0) { $0 + counts[$1] })
            let width = widths.reduce(0, +)
            for (bin, own) in zip(bins, widths) {
                let isLast = level.end == inside && bin == bins.last
                let p = Double(counts[bin] + (isLast ? outliers : 0)) / Double(total)
                let q = count * own / width / kept
                divergence += p * log(p / q)
            }
        }
        return divergence
    }

    /// Runs of bins that round to the same level, up to the limit; only those with a count.
    private func levels(step: Double, limit: Double) -> [(start: Int, end: Int)] {
        var result: [(start: Int, end: Int)] = []
        var current = -1.0
        for bin in counts.indices where counts[bin] > 0 {
            let middle = (MagnitudeHistogram.edge(bin) + MagnitudeHistogram.edge(bin + 1)) / 2
            if middle > limit { break }
            let level = (middle / step).rounded(.toNearestOrEven)
            if level == current, !result.isEmpty {
                result[result.count - 1].end = bin + 1
            } else {
                result.append((bin, bin + 1))
                current = level
            }
        }
        return result
    }
}
