// Whether accumulators are wide enough for a layer's weights.

import Accelerator
import Networks

extension Scheduler {
    /// A finished sum must fit the accumulator in the worst case. Sums on the way may wrap: they come back.
    func checkAccumulator(
        _ layer: QuantizedLayer, weights: [Int32], outputs: Int, extraShift: Int
    ) throws {
        let perOutput = weights.count / outputs
        for output in 0..<outputs {
            let sum = WeightScan.magnitudes(weights, output * perOutput..<(output + 1) * perOutput)
            // |sum| <= weights * 2^(a - 1), times 2^extraShift while it is in the accumulator.
            let needed = p.activationBits + extraShift + (Int.bitWidth - sum.leadingZeroBitCount)
            if needed > p.accumulatorBits {
                throw Shortage.accumulators(needed: needed, has: p.accumulatorBits).error(layer: layer.name)
            }
        }
    }
}
