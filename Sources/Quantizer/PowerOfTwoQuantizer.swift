// Weights to n-bit power-of-two codes.

import Foundation
import Networks

struct PowerOfTwoQuantizer {
    var bits: Int
    var rule: ThresholdRule

    /// Values that already lie on a level set are kept; others go through the staircase, and the scale is then the
    /// one of least squared error for the codes found.
    func quantize(_ values: [Float]) -> QuantizedWeights {
        kept(values) ?? staircase(values)
    }

    /// Exponent of the integer weight of the top level.
    private var topExponent: Int { Staircase.magnitudes(bits: bits) - 1 }

    /// Codes of values that are all 0 or +-s * 2^-i, s = max |w|, i <= topExponent; nil when one is not.
    private func kept(_ values: [Float]) -> QuantizedWeights? {
        let top = LargestMagnitude.of(values)
        guard top.isNormal else { return nil }
        var codes: [Int32] = []
        codes.reserveCapacity(values.count)
        for value in values {
            guard let code = code(of: value, top: top) else { return nil }
            codes.append(code)
        }
        return QuantizedWeights(
            codes: codes, unit: scalbn(Double(top), -topExponent), format: .powerOfTwo(bits: bits))
    }

    private func code(of value: Float, top: Float) -> Int32? {
        if value == 0 { return bits == 1 ? nil : 0 }
        guard value.isNormal, value.significandBitPattern == top.significandBitPattern else { return nil }
        let octave = Int(top.exponent) - Int(value.exponent)
        guard octave <= topExponent else { return nil }
        let magnitude = Int32(1) << Int32(topExponent - octave)
        return value < 0 ? -magnitude : magnitude
    }

    private func staircase(_ values: [Float]) -> QuantizedWeights {
        let stairs = Staircase.fit(bits: bits, rule: rule, sample: MagnitudeSample(values))
        var codes = codes(of: values, thresholds: stairs.thresholds)
        let raised = raise(&codes)
        var unit = scalbn(stairs.levels[0], -topExponent - raised)
        if rule != .momentMatching { unit = leastSquaresUnit(values, codes) ?? unit }
        if unit <= 0 { unit = 1 }
        return QuantizedWeights(
            codes: codes, unit: unit, format: .powerOfTwo(bits: bits), thresholds: stairs.thresholds)
    }

    /// Zero stays zero but for n = 1, which has none: there sign(0) = +1. The first threshold that a magnitude reaches
    /// decides, so that the last are asked first and the first have the last word.
    private func codes(of values: [Float], thresholds: [Double]) -> [Int32] {
        let steps = thresholds.indices.reversed().map { index in
            (reached: PowerOfTwoQuantizer.leastFloat(thresholds[index]), code: Int32(1) << Int32(topExponent - index))
        }
        let hasZero = bits > 1
        func codes(_ values: SIMD8<Float>) -> SIMD8<Int32> {
            let bits = unsafeBitCast(values, to: SIMD8<UInt32>.self)
            let magnitudes = unsafeBitCast(bits & (UInt32.max >> 1), to: SIMD8<Float>.self)
            var codes = SIMD8<Int32>.zero
            for step in steps { codes.replace(with: step.code, where: magnitudes .>= step.reached) }
            if hasZero { codes.replace(with: 0, where: values .== 0) }
            return codes.replacing(with: 0 &- codes, where: values .< 0)
        }
        return [Int32](unsafeUninitializedCapacity: values.count) { result, initialized in
            values.withUnsafeBufferPointer { values in
                let whole = values.count & ~7
                for start in stride(from: 0, to: whole, by: 8) {
                    let some = UnsafeRawPointer(values.baseAddress! + start).loadUnaligned(as: SIMD8<Float>.self)
                    UnsafeMutableRawPointer(result.baseAddress! + start).storeBytes(
                        of: codes(some), as: SIMD8<Int32>.self)
                }
                for index in whole..<values.count {
                    result[index] = codes(SIMD8(repeating: values[index]))[0]
                }
            }
            initialized = values.count
        }
    }

    /// The least float that is not below a number: floats reach the one where they reach the other.
    private static func leastFloat(_ value: Double) -> Float {
        let nearest = Float(value)
        return Double(nearest) < value ? nearest.nextUp : nearest
    }

    /// Shifts the codes up until the top level is used, so that equal weights have equal codes; returns by how much.
    private func raise(_ codes: inout [Int32]) -> Int {
        let largest = codes.reduce(UInt32(0)) { max($0, $1.magnitude) }
        guard largest > 0 else { return 0 }
        let shift = topExponent - largest.trailingZeroBitCount
        if shift > 0 { codes = codes.map { $0 << Int32(shift) } }
        return shift
    }

    private func leastSquaresUnit(_ values: [Float], _ codes: [Int32]) -> Double? {
        var product = 0.0
        var energy = 0.0
        for (value, code) in zip(values, codes) {
            product += Double(value) * Double(code)
            energy += Double(code) * Double(code)
        }
        return energy > 0 ? product / energy : nil
    }
}
