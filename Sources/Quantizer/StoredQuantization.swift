// What a model written by `shiftsim quantize` says of itself beyond its codes, so that scheme as-is gives the same
// integer network: the format of each layer's weights, the exponents of the activations, the parameters of the
// network it was made from. One metadata property, `shiftsim_quantization`, in JSON.

import Diagnostics
import Foundation
import Networks

/// The notes in a quantized model.
public struct StoredQuantization: Sendable, Equatable, Codable {
    /// The property of `Network.metadata`.
    public static let key = "shiftsim_quantization"
    static let currentSchema = "shiftsim.quantization/1"

    struct Layer: Sendable, Equatable, Codable {
        var name: String
        /// "power-of-two", "power-of-two-sum" or "fixed"; absent for poolings.
        var weightFormat: String?
        var weightBits: Int?
        /// "power-of-two-sum" only.
        var weightTerms: Int?
        var outputExponent: Int
        /// Layers with a pre-activation only.
        var preActivationExponent: Int?
        /// Scales that are no powers of two only.
        var outputMantissa: Double?
        var preActivationMantissa: Double?

        var format: WeightFormat? { FormatFields.format(name: weightFormat, bits: weightBits, terms: weightTerms) }
    }

    var schema = StoredQuantization.currentSchema
    var activationBits: Int
    var inputExponent: Int
    var inputMantissa: Double?
    /// Parameters of the float network.
    var parameters: Int
    var layers: [Layer]

    init(_ network: QuantizedNetwork) {
        activationBits = network.activationBits
        inputExponent = network.inputExponent
        inputMantissa = network.inputMantissa == 1 ? nil : network.inputMantissa
        parameters = network.parameters
        layers = network.layers.map(Layer.init)
    }

    /// The notes of a network's metadata; nil where there are none. Throws `InputError` when they are damaged.
    init?(metadata: [String: String]) throws {
        guard let text = metadata[StoredQuantization.key] else { return nil }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let notes = try? decoder.decode(StoredQuantization.self, from: Data(text.utf8)), notes.isSound else {
            let schema = StoredQuantization.currentSchema
            throw InputError(at: "metadata \(StoredQuantization.key)", "is damaged, or not of schema \(schema)")
        }
        self = notes
    }

    /// Every number in its range, every format known.
    private var isSound: Bool {
        let exponents = -400...400
        let mantissas = 1.0..<2
        return schema == StoredQuantization.currentSchema && [8, 16].contains(activationBits) && parameters >= 0
            && exponents.contains(inputExponent)
            && mantissas.contains(inputMantissa ?? 1)
            && layers.allSatisfy { layer in
                mantissas.contains(layer.outputMantissa ?? 1) && mantissas.contains(layer.preActivationMantissa ?? 1)
                    && exponents.contains(layer.outputExponent) && exponents.contains(layer.preActivationExponent ?? 0)
                    && (layer.weightFormat == nil || layer.format != nil)
            }
    }

    /// JSON, keys in alphabetical order.
    func text() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    /// Format of a layer's weights, nil for layers that are not noted.
    func format(of layer: String) -> WeightFormat? { layers.first { $0.name == layer }?.format }
}

extension StoredQuantization.Layer {
    fileprivate init(_ layer: QuantizedLayer) {
        name = layer.name
        outputExponent = layer.outputExponent
        preActivationExponent = layer.preActivation?.exponent
        outputMantissa = layer.outputMantissa == 1 ? nil : layer.outputMantissa
        preActivationMantissa = layer.preActivation.flatMap { $0.mantissa == 1 ? nil : $0.mantissa }
        guard case .convolution(_, let format, _) = layer.operation else { return }
        let fields = FormatFields(format)
        (weightFormat, weightBits, weightTerms) = (fields.name, fields.bits, fields.terms)
    }
}
