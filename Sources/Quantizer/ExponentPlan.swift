// Power-of-two exponents of all tensors, and their adjustment where a layer's constants would not exist.

import Networks

struct ExponentPlan {
    private var exponents: [String: Int] = [:]
    /// The tensor whose exponent a pass-through layer hands on.
    private var sources: [String: String] = [:]

    init(layers: [LoweredLayer], ranges: ActivationRanges, bits: Int) {
        exponents[Network.inputName] = ranges.exponent(of: Network.inputName, bits: bits)
        for layer in layers {
            if layer.isPassThrough {
                sources[layer.tensor] = source(of: layer.input)
            } else {
                exponents[layer.tensor] = ranges.exponent(of: layer.tensor, bits: bits)
            }
        }
    }

    subscript(tensor: String) -> Int { exponents[source(of: tensor)] ?? 0 }

    /// Makes a tensor coarser by one octave.
    mutating func raise(_ tensor: String) { exponents[source(of: tensor), default: 0] += 1 }

    private func source(of tensor: String) -> String { sources[tensor] ?? tensor }
}
