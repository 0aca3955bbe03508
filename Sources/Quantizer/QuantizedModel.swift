// The quantized network as a float graph again, for other tools: codes in place of weights, and behind each layer
// the part of its unit that is no power of two.

import Diagnostics
import Foundation
import Networks

/// A network whose weights are codes times a power of two. Quantized as-is it gives the same integer network.
public struct QuantizedModel: Sendable {
    /// The float graph, ready for `ONNXWriter`; its metadata holds a `StoredQuantization`.
    public private(set) var network: Network
    /// Real value of the integer 1: of the network's input and of each tensor that the array stores or reads.
    public private(set) var scales: [String: Double] = [:]
    /// Width of the activations, signed.
    public let activationBits: Int
    private var names: [String: String] = [:]

    /// `quantized` and `report` are what `Quantizer.quantize` made of `given`. Throws `InputError` for a unit
    /// beyond single precision.
    public init(_ given: Network, _ quantized: QuantizedNetwork, _ report: QuantizationReport) throws {
        let source = given.withoutClips
        activationBits = quantized.activationBits
        network = Network(name: source.name, input: source.input, layers: [], metadata: source.metadata)
        network.borders = source.borders
        let used = Set(source.layers.map(\.name))
        for layer in source.layers { try append(layer, quantized, report, used: used) }
        scales[Network.inputName] = scalbn(quantized.inputMantissa, quantized.inputExponent)
        // Copies for concatenations are no layers of the float network.
        for entry in report.layers
        where used.contains(entry.tensor) && !QuantizedModel.isPassThrough(entry, quantized) {
            scales[names[entry.tensor] ?? entry.tensor] = scalbn(entry.outputMantissa, entry.outputExponent)
        }
        for entry in report.layers {
            guard let tensor = entry.preActivation,
                let before = quantized.layers.first(where: { $0.name == entry.name })?.preActivation
            else { continue }
            scales[names[tensor] ?? tensor] = scalbn(before.mantissa, before.exponent)
        }
        try note(quantized, report)
    }

    /// A maximum pooling keeps its input's values.
    private static func isPassThrough(_ entry: LayerQuantizationReport, _ quantized: QuantizedNetwork) -> Bool {
        entry.format == nil && quantized.layers.first { $0.name == entry.name }?.operation == .maxPool
            && entry.inputExponent == entry.outputExponent
    }

    private mutating func append(
        _ source: Layer, _ quantized: QuantizedNetwork, _ report: QuantizationReport, used: Set<String>
    ) throws {
        var layer = source
        layer.inputs = source.inputs.map { names[$0] ?? $0 }
        let integers = quantized.layers.first { $0.name == source.name }
        guard case .convolution(let codes, _, _)? = integers?.operation,
            let unit = report.layers.first(where: { $0.name == source.name })?.weightScale
        else { return network.layers.append(layer) }
        let (weights, factor) = try QuantizedModel.weights(codes, unit: unit, place: "layer \(source.name)")
        var bias: [Float] = []
        switch source.kind {
        case .convolution(let window, let outputs, let groups, _, let given):
            bias = given
            layer.kind = .convolution(
                window: window, outputs: outputs, groups: groups, weights: weights, bias: factor == 1 ? given : [])
        case .fullyConnected(let outputs, _, let given):
            bias = given
            layer.kind = .fullyConnected(outputs: outputs, weights: weights, bias: factor == 1 ? given : [])
        default: return network.layers.append(layer)
        }
        network.layers.append(layer)
        guard factor != 1 else { return }
        let channels = source.output.channels
        var name = "\(source.name).scale"
        while used.contains(name) { name += "_" }
        let shift = bias.isEmpty ? [Float](repeating: 0, count: channels) : bias
        let kind = LayerKind.affine(scale: [Float](repeating: factor, count: channels), shift: shift)
        network.layers.append(Layer(name: name, kind: kind, inputs: [layer.name], output: layer.output))
        names[source.name] = name
    }

    /// unit = 2^e * factor, factor in 1 ..< 2.
    private static func weights(_ codes: [Int32], unit: Double, place: String) throws -> (Weights, factor: Float) {
        let scale = Float(scalbn(1.0, Int(unit.exponent)))
        let factor = Float(unit.significand)
        guard unit > 0, scale.isNormal, Double(factor) * Double(scale) == unit else {
            throw InputError(.unsupported, at: place, "the scale \(unit) of its weights exceeds single precision")
        }
        return (Weights(values: codes.map { Float($0) * scale }, codes: codes, codeScale: scale), factor)
    }

    private mutating func note(_ quantized: QuantizedNetwork, _ report: QuantizationReport) throws {
        for key in ["removed", "pot_bits", "pot_code"] { network.metadata[key] = nil }
        let formats = report.layers.filter { $0.weights > 0 }.compactMap(\.format).map { FormatFields($0).name }
        let name = ["power-of-two-sum", "power-of-two"].first { formats.contains($0) } ?? "fixed"
        network.metadata["weight_format"] = name.replacingOccurrences(of: "-", with: "_")
        network.metadata[StoredQuantization.key] = try StoredQuantization(quantized).text()
    }
}
