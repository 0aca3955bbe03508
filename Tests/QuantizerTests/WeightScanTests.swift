import Networks
import Support
import Testing

/// Do looks at many weights at once see what looks at each do?
@Suite struct WeightScanTests {
    private func weights(_ count: Int, _ range: ClosedRange<Int32>, seed: UInt64) -> [Int32] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in Int32.random(in: range, using: &generator) }
    }

    @Test(arguments: [0, 1, 7, 8, 9, 16, 100, 1003])
    func extremesAndSums(count: Int) {
        for (seed, range) in [-4...4, -128...127, Int32.min...Int32.max, 3...9].enumerated() {
            let weights = weights(count, range, seed: UInt64(seed))
            let extremes = WeightScan.extremes(weights)
            #expect(extremes?.lowerBound == weights.min() && extremes?.upperBound == weights.max())
            for part in [0..<count, count / 3..<count, count / 2..<count / 2] {
                #expect(WeightScan.magnitudes(weights, part) == weights[part].reduce(0) { $0 + Int($1.magnitude) })
            }
        }
        #expect(WeightScan.magnitudes([.min, .min, .max], 0..<3) == 0x1_7FFF_FFFF)
    }

    @Test(arguments: [0, 1, 7, 8, 9, 16, 100, 1003])
    func members(count: Int) {
        for (seed, range) in [-4...4, -8...8, -8...9, -9...8, 0...23, Int32.min...Int32.max].enumerated() {
            let weights = weights(count, range, seed: UInt64(seed))
            for part in [0..<count, count / 3..<count] {
                let inside = weights[part].allSatisfy { (-8...8).contains($0) }
                let expected = weights[part].reduce(UInt32(0)) { $0 | 1 << UInt32(truncatingIfNeeded: $1 &+ 8) }
                #expect(WeightScan.members(weights, part, from: -8, count: 17) == (inside ? expected : nil))
            }
        }
        #expect(WeightScan.members([0, 31], 0..<2, from: 0, count: 32) == UInt32(0x8000_0001))
        #expect(WeightScan.members([0, 32], 0..<2, from: 0, count: 32) == nil)
    }
}
