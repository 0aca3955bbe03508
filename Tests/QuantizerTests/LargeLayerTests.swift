import Support
import Testing

@testable import Quantizer

/// Does the unit of a large layer come from all of its weights?
@Suite struct LargeLayerTests {
    /// Few large weights among many small ones, at places that every k-th weight misses, for many k: at 16 bits nothing is
    /// clipped, so that the error of every weight is at most half of a unit, max|W| / 32767.
    @Test(arguments: [2, 3, 4, 7, 16]) func largeWeightsAreNotClipped(period: Int) {
        var random = SeededGenerator(seed: UInt64(period))
        let values = (0..<300_000).map { index -> Float in
            let value = random.uniform(in: -1...1)
            return index % period == 1 ? value : value / 4096
        }
        let result = FixedPointQuantizer(bits: 16).quantize(values)
        let largest = values.map { Double($0.magnitude) }.max()!
        let worst = zip(values, result.codes).map { abs(Double($0) - Double($1) * result.unit) }.max()!
        #expect(worst <= largest / 32767 / 2 * 1.001)
    }

    /// One layer's weights several times over have the unit of one: all are looked at in the one, samples in the other.
    @Test(arguments: [4, 8]) func sizeDoesNotMatter(bits: Int) {
        var random = SeededGenerator(seed: 3)
        let some = (0..<60_000).map { _ in
            // Bell-shaped: the best unit clips.
            (0..<6).map { _ in random.uniform(in: -1...1) }.reduce(0, +)
        }
        let many = [[Float]](repeating: some, count: 9).flatMap { $0 }
        let quantizer = FixedPointQuantizer(bits: bits)
        let (one, all) = (quantizer.quantize(some).unit, quantizer.quantize(many).unit)
        #expect(abs(one / all - 1) < 0.04, "\(one) beside \(all)")
    }
}
