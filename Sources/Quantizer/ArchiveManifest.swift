// What network.quantized.json holds. Key names are the field names in snake case.

import Foundation
import Networks
import Support

struct ArchiveManifest: Codable {
    struct Inconsistency: Error { var message: String }

    struct Entry: Codable {
        var name: String
        var kind: String
        /// "convolution", "max-pool", "sum-pool" or "local-response-normalization".
        var operation: String
        /// "power-of-two", "power-of-two-sum" or "fixed"; convolutions only, as are the next five.
        var weightFormat: String?
        var weightBits: Int?
        /// "power-of-two-sum" only.
        var weightTerms: Int?
        var groups: Int?
        /// Index of the first weight in weights.bin, in weights.
        var weightOffset: Int?
        var weightCount: Int?
        var window: Window
        var input: String
        var residual: String?
        var inputShape: Shape
        var outputShape: Shape
        var preShift: Int
        var multiplier: [Int32]
        var bias: [Int64]
        var residualShift: Int
        var shift: Int
        var relu: Bool
        var outputExponent: Int
        /// Missing: 1.
        var outputMantissa: Double?
        var macs: Int
        var preActivation: PreActivation?
        /// Missing: none.
        var regions: [PoolRegion]?
        var runsOnHost: Bool?
        var localResponseNormalization: Normalization?
    }

    /// Constants of a local response normalization.
    struct Normalization: Codable {
        var size: Int
        var alpha: Double
        var beta: Double
        var bias: Double
        var inputExponent: Int
    }

    static let currentSchema = "shiftsim.quantized-network/1"

    var schema: String
    var name: String
    var input: Shape
    var inputExponent: Int
    /// Missing: 1.
    var inputMantissa: Double?
    var activationBits: Int
    var parameters: Int
    var layers: [Entry]
    /// Missing: none.
    var concatenations: [Concatenation]?

    /// The manifest and the contents of weights.bin.
    static func make(_ network: QuantizedNetwork) -> (ArchiveManifest, Data) {
        var weights: [Int32] = []
        let entries = network.layers.map { entry(of: $0, weights: &weights) }
        let manifest = ArchiveManifest(
            schema: currentSchema, name: network.name, input: network.input, inputExponent: network.inputExponent,
            inputMantissa: network.inputMantissa == 1 ? nil : network.inputMantissa,
            activationBits: network.activationBits, parameters: network.parameters, layers: entries,
            concatenations: network.concatenations.isEmpty ? nil : network.concatenations)
        let data = LittleEndian.withBytes(of: weights) { Data($0) }
        return (manifest, data)
    }

    private static func entry(of layer: QuantizedLayer, weights: inout [Int32]) -> Entry {
        let constants = layer.requantization
        var entry = Entry(
            name: layer.name, kind: layer.kind, operation: "", window: layer.window, input: layer.input,
            residual: layer.residual, inputShape: layer.inputShape, outputShape: layer.outputShape,
            preShift: constants.preShift, multiplier: constants.multiplier, bias: constants.bias,
            residualShift: constants.residualShift, shift: constants.shift, relu: constants.relu,
            outputExponent: layer.outputExponent,
            outputMantissa: layer.outputMantissa == 1 ? nil : layer.outputMantissa, macs: layer.macs,
            preActivation: layer.preActivation,
            regions: layer.regions.isEmpty ? nil : layer.regions, runsOnHost: layer.runsOnHost ? true : nil)
        switch layer.operation {
        case .maxPool: entry.operation = "max-pool"
        case .sumPool: entry.operation = "sum-pool"
        case .host(let function, let exponent):
            entry.operation = function.name
            switch function {
            case .localResponseNormalization(let constants):
                entry.localResponseNormalization = Normalization(
                    size: constants.size, alpha: Double(constants.alpha), beta: Double(constants.beta),
                    bias: Double(constants.bias), inputExponent: exponent)
            }
        case .convolution(let codes, let format, let groups):
            entry.operation = "convolution"
            entry.groups = groups
            entry.weightOffset = weights.count
            entry.weightCount = codes.count
            let fields = FormatFields(format)
            (entry.weightFormat, entry.weightBits, entry.weightTerms) = (fields.name, fields.bits, fields.terms)
            weights += codes
        }
        return entry
    }

    func network(weights data: Data) throws -> QuantizedNetwork {
        guard schema == Self.currentSchema else {
            throw Inconsistency(message: "has schema '\(schema)'; accepted: \(Self.currentSchema)")
        }
        guard data.count % 4 == 0 else { throw Inconsistency(message: "weights.bin is not made of 32-bit words") }
        let weights: [Int32] = data.withUnsafeBytes { LittleEndian.values(of: $0) }
        return QuantizedNetwork(
            name: name, input: input, inputExponent: inputExponent, activationBits: activationBits,
            layers: try layers.map { try $0.layer(weights: weights) }, parameters: parameters,
            concatenations: concatenations ?? [], inputMantissa: inputMantissa ?? 1)
    }
}

extension ArchiveManifest.Entry {
    fileprivate func layer(weights: [Int32]) throws -> QuantizedLayer {
        QuantizedLayer(
            name: name, kind: kind, operation: try quantizedOperation(weights: weights), window: window,
            input: input, residual: residual, inputShape: inputShape, outputShape: outputShape,
            requantization: Requantization(
                preShift: preShift, multiplier: multiplier, bias: bias, residualShift: residualShift, shift: shift,
                relu: relu),
            outputExponent: outputExponent, macs: macs, preActivation: preActivation, regions: regions ?? [],
            runsOnHost: runsOnHost ?? false,
            outputMantissa: outputMantissa ?? 1)
    }

    private func quantizedOperation(weights: [Int32]) throws -> QuantizedOperation {
        switch operation {
        case "max-pool": return .maxPool
        case "sum-pool": return .sumPool
        case "local-response-normalization":
            guard let constants = localResponseNormalization else {
                throw ArchiveManifest.Inconsistency(message: "layer \(name): no constants")
            }
            let function = LocalResponseNormalization(
                size: constants.size, alpha: Float(constants.alpha), beta: Float(constants.beta),
                bias: Float(constants.bias))
            return .host(.localResponseNormalization(function), inputExponent: constants.inputExponent)
        case "convolution":
            guard let groups, let weightOffset, let weightCount, weightOffset >= 0, weightCount >= 0,
                weightOffset <= weights.count - weightCount
            else { throw ArchiveManifest.Inconsistency(message: "layer \(name): weights outside weights.bin") }
            let codes = Array(weights[weightOffset..<weightOffset + weightCount])
            return .convolution(weights: codes, format: try format(), groups: groups)
        default:
            throw ArchiveManifest.Inconsistency(message: "layer \(name): unknown operation '\(operation)'")
        }
    }

    private func format() throws -> WeightFormat {
        guard let format = FormatFields.format(name: weightFormat, bits: weightBits, terms: weightTerms) else {
            throw ArchiveManifest.Inconsistency(message: "layer \(name): unknown weight format")
        }
        return format
    }
}
