// Power-of-two exponents of all tensors, and their adjustment where a layer's constants would not exist.

import Networks

struct ExponentPlan {
    private var exponents: [String: Int] = [:]
    /// The tensor whose exponent a pass-through layer hands on.
    private var sources: [String: String] = [:]

    init(layers: [LoweredLayer], ranges: ActivationRanges, bits: Int) {
        self.init(layers: layers, input: ranges.exponent(of: Network.inputName, bits: bits, isOutput: false)) { layer in
            ranges.exponent(of: layer.tensor, bits: bits, isOutput: layer.tensor == layers.last?.tensor)
        }
    }

    /// The exponents that a model holds. Throws `InputError` when a layer is missing.
    init(layers: [LoweredLayer], stored: StoredQuantization) throws {
        let exponents = Dictionary(
            stored.layers.map { ($0.name, $0.outputExponent) }, uniquingKeysWith: { first, _ in first })
        for layer in layers where exponents[layer.name] == nil {
            throw InputError(at: "metadata \(StoredQuantization.key)", "has no layer \(layer.name)")
        }
        self.init(layers: layers, input: stored.inputExponent) { exponents[$0.name] ?? 0 }
    }

    private init(layers: [LoweredLayer], input: Int, exponent: (LoweredLayer) -> Int) {
        exponents[Network.inputName] = input
        for layer in layers {
            if layer.isPassThrough {
                sources[layer.tensor] = source(of: layer.input)
            } else {
                exponents[layer.tensor] = exponent(layer)
            }
        }
    }

    subscript(tensor: String) -> Int { exponents[source(of: tensor)] ?? 0 }

    /// Makes a tensor coarser by one octave.
    mutating func raise(_ tensor: String) { exponents[source(of: tensor), default: 0] += 1 }

    private func source(of tensor: String) -> String { sources[tensor] ?? tensor }
}
