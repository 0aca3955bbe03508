// Weights to symmetric fixed point.

import Networks

struct FixedPointQuantizer {
    var format: WeightFormat
    /// Largest integer weight.
    var limit: Int

    init(bits: Int) {
        format = .fixed(bits: bits)
        limit = (1 << (bits - 1)) - 1
    }

    /// Eight-bit weights of limited magnitude.
    init(wideLimit: Int) {
        format = .fixed(bits: 8)
        limit = wideLimit
    }

    /// Rounds to the nearest multiple of a unit, halves to even, and saturates at the limit. The unit is that of
    /// least squared error among max|W| / limit times 1, 63/64, ... 20/64; ties go to the largest.
    func quantize(_ values: [Float]) -> QuantizedWeights {
        let largest = Double(LargestMagnitude.of(values))
        guard largest > 0 else {
            return QuantizedWeights(codes: [Int32](repeating: 0, count: values.count), unit: 1, format: format)
        }
        let unit = bestUnit(values, largest: largest)
        return QuantizedWeights(codes: codes(of: values, unit: unit), unit: unit, format: format)
    }

    /// Weights, and how many each of them stands for.
    private struct Sample {
        var values: [Double]
        var weight: Double
    }

    /// Of layers of up to so many weights all are looked at.
    private static let mostWhole = 1 << 16
    /// Of the small weights of larger layers, so many.
    private static let mostSmall = 1 << 18

    /// All weights that some unit clips: a few of them decide. Those that every unit only rounds are alike, and of many
    /// every k-th stands for k.
    private func samples(_ values: [Float], largest: Double) -> [Sample] {
        if values.count <= FixedPointQuantizer.mostWhole {
            return [Sample(values: values.map { Double($0) }, weight: 1)]
        }
        let bound = Float(largest * 20 / 64)
        let small = values.filter { $0.magnitude <= bound }
        let step = max(1, (small.count + FixedPointQuantizer.mostSmall - 1) / FixedPointQuantizer.mostSmall)
        return [
            Sample(values: values.filter { $0.magnitude > bound }.map { Double($0) }, weight: 1),
            Sample(values: stride(from: 0, to: small.count, by: step).map { Double(small[$0]) }, weight: Double(step)),
        ]
    }

    /// Four ratios are tried side by side, each with a sum of its own.
    private func bestUnit(_ values: [Float], largest: Double) -> Double {
        let samples = samples(values, largest: largest)
        var best = (unit: largest / Double(limit), error: Double.infinity)
        for first in stride(from: 64, through: 20, by: -4) {
            let ratios = SIMD4<Double>(Double(first), Double(first - 1), Double(first - 2), Double(first - 3))
            let units = largest / Double(limit) * ratios / 64
            var errors = SIMD4<Double>.zero
            for sample in samples {
                var sum = SIMD4<Double>.zero
                for value in sample.values {
                    let error = value - steps(SIMD4(repeating: value) / units) * units
                    sum += error * error
                }
                errors += sum * sample.weight
            }
            for lane in 0..<4 where first - lane >= 20 && errors[lane] < best.error {
                best = (units[lane], errors[lane])
            }
        }
        return best.unit
    }

    private func codes(of values: [Float], unit: Double) -> [Int32] {
        let units = SIMD4<Double>(repeating: unit)
        return [Int32](unsafeUninitializedCapacity: values.count) { result, initialized in
            for start in stride(from: 0, to: values.count, by: 4) {
                let some = start..<min(start + 4, values.count)
                var four = SIMD4<Double>.zero
                for index in some { four[index - start] = Double(values[index]) }
                let codes = steps(four / units)
                for index in some { result[index] = Int32(codes[index - start]) }
            }
            initialized = values.count
        }
    }

    /// The nearest steps, halves to even, within the limit. Adding 1.5 * 2^52 leaves no bits for a fraction.
    private func steps(_ scaled: SIMD4<Double>) -> SIMD4<Double> {
        let largest = Double(limit)
        let inside = scaled.clamped(
            lowerBound: SIMD4(repeating: -largest), upperBound: SIMD4(repeating: largest))
        return (inside + 0x1.8p52) - 0x1.8p52
    }
}
