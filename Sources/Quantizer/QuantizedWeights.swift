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

    /// 10 log10 of the weights' energy over the energy of the error, in dB; nil when there is no error.
    func sqnr(against values: [Float]) -> Double? {
        var signal = 0.0
        var noise = 0.0
        for (value, code) in zip(values, codes) {
            let error = Double(value) - Double(code) * unit
            signal += Double(value) * Double(value)
            noise += error * error
        }
        // Float weights of an exact layer can differ from the Double product in the last bit.
        return noise <= signal * 1e-14 ? nil : 10 * log10(signal / noise)
    }

    /// Cosine of the angle between the float and the quantized weights, as vectors.
    func cosine(against values: [Float]) -> Double? {
        var product = 0.0
        var energies = (values: 0.0, codes: 0.0)
        for (value, code) in zip(values, codes) {
            product += Double(value) * Double(code)
            energies.values += Double(value) * Double(value)
            energies.codes += Double(code) * Double(code)
        }
        let norm = (energies.values * energies.codes).squareRoot()
        return norm == 0 ? nil : product / norm
    }
}
