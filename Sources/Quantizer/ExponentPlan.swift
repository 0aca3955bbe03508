// Power-of-two exponents of all tensors, and their adjustment where a layer's constants would not exist.

import Networks

struct ExponentPlan {
    private var exponents: [String: Int] = [:]
    /// A tensor whose exponent another has too: the operand of a maximum, the first part of a concatenation. Parts of
    /// one concatenation have one exponent, that of the widest range.
    private var leaders: [String: String] = [:]

    init(_ network: LoweredNetwork, ranges: ActivationRanges, bits: Int) {
        let output = network.layers.last?.tensor
        self.init(network, input: ranges.exponent(of: Network.inputName, bits: bits, isOutput: false)) { layer in
            ranges.exponent(of: layer.original ?? layer.tensor, bits: bits, isOutput: layer.tensor == output)
        } operand: { before in
            ranges.exponent(of: before.tensor, bits: bits, isOutput: false)
        }
    }

    /// The exponents that a model holds. Throws `InputError` when a layer is missing.
    init(_ network: LoweredNetwork, stored: StoredQuantization) throws {
        let notes = Dictionary(stored.layers.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var operands: [String: Int] = [:]
        for layer in network.layers {
            guard let note = notes[layer.name], layer.preActivation == nil || note.preActivationExponent != nil else {
                throw InputError(at: "metadata \(StoredQuantization.key)", "has no layer \(layer.name)")
            }
            operands[layer.operand] = note.preActivationExponent
        }
        self.init(network, input: stored.inputExponent) {
            notes[$0.name]?.outputExponent ?? 0
        } operand: {
            operands[$0.tensor] ?? 0
        }
    }

    private init(
        _ network: LoweredNetwork, input: Int, exponent: (LoweredLayer) -> Int,
        operand: (LoweredPreActivation) -> Int
    ) {
        var own = [Network.inputName: input]
        for layer in network.layers {
            if let before = layer.preActivation { own[before.tensor] = operand(before) }
            if layer.isPassThrough {
                tie(layer.tensor, layer.input)
            } else {
                own[layer.tensor] = exponent(layer)
            }
        }
        for concatenation in network.concatenations {
            for part in concatenation.parts { tie(concatenation.name, part) }
        }
        for (tensor, value) in own {
            let leader = leader(of: tensor)
            exponents[leader] = max(exponents[leader] ?? value, value)
        }
    }

    subscript(tensor: String) -> Int { exponents[leader(of: tensor)] ?? 0 }

    /// Makes a tensor, and those tied to it, coarser by one octave.
    mutating func raise(_ tensor: String) { exponents[leader(of: tensor), default: 0] += 1 }

    private mutating func tie(_ tensor: String, _ other: String) {
        let (first, second) = (leader(of: tensor), leader(of: other))
        if first != second { leaders[first] = second }
    }

    private func leader(of tensor: String) -> String {
        var name = tensor
        while let next = leaders[name] { name = next }
        return name
    }
}
