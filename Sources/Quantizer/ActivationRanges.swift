// Third pass: the range of every tensor over the calibration images, by one of four methods.

import Diagnostics
import Foundation
import Networks

struct ActivationRanges {
    private var method: CalibrationMethod
    private var percentile: Double
    /// Largest magnitude by float tensor name.
    private var largest: [String: Float] = [:]
    /// Magnitudes by float tensor name; empty for method `max`.
    private var histograms: [String: MagnitudeHistogram] = [:]

    init(
        network: Network, images: [[Float]], method: CalibrationMethod = .max, percentile: Double = 99.99
    ) throws {
        self.method = method
        self.percentile = percentile
        guard !images.isEmpty else {
            throw InputError(at: "quantization.calibration", "calibration needs at least one image")
        }
        try FloatExecutor.visit(network, images: images) { name, values in
            let magnitude = LargestMagnitude.of(values)
            largest[name] = max(largest[name] ?? 0, magnitude.isFinite ? magnitude : .infinity)
            if method != .max { histograms[name, default: MagnitudeHistogram()].add(values) }
        }
        let tensors = [Network.inputName] + network.layers.map(\.name)
        if let name = tensors.first(where: { largest[$0]?.isFinite == false }) {
            throw InputError(
                at: "layer \(name)", "the float network overflows on the calibration images: its output is not finite")
        }
    }

    /// The range that a tensor's scale should cover: its largest magnitude, or its percentile; nil for one that is zero
    /// throughout. With `isOutput` nothing is clipped, whatever the method.
    func range(of tensor: String, isOutput: Bool) -> Double? {
        guard let magnitude = largest[tensor], magnitude > 0 else { return nil }
        guard !isOutput, method == .percentile, let histogram = histograms[tensor] else { return Double(magnitude) }
        return min(Double(magnitude), histogram.magnitude(below: percentile / 100))
    }

    /// Exponent of a tensor of `bits` bits: real value = integer * mantissa * 2^exponent. A tensor that is zero
    /// throughout counts as of range 1. With `isOutput` nothing is clipped, whatever the method.
    func exponent(of tensor: String, bits: Int, isOutput: Bool, mantissa: Double = 1) -> Int {
        let range = range(of: tensor, isOutput: isOutput) ?? 1
        let whole = ActivationRanges.exponent(range: range / mantissa, bits: bits)
        guard !isOutput, let histogram = histograms[tensor], largest[tensor] ?? 0 > 0 else { return whole }
        switch method {
        case .max, .percentile: return whole
        case .kl:
            return ActivationRanges.best(whole) { histogram.divergence(step: scalbn(mantissa, $0), bits: bits) }
        case .mse:
            return ActivationRanges.best(whole) { histogram.squaredError(step: scalbn(mantissa, $0), bits: bits) }
        }
    }

    /// Smallest e with range <= (2^(bits-1) - 1) * 2^e, but for one part in 10^12: rounding of the range.
    private static func exponent(range: Double, bits: Int) -> Int {
        let high = Double((1 << (bits - 1)) - 1)
        var exponent = Int(range.exponent) - bits
        while range > scalbn(high, exponent) * (1 + 1e-12) { exponent += 1 }
        return exponent
    }

    /// The exponent of least cost among `whole` and the eight octaves below; the largest of equals.
    private static func best(_ whole: Int, cost: (Int) -> Double) -> Int {
        var best = (exponent: whole, cost: cost(whole))
        for exponent in stride(from: whole - 1, through: whole - 8, by: -1) {
            let cost = cost(exponent)
            if cost < best.cost { best = (exponent, cost) }
        }
        return best.exponent
    }
}
