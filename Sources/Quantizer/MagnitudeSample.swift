// |W| of a layer, sorted, with running sums: error and moments of any staircase in O(levels * log n).

/// Sorted magnitudes of a tensor. Of more than 2^20 weights every k-th is taken, k the smallest that gives
/// at most 2^20: thresholds and scales do not need more, and the final scale uses every weight.
struct MagnitudeSample {
    private let sorted: [Float]
    /// sums[i] = sum of the i smallest.
    private let sums: [Double]
    let meanSquare: Double

    init(_ values: [Float]) {
        let step = max(1, (values.count + (1 << 20) - 1) >> 20)
        let sorted = MagnitudeSample.sorted(values, step: step)
        var squares = 0.0
        let sums = [Double](unsafeUninitializedCapacity: sorted.count + 1) { sums, initialized in
            var sum = 0.0
            sums[0] = sum
            for index in sorted.indices {
                let value = Double(sorted[index])
                sum += value
                squares += value * value
                sums[index + 1] = sum
            }
            initialized = sorted.count + 1
        }
        self.sorted = sorted
        self.sums = sums
        meanSquare = squares / Double(max(sorted.count, 1))
    }

    /// Every `step`-th magnitude, in order. Bits of floats without a sign are in the order of the floats, so that they
    /// are dealt out by eleven, ten and ten bits, the lowest first.
    private static func sorted(_ values: [Float], step: Int) -> [Float] {
        let count = (values.count + step - 1) / step
        guard count > 0 else { return [] }
        let digits: [(shift: UInt32, bits: UInt32)] = [(0, 11), (11, 10), (21, 10)]
        var keys = [UInt32](unsafeUninitializedCapacity: count) { keys, initialized in
            for index in 0..<count { keys[index] = values[index * step].magnitude.bitPattern }
            initialized = count
        }
        var other = [UInt32](repeating: 0, count: count)
        for digit in digits {
            keys.withUnsafeBufferPointer { source in
                other.withUnsafeMutableBufferPointer { deal(source, into: $0, digit) }
            }
            swap(&keys, &other)
        }
        return keys.map { Float(bitPattern: $0) }
    }

    /// Puts keys in the order of one digit; keys with the same digit stay as they are.
    private static func deal(
        _ keys: UnsafeBufferPointer<UInt32>, into result: UnsafeMutableBufferPointer<UInt32>,
        _ digit: (shift: UInt32, bits: UInt32)
    ) {
        let mask = UInt32(1) << digit.bits - 1
        withUnsafeTemporaryAllocation(of: Int.self, capacity: 1 << Int(digit.bits)) { places in
            places.initialize(repeating: 0)
            for key in keys { places[Int(key >> digit.shift & mask)] += 1 }
            var next = 0
            for index in places.indices { (places[index], next) = (next, next + places[index]) }
            for key in keys {
                let place = Int(key >> digit.shift & mask)
                result[places[place]] = key
                places[place] += 1
            }
        }
    }

    var largest: Double { Double(sorted.last ?? 0) }
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
        return count <= 0 ? largest.nextUp : Double(sorted[max(sorted.count - count, 0)])
    }

    /// Number of magnitudes smaller than the threshold.
    private func indexBelow(_ threshold: Double) -> Int {
        var low = 0
        var high = sorted.count
        while low < high {
            let middle = (low + high) / 2
            if Double(sorted[middle]) < threshold { low = middle + 1 } else { high = middle }
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
