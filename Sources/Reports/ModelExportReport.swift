// The report of `shiftsim quantize`: error and storage, layer by layer (docs/guide/Quantize.md).

import Foundation
import Support

/// What was written, how far it is from the float network and how many bits its weights take.
package struct ModelExportReport: Sendable, Codable, Equatable {
    /// The network that was quantized.
    package struct Network: Sendable, Codable, Equatable {
        /// Name of the network.
        package var name: String
        /// Layers of the integer network.
        package var layers: Int
        /// Multiply-accumulates of one image.
        package var macs: Int
        /// Of the float network: weights, biases and normalization.
        package var parameters: Int
    }

    /// How floats became integers.
    package struct Quantization: Sendable, Codable, Equatable {
        /// As configured.
        package var scheme: String
        /// Absent where the model decides (as-is).
        package var weightBits: Int?
        /// Bits of an activation.
        package var activationBits: Int
        /// Whether the first and the last layer have wide weights.
        package var wideFirstAndLast: Bool
        /// Images, source and method of the activation ranges; absent where the model held its exponents.
        package var calibration: Calibration?
        /// As configured.
        package var activationScale: String
        /// Of the network's input: value = integer * mantissa * 2^exponent.
        package var inputExponent: Int
        /// Absent where it is 1.
        package var inputMantissa: Double?
    }

    /// What the activation ranges were taken from.
    package struct Calibration: Sendable, Codable, Equatable {
        /// Where the images are from.
        package var source: String
        /// How many.
        package var images: Int
        /// As configured.
        package var method: String
        /// Of method percentile.
        package var percentile: Double?
    }

    /// The file that was written.
    package struct Model: Sendable, Codable, Equatable {
        /// Its path.
        package var file: String
        /// "onnx" or "qonnx".
        package var format: String
        /// Its size.
        package var bytes: Int
    }

    /// Weights only, as the papers count: no biases, no normalization.
    package struct Storage: Sendable, Codable, Equatable {
        /// Number of weights.
        package var weights: Int
        /// Bits that they take.
        package var bits: Int
        /// `bits` over `weights`.
        package var bitsPerWeight: Double
        /// The same weights in float32.
        package var floatBits: Int
        /// `floatBits` over `bits`.
        package var compressionFromFloat: Double
        /// 16 bits over `bitsPerWeight`: paper A's measure.
        package var compressionFromFixed: Double
        /// Weights times `bitsPerWeight` / 16: paper A's "Params" of a quantized network.
        package var equivalentParameters: Double
        /// Without the first and the last layer with weights; absent where no others are.
        package var withoutFirstAndLast: Inner?

        /// As `Storage`, of the inner layers.
        package struct Inner: Sendable, Codable, Equatable {
            /// Number of weights.
            package var weights: Int
            /// Bits that they take.
            package var bits: Int
            /// The same weights in float32.
            package var floatBits: Int
            /// `floatBits` over `bits`.
            package var compressionFromFloat: Double
        }
    }

    /// Power-of-two layers only.
    package struct Filters: Sendable, Codable, Equatable {
        /// Filters of 0, 1, 2, ... terms.
        package var byTerms: [Int]
        /// F1 + 2 * F2: passes of one filter over its inputs, on lanes of one term.
        package var passes: Int
    }

    /// One layer.
    package struct Layer: Sendable, Codable, Equatable {
        /// Name of the layer.
        package var name: String
        /// What it computes.
        package var kind: String
        /// "power-of-two", "power-of-two-sum" or "fixed", with bits; absent without weights.
        package var weightFormat: String?
        /// Number of weights; absent without.
        package var weights: Int?
        /// Bits of a stored weight.
        package var bitsPerWeight: Double?
        /// Filters by their terms.
        package var filters: Filters?
        /// dB; absent when exact.
        package var weightSqnrDb: Double?
        /// Of the angle between float and quantized weights.
        package var weightCosine: Double?
        /// Of the first calibration image, all layers before quantized too.
        package var outputSqnrDb: Double?
        /// The same of the output.
        package var outputCosine: Double?
        /// Of the output: value = integer * mantissa * 2^exponent.
        package var outputExponent: Int
        /// Absent where it is 1.
        package var outputMantissa: Double?
    }

    /// Name and version of the JSON's format.
    package var schema = "shiftsim.quantize/1"
    /// Version of ShiftSim.
    package var toolVersion = ToolVersion.text
    /// The network that was quantized.
    package var network: Network
    /// How floats became integers.
    package var quantization: Quantization
    /// The file that was written.
    package var model: Model
    /// Bits of all weights; absent without weights.
    package var storage: Storage?
    /// Filters of all layers by their terms.
    package var filters: Filters?
    /// In the order of the network.
    package var layers: [Layer]

    /// JSON, keys in alphabetical order.
    package func json() throws -> Data { try JSON.encode(self) }
}

extension ModelExportReport {
    /// The report for people.
    package var text: String {
        (lines(heading) + [""] + table.lines + [""] + lines(totals)).joined(separator: "\n") + "\n"
    }

    private func lines(_ texts: [String]) -> [String] { texts.flatMap { TextTable.wrapped($0, indent: 2) } }

    private var heading: [String] {
        let bits = quantization.weightBits.map { ", \($0)-bit weights" } ?? ""
        let images =
            quantization.calibration.map { calibration in
                "activation ranges: \(calibration.method) over \(calibration.images) images of \(calibration.source)"
            } ?? "activation ranges: those of the model"
        return [
            "\(network.name): \(quantization.scheme)\(bits), \(quantization.activationBits)-bit activations", images,
        ]
    }

    private var table: TextTable {
        let columns = [
            "layer", "weights as", "weights", "bits/weight", "filters of 0/1/2 terms", "weight SQNR dB", "cosine",
            "output SQNR dB", "cosine",
        ]
        var table = TextTable(columns, left: [0, 1])
        for layer in layers {
            let filters = layer.filters.map { $0.byTerms.map(String.init).joined(separator: "/") }
            table.add([
                layer.name, layer.weightFormat ?? layer.kind, layer.weights.map(TextTable.grouped) ?? "",
                layer.bitsPerWeight.map { TextTable.fixed($0, 2) } ?? "", filters ?? "",
                layer.weights == nil ? "" : layer.weightSqnrDb.map { TextTable.fixed($0, 1) } ?? "exact",
                layer.weightCosine.map { TextTable.fixed($0, 5) } ?? "",
                layer.outputSqnrDb.map { TextTable.fixed($0, 1) } ?? "exact",
                layer.outputCosine.map { TextTable.fixed($0, 5) } ?? "",
            ])
        }
        return table
    }

    private var totals: [String] {
        var lines: [String] = []
        if let storage {
            lines.append(
                "storage: \(TextTable.grouped(storage.weights)) weights, \(TextTable.grouped(storage.bits)) bits, "
                    + "\(TextTable.fixed(storage.bitsPerWeight, 3)) bits a weight; "
                    + "\(TextTable.fixed(storage.compressionFromFloat, 2)) x smaller than float32, "
                    + "\(TextTable.fixed(storage.compressionFromFixed, 2)) x than 16 bits")
            let inner = storage.withoutFirstAndLast.map {
                "; without the first and last layer \(TextTable.grouped($0.floatBits)) / \(TextTable.grouped($0.bits)) = "
                    + TextTable.fixed($0.compressionFromFloat, 2)
            }
            lines.append(
                "float32 bits / quantized bits: \(TextTable.grouped(storage.floatBits)) / "
                    + "\(TextTable.grouped(storage.bits)) = \(TextTable.fixed(storage.compressionFromFloat, 2))"
                    + (inner ?? ""))
        }
        if let filters {
            let counts = filters.byTerms.enumerated().map { "\($0.element) of \($0.offset)" }.joined(separator: ", ")
            lines.append("filters: \(counts) terms; \(TextTable.grouped(filters.passes)) filter passes")
        }
        lines.append("\(model.format) model in \(model.file), \(TextTable.grouped(model.bytes)) bytes")
        return lines
    }
}
