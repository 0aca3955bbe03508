// The constants of one layer, with the proof that no intermediate overflows (docs/internals/Numerics.md, section 4).

import Foundation
import Networks

#if MUTANTS
    import Mutants
#endif

struct RequantizationSolver {
    /// What stands in the way when there are no constants.
    enum Obstacle: Error {
        /// The output exponent is too fine for the accumulator's unit.
        case outputTooFine
        /// The residual's exponent is too fine to be shifted left into the sum.
        case residualTooFine
        /// The exponent behind the pre-activation is too fine for its multipliers.
        case preActivationTooFine
    }

    static let largestMultiplier = 32767.0
    static let largestShift = 40
    /// 2^26 - 1: t fits the DSP48E2's 27-bit port.
    static let largestScaled: Int64 = (1 << 26) - 1
    /// 2^47 - 1: u fits the DSP48E2's 48-bit accumulator.
    static let largestSum: Int64 = (1 << 47) - 1

    var layer: LoweredLayer
    var weights: QuantizedWeights?
    var activationBits: Int
    var inputExponent: Int
    var residualExponent: Int?
    var outputExponent: Int

    /// Largest |acc| of each output channel over all inputs of `activationBits` bits.
    func accumulatorBounds() -> [Int64] {
        let channels = layer.outputShape.channels
        let magnitude = Int64(1) << Int64(activationBits - 1)
        switch layer.operation {
        case .maxPool, .host:
            return [Int64](repeating: magnitude, count: channels)
        case .sumPool:
            let taps = Int64(layer.window.kernelHeight * layer.window.kernelWidth)
            return [Int64](repeating: magnitude * taps, count: channels)
        case .convolution, .copy:
            let codes = weights?.codes ?? []
            let row = codes.count / channels
            return (0..<channels).map { channel in
                var sum: Int64 = 0
                for index in channel * row..<(channel + 1) * row { sum += Int64(codes[index].magnitude) }
                return sum * magnitude
            }
        }
    }

    func solve() throws -> Requantization {
        if layer.runsOnHost || (layer.isPassThrough && inputExponent == outputExponent) { return passThrough() }
        let bounds = accumulatorBounds()
        let preShift = smallestPreShift(bounds.max() ?? 0)
        let scaled = bounds.map { shiftedUp($0, preShift) }
        let unit = scalbn(weights?.unit ?? 1, inputExponent - outputExponent + preShift)
        let factors = layer.scale.map { $0 * unit / Double(layer.smallestDivisor) }
        let offsets = layer.shift.map { scalbn($0, -outputExponent) }
        let lowest = residualExponent.map { max(0, outputExponent - $0) } ?? 0
        for shift in stride(from: Self.largestShift, through: lowest, by: -1) {
            if let constants = constants(shift, preShift, factors: factors, offsets: offsets, scaled: scaled) {
                return constants
            }
        }
        throw lowest > 0 ? Obstacle.residualTooFine : Obstacle.outputTooFine
    }

    /// y = x exactly: multiplier 2^14, shift 14.
    private func passThrough() -> Requantization {
        let channels = layer.outputShape.channels
        return Requantization(
            preShift: 0, multiplier: [Int32](repeating: 1 << 14, count: channels),
            bias: [Int64](repeating: 0, count: channels), shift: 14, relu: layer.relu)
    }

    private func smallestPreShift(_ bound: Int64) -> Int {
        var shift = 0
        while shiftedUp(bound, shift) > Self.largestScaled { shift += 1 }
        return shift
    }

    /// Bound of |acc >> shift| for |acc| <= bound: rounding toward minus infinity can reach the next integer.
    private func shiftedUp(_ bound: Int64, _ shift: Int) -> Int64 { (bound + (1 << Int64(shift)) - 1) >> Int64(shift) }

    /// The constants for one final shift, or nil where a multiplier or a sum would not fit.
    private func constants(
        _ shift: Int, _ preShift: Int, factors: [Double], offsets: [Double], scaled: [Int64]
    ) -> Requantization? {
        let residualShift = residualExponent.map { shift + $0 - outputExponent } ?? 0
        guard residualShift < 48 - activationBits else { return nil }
        let residualBound = residualExponent == nil ? 0 : Int64(1) << Int64(activationBits - 1 + residualShift)
        var result = Requantization(
            preShift: preShift, multiplier: [], bias: [], residualShift: residualShift, shift: shift,
            relu: layer.relu)
        for channel in factors.indices {
            let multiplier = scalbn(factors[channel], shift).rounded(.toNearestOrEven)
            #if MUTANTS
                let rule = isPlanted("quantizer-rounding") ? FloatingPointRoundingRule.down : .toNearestOrEven
                let bias = scalbn(offsets[channel], shift).rounded(rule)
            #else
                let bias = scalbn(offsets[channel], shift).rounded(.toNearestOrEven)
            #endif
            guard abs(multiplier) <= Self.largestMultiplier, abs(bias) <= Double(Self.largestSum) else { return nil }
            let bound = scaled[channel] * Int64(abs(multiplier)) + Int64(abs(bias)) + residualBound
            guard bound <= Self.largestSum else { return nil }
            result.multiplier.append(Int32(multiplier))
            result.bias.append(Int64(bias))
        }
        return result
    }
}
