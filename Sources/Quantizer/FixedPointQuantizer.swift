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
        let largest = Double(values.reduce(Float(0)) { max($0, abs($1)) })
        guard largest > 0 else {
            return QuantizedWeights(codes: [Int32](repeating: 0, count: values.count), unit: 1, format: format)
        }
        let unit = bestUnit(values, largest: largest)
        return QuantizedWeights(codes: values.map { code(of: $0, unit: unit) }, unit: unit, format: format)
    }

    private func bestUnit(_ values: [Float], largest: Double) -> Double {
        let step = max(1, (values.count + (1 << 16) - 1) >> 16)
        let sample = stride(from: 0, to: values.count, by: step).map { values[$0] }
        var best = (unit: largest / Double(limit), error: Double.infinity)
        for ratio in (20...64).reversed() {
            let unit = largest / Double(limit) * Double(ratio) / 64
            let error = sample.reduce(0.0) { sum, value in
                let error = Double(value) - Double(code(of: value, unit: unit)) * unit
                return sum + error * error
            }
            if error < best.error { best = (unit, error) }
        }
        return best.unit
    }

    private func code(of value: Float, unit: Double) -> Int32 {
        let scaled = (Double(value) / unit).rounded(.toNearestOrEven)
        return Int32(min(max(scaled, -Double(limit)), Double(limit)))
    }
}
