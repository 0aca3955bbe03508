// How many terms the weights of a filter have: what decides the passes of an output group (FLightNN, Ding et al., DAC
// 2019).

import Accelerator
import Fabric
import Networks

/// How many signed powers of two the filters of a layer have: FLightNN's k, filter by filter.
struct FilterTerms: Sendable {
    /// 0, 1 or 2 for each output channel.
    let terms: [Int]

    /// nil for what is no convolution, on lanes without a code for zero, and where a weight has more than two terms.
    init?(_ layer: QuantizedLayer, _ p: AcceleratorParameters) {
        guard case .convolution(let weights, _, _) = layer.operation, let bits = p.element.powerOfTwoBits,
            p.element.hasZeroWeight
        else { return nil }
        let outputs = layer.outputShape.channels
        self.init(weights, outputs: outputs, bits: bits)
    }

    /// Filters one after another, on lanes of `bits` bits.
    init?(_ weights: [Int32], outputs: Int, bits: Int) {
        let values = (0..<Int64(1 << bits)).map { Int(PowerOfTwoCode.value($0, bits: bits)) }
        let limit = 2 * (values.max() ?? 0)
        // Terms of every sum of two codes, from -limit on.
        var counts = [Int](repeating: 3, count: 2 * limit + 1)
        for first in values { for second in values { counts[limit + first + second] = 2 } }
        for value in values { counts[limit + value] = 1 }
        counts[limit] = 0
        let perOutput = weights.count / max(1, outputs)
        var terms: [Int] = []
        for output in 0..<outputs {
            let most = FilterTerms.most(weights, output * perOutput..<(output + 1) * perOutput, counts, limit: limit)
            guard most <= 2 else { return nil }
            terms.append(most)
        }
        self.terms = terms
    }

    /// The most of the counts of some weights, which are those of the integers from -limit on; 3 beyond them.
    private static func most(_ weights: [Int32], _ range: Range<Int>, _ counts: [Int], limit: Int) -> Int {
        if counts.count <= 32 {
            guard let members = WeightScan.members(weights, range, from: Int32(-limit), count: counts.count) else {
                return 3
            }
            return counts.indices.reduce(0) { members >> UInt32($1) & 1 == 1 ? max($0, counts[$1]) : $0 }
        }
        return weights.withUnsafeBufferPointer { weights in
            counts.withUnsafeBufferPointer { counts in
                weights[range].reduce(0) { most, weight in
                    let place = limit + Int(weight)
                    return max(most, place >= 0 && place < counts.count ? counts[place] : 3)
                }
            }
        }
    }

    private init(terms: [Int]) { self.terms = terms }

    /// Of the filters in another order.
    func permuted(_ order: [Int]) -> FilterTerms { FilterTerms(terms: order.map { terms[$0] }) }

    /// Filters of 0, 1 and 2 terms.
    var counts: [Int] { (0...2).map { count in terms.count { $0 == count } } }
}
