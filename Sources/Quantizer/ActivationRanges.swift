// Third pass: the largest magnitude of every tensor over the calibration images.

import Foundation
import Networks

struct ActivationRanges {
    /// By float tensor name.
    private(set) var largest: [String: Float] = [:]

    init(network: Network, images: [[Float]]) throws {
        guard !images.isEmpty else {
            throw InputError(at: "quantization.calibrate", "calibration needs at least one image")
        }
        for image in images {
            for (name, values) in try FloatExecutor.inferAll(network, input: image) {
                let magnitude = values.reduce(Float(0)) { max($0, abs($1)) }
                largest[name] = max(largest[name] ?? 0, magnitude)
            }
        }
        if let name = largest.first(where: { !$0.value.isFinite })?.key {
            throw InputError(at: "layer \(name)", "the float network overflows on the calibration images")
        }
    }

    /// Smallest e with largest <= (2^(bits-1) - 1) * 2^e. A tensor that is zero throughout counts as of range 1.
    func exponent(of tensor: String, bits: Int) -> Int {
        let magnitude = Double(largest[tensor] ?? 0)
        let range = magnitude > 0 ? magnitude : 1
        let high = Double((1 << (bits - 1)) - 1)
        var exponent = Int(range.exponent) - (bits - 1)
        while range > scalbn(high, exponent) { exponent += 1 }
        return exponent
    }
}
