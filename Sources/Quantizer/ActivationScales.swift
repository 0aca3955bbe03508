// Scales that are no powers of two: real value = integer * mantissa * 2^exponent, the mantissa in 1 ..< 2.
//
// The array multiplies by 16-bit numbers behind every pass, so the ratio of two mantissas costs nothing there. It does
// where a residual is added, a maximum taken or maps concatenated: tensors tied by these share their mantissa. Dividing
// every tensor by its mantissa gives a network whose scales are powers of two, and all further steps see that one.

import Foundation
import Networks

struct ActivationScales {
    private var mantissas: [String: Double] = [:]
    private var ties = TensorTies()

    /// All mantissas 1: power-of-two scales.
    init() {}

    /// For each set of tied tensors the mantissa that wastes least of their ranges: with it the sum over the tensors of
    /// log2(scale / smallest scale that covers the range) is smallest.
    init(_ network: LoweredNetwork, ranges: ActivationRanges, bits: Int) {
        tie(network)
        let limit = Double((1 << (bits - 1)) - 1)
        let output = network.layers.last?.tensor
        var scales: [String: [Double]] = [:]
        func note(_ tensor: String, range name: String, isOutput: Bool = false) {
            guard let range = ranges.range(of: name, isOutput: isOutput) else { return }
            scales[ties.leader(of: tensor), default: []].append(range / limit)
        }
        note(Network.inputName, range: Network.inputName)
        for layer in network.layers {
            note(layer.tensor, range: layer.original ?? layer.tensor, isOutput: layer.tensor == output)
            if let before = layer.preActivation { note(before.tensor, range: before.tensor) }
        }
        mantissas = scales.mapValues(ActivationScales.best)
        for layer in network.layers where layer.runsOnHost {
            for tensor in [layer.input, layer.tensor] { mantissas[ties.leader(of: tensor)] = 1 }
        }
    }

    /// The mantissas that a model holds.
    init(_ network: LoweredNetwork, stored: StoredQuantization) {
        tie(network)
        let notes = Dictionary(stored.layers.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        mantissas[ties.leader(of: Network.inputName)] = stored.inputMantissa ?? 1
        for layer in network.layers {
            mantissas[ties.leader(of: layer.tensor)] = notes[layer.name]?.outputMantissa ?? 1
            if let before = layer.preActivation {
                mantissas[ties.leader(of: before.tensor)] = notes[layer.name]?.preActivationMantissa ?? 1
            }
        }
    }

    subscript(tensor: String) -> Double { mantissas[ties.leader(of: tensor)] ?? 1 }

    /// The network whose tensors are divided by their mantissas.
    func applied(to network: LoweredNetwork) -> LoweredNetwork {
        var result = network
        for index in result.layers.indices {
            let layer = result.layers[index]
            let output = self[layer.tensor]
            let factor = self[layer.operand] / output
            if !layer.runsOnHost {
                result.layers[index].scale = layer.scale.map { $0 * factor }
                result.layers[index].shift = layer.shift.map { $0 / output }
            }
            if let before = layer.preActivation {
                let operand = self[before.tensor]
                result.layers[index].preActivation?.scale = before.scale.map { $0 * self[before.source] / operand }
                result.layers[index].preActivation?.shift = before.shift.map { $0 / operand }
            }
        }
        return result
    }

    private mutating func tie(_ network: LoweredNetwork) {
        ties.tieMaximaAndConcatenations(of: network)
        for layer in network.layers {
            if let residual = layer.residual { ties.tie(layer.tensor, residual) }
        }
    }

    private static func best(_ scales: [Double]) -> Double {
        func waste(_ mantissa: Double) -> Double {
            scales.reduce(0) { $0 + ceil(log2($1 / mantissa) - 1e-9) - log2($1 / mantissa) }
        }
        return scales.map(\.significand).min { (waste($0), $0) < (waste($1), $1) } ?? 1
    }
}

/// Sets of tensors that share something.
struct TensorTies {
    private var leaders: [String: String] = [:]

    mutating func tie(_ tensor: String, _ other: String) {
        let (first, second) = (leader(of: tensor), leader(of: other))
        if first != second { leaders[first] = second }
    }

    /// One member that stands for the set.
    func leader(of tensor: String) -> String {
        var name = tensor
        while let next = leaders[name] { name = next }
        return name
    }

    /// A maximum hands its operand's integers on, and the parts of a concatenation are read as one map.
    mutating func tieMaximaAndConcatenations(of network: LoweredNetwork) {
        for layer in network.layers where layer.isPassThrough { tie(layer.tensor, layer.input) }
        for concatenation in network.concatenations {
            for part in concatenation.parts { tie(concatenation.name, part) }
        }
    }
}
