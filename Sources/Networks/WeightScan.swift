// Looks at every weight of a layer or a filter, eight at a time: networks have them by the hundred million.

/// What is asked of many weights at once.
public enum WeightScan {
    /// The smallest and the largest of some weights; nil of none.
    public static func extremes(_ weights: [Int32]) -> ClosedRange<Int32>? {
        guard let first = weights.first else { return nil }
        return weights.withUnsafeBufferPointer { weights in
            var (low, high) = (SIMD8(repeating: first), SIMD8(repeating: first))
            let whole = weights.count & ~7
            for start in stride(from: 0, to: whole, by: 8) {
                let some = eight(weights, at: start)
                low.replace(with: some, where: some .< low)
                high.replace(with: some, where: some .> high)
            }
            var (least, most) = (low.min(), high.max())
            for weight in weights[whole...] { (least, most) = (min(least, weight), max(most, weight)) }
            return least...most
        }
    }

    /// The sum of the magnitudes of some weights.
    public static func magnitudes(_ weights: [Int32], _ range: Range<Int>) -> Int {
        precondition(range.lowerBound >= 0 && range.upperBound <= weights.count)
        return weights.withUnsafeBufferPointer { weights in
            var sum: UInt64 = 0
            for index in range { sum &+= UInt64(weights[index].magnitude) }
            return Int(sum)
        }
    }

    /// Which of the integers from `first` on, 32 at most, some weights are: a bit each, the lowest for `first`; nil where
    /// a weight is none of the first `count`.
    public static func members(_ weights: [Int32], _ range: Range<Int>, from first: Int32, count: Int) -> UInt32? {
        precondition((1...32).contains(count) && range.lowerBound >= 0 && range.upperBound <= weights.count)
        return weights.withUnsafeBufferPointer { weights in
            var seen = SIMD8<UInt32>.zero
            var beyond = SIMD8<UInt32>.zero
            func look(_ some: SIMD8<Int32>) {
                let place = unsafeBitCast(some &- first, to: SIMD8<UInt32>.self)
                beyond |= place
                seen |= SIMD8(repeating: 1) &<< place
            }
            // What is beyond 32 shows in a higher bit.
            let whole = range.lowerBound + range.count & ~7
            for start in stride(from: range.lowerBound, to: whole, by: 8) { look(eight(weights, at: start)) }
            for index in whole..<range.upperBound { look(SIMD8(repeating: weights[index])) }
            let (bits, members) = (reduced(beyond), reduced(seen))
            return bits >= 32 || UInt64(members) >> UInt64(count) != 0 ? nil : members
        }
    }

    private static func eight(_ weights: UnsafeBufferPointer<Int32>, at start: Int) -> SIMD8<Int32> {
        UnsafeRawPointer(weights.baseAddress! + start).loadUnaligned(as: SIMD8<Int32>.self)
    }

    private static func reduced(_ lanes: SIMD8<UInt32>) -> UInt32 {
        lanes.indices.reduce(0) { $0 | lanes[$1] }
    }
}
