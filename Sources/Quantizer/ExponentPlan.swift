// Power-of-two exponents of all tensors, and their adjustment where a layer's constants would not exist.

import Diagnostics
import Networks

struct ExponentPlan {
    private var exponents: [String: Int] = [:]
    /// Tied tensors have one exponent, that of the widest range.
    private var ties = TensorTies()

    /// All exponents 0, for a network of which no value is asked.
    init() {}

    init(_ network: LoweredNetwork, ranges: ActivationRanges, scales: ActivationScales, bits: Int) {
        let output = network.layers.last?.tensor
        func exponent(_ tensor: String, of name: String, isOutput: Bool = false) -> Int {
            ranges.exponent(of: tensor, bits: bits, isOutput: isOutput, mantissa: scales[name])
        }
        self.init(network, input: exponent(Network.inputName, of: Network.inputName)) { layer in
            exponent(layer.original ?? layer.tensor, of: layer.tensor, isOutput: layer.tensor == output)
        } operand: { before in
            exponent(before.tensor, of: before.tensor)
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
            if !layer.isPassThrough { own[layer.tensor] = exponent(layer) }
        }
        ties.tieMaximaAndConcatenations(of: network)
        for (tensor, value) in own {
            let leader = ties.leader(of: tensor)
            exponents[leader] = max(exponents[leader] ?? value, value)
        }
    }

    subscript(tensor: String) -> Int { exponents[ties.leader(of: tensor)] ?? 0 }

    /// Makes a tensor, and those tied to it, coarser by one octave.
    mutating func raise(_ tensor: String) { exponents[ties.leader(of: tensor), default: 0] += 1 }
}
