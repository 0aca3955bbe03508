import Foundation
import Networks

/// Integer weights of one layer: real weight = code * unit.
struct QuantizedWeights {
    var codes: [Int32]
    var unit: Double
    var format: WeightFormat
    /// Decision thresholds of |W|, largest first; empty where values were kept or rounded.
    var thresholds: [Double] = []
    /// FLightNN: the norms above which a filter gets its first and second term, in real units.
    var termThresholds: [Double] = []

    /// Rounds the unit to single precision, which a model file can hold as a scale.
    mutating func roundUnit() {
        let rounded = Float(unit)
        if rounded.isNormal { unit = Double(rounded) }
    }

    /// How near the quantized weights are to the float weights, as vectors.
    struct Fidelity {
        /// 10 log10 of the weights' energy over the energy of the error, in dB; nil when there is no error.
        var sqnr: Double?
        /// Cosine of the angle between the two; nil where one is zero.
        var cosine: Double?
    }

    /// One pass over all weights; its four sums do not wait for each other.
    func fidelity(to values: [Float]) -> Fidelity {
        precondition(values.count == codes.count)
        var (energy, noise, product, codeEnergy) = (0.0, 0.0, 0.0, 0.0)
        values.withUnsafeBufferPointer { values in
            codes.withUnsafeBufferPointer { codes in
                for index in values.indices {
                    let (value, code) = (Double(values[index]), Double(codes[index]))
                    let error = value - code * unit
                    energy += value * value
                    noise += error * error
                    product += value * code
                    codeEnergy += code * code
                }
            }
        }
        // Float weights of an exact layer can differ from the Double product in the last bit.
        let sqnr = noise <= energy * 1e-14 ? nil : 10 * log10(energy / noise)
        let norm = (energy * codeEnergy).squareRoot()
        return Fidelity(sqnr: sqnr, cosine: norm == 0 ? nil : product / norm)
    }
}
