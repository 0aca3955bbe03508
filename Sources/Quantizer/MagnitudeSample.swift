// |W| of a layer, sorted, with running sums: error and moments of any staircase in O(levels * log n).

/// Sorted magnitudes of a tensor. Of more than 2^20 weights every k-th is taken, k the smallest that gives
/// at most 2^20: thresholds and scales do not need more, and the final scale uses every weight.
struct MagnitudeSample {
    private let sorted: [Double]
    /// sums[i] = sum of the i smallest.
    private let sums: [Double]
    let meanSquare: Double

    init(_ values: [Float]) {
        let step = max(1, (values.count + (1 << 20) - 1) >> 20)
        let sorted = stride(from: 0, to: values.count, by: step).map { Double(abs(values[$0])) }.sorted()
        var sums = [0.0]
        sums.reserveCapacity(sorted.count + 1)
        var squares = 0.0
        for value in sorted {
            sums.append(sums[sums.count - 1] + value)
            squares += value * value
        }
        self.sorted = sorted
        self.sums = sums
        meanSquare = squares / Double(max(sorted.count, 1))
    }

    var largest: Double { sorted.last ?? 0 }
    var mean: Double { sums[sorted.count] / Double(max(sorted.count, 1)) }

    /// Fraction of magnitudes at or above a threshold, and their sum over the number of all.
    func tail(from threshold: Double) -> (fraction: Double, mean: Double) {
        let below = indexBelow(threshold)
        let count = Double(max(sorted.count, 1))
        return (Double(sorted.count - below) / count, (sums[sorted.count] - sums[below]) / count)
    }

    /// Magnitude that a given fraction of the sample lies at or above.
    func quantile(tail fraction: Double) -> Double {
        let count = Int((fraction * Double(sorted.count)).rounded())
        return count <= 0 ? largest.nextUp : sorted[max(sorted.count - count, 0)]
    }

    /// Number of magnitudes smaller than the threshold.
    private func indexBelow(_ threshold: Double) -> Int {
        var low = 0
        var high = sorted.count
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle] < threshold { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Moments of the staircase that maps [thresholds[i], thresholds[i - 1]) to levels[i] (both descending) and
    /// what is below the last threshold to zero.
    func moments(levels: [Double], thresholds: [Double]) -> (product: Double, mean: Double, square: Double) {
        var moments = (product: 0.0, mean: 0.0, square: 0.0)
        var above = (fraction: 0.0, mean: 0.0)
        for (level, threshold) in zip(levels, thresholds) {
            let here = tail(from: threshold)
            let share = here.fraction - above.fraction
            moments.product += level * (here.mean - above.mean)
            moments.mean += level * share
            moments.square += level * level * share
            above = here
        }
        return moments
    }
}
