// The report of `shiftsim quantize`: error and storage, layer by layer (docs/Quantize.md).

import Foundation
import Networks
import Quantizer

/// What was written, how far it is from the float network and how many bits its weights take.
public struct ModelExportReport: Sendable, Codable, Equatable {
    public struct Network: Sendable, Codable, Equatable {
        public var name: String
        public var layers: Int
        public var macs: Int
        /// Of the float network: weights, biases and normalization.
        public var parameters: Int
    }

    public struct Quantization: Sendable, Codable, Equatable {
        public var scheme: String
        /// Absent where the model decides (as-is).
        public var weightBits: Int?
        public var activationBits: Int
        public var wideFirstAndLast: Bool
        /// Images, source and method of the activation ranges; absent where the model held its exponents.
        public var calibration: Calibration?
        public var activationScale: String
        public var inputExponent: Int
        /// Absent where it is 1.
        public var inputMantissa: Double?
    }

    public struct Calibration: Sendable, Codable, Equatable {
        public var source: String
        public var images: Int
        public var method: String
        public var percentile: Double?
    }

    public struct Model: Sendable, Codable, Equatable {
        public var file: String
        /// "onnx" or "qonnx".
        public var format: String
        public var bytes: Int
    }

    /// Weights only, as the papers count: no biases, no normalization.
    public struct Storage: Sendable, Codable, Equatable {
        public var weights: Int
        public var bits: Int
        public var bitsPerWeight: Double
        /// The same weights in float32.
        public var floatBits: Int
        /// `floatBits` over `bits`.
        public var compressionFromFloat: Double
        /// 16 bits over `bitsPerWeight`: paper A's measure.
        public var compressionFromFixed: Double
        /// Weights times `bitsPerWeight` / 16: paper A's "Params" of a quantized network.
        public var equivalentParameters: Double
        /// Without the first and the last layer with weights; absent where no others are.
        public var withoutFirstAndLast: Inner?

        public struct Inner: Sendable, Codable, Equatable {
            public var weights: Int
            public var bits: Int
            public var floatBits: Int
            public var compressionFromFloat: Double
        }
    }

    /// Power-of-two layers only.
    public struct Filters: Sendable, Codable, Equatable {
        /// Filters of 0, 1, 2, ... terms.
        public var byTerms: [Int]
        /// F1 + 2 * F2: passes of one filter over its inputs, on lanes of one term.
        public var passes: Int

        init?(_ layers: [LayerQuantizationReport]) {
            let lists = layers.compactMap(\.filters)
            guard let count = lists.map(\.count).max() else { return nil }
            byTerms = (0..<count).map { terms in lists.reduce(0) { $0 + (terms < $1.count ? $1[terms] : 0) } }
            passes = byTerms.enumerated().reduce(0) { $0 + $1.offset * $1.element }
        }
    }

    public struct Layer: Sendable, Codable, Equatable {
        public var name: String
        public var kind: String
        /// "power-of-two", "power-of-two-sum" or "fixed", with bits; absent without weights.
        public var weightFormat: String?
        public var weights: Int?
        public var bitsPerWeight: Double?
        public var filters: Filters?
        /// dB; absent when exact.
        public var weightSqnrDb: Double?
        public var weightCosine: Double?
        /// Of the first calibration image, all layers before quantized too.
        public var outputSqnrDb: Double?
        public var outputCosine: Double?
        public var outputExponent: Int
        /// Absent where it is 1.
        public var outputMantissa: Double?
    }

    public var schema = "shiftsim.quantize/1"
    public var toolVersion = ToolVersion.text
    public var network: Network
    public var quantization: Quantization
    public var model: Model
    public var storage: Storage?
    public var filters: Filters?
    public var layers: [Layer]

    init(
        _ request: ModelExportRequest, _ settings: NetworkSettings, _ quantization: QuantizationSettings,
        _ report: QuantizationReport, quantized: QuantizedNetwork, bytes: Int, errors: OutputErrors
    ) {
        network = Network(
            name: quantized.name, layers: quantized.layers.count, macs: quantized.macs,
            parameters: quantized.parameters)
        var calibration: Calibration?
        if report.calibrationImages > 0 {
            calibration = Calibration(
                source: quantization.calibration ?? settings.images, images: report.calibrationImages,
                method: report.options.calibration.rawValue, percentile: quantization.percentile)
        }
        let scheme = report.options.scheme == .asIs ? "as-is" : quantization.scheme.rawValue
        self.quantization = Quantization(
            scheme: scheme, weightBits: quantization.weightBits, activationBits: quantized.activationBits,
            wideFirstAndLast: quantization.wideFirstAndLast, calibration: calibration,
            activationScale: report.options.activationScale.rawValue, inputExponent: quantized.inputExponent,
            inputMantissa: quantized.inputMantissa == 1 ? nil : quantized.inputMantissa)
        model = Model(file: request.output, format: request.isQONNX ? "qonnx" : "onnx", bytes: bytes)
        storage = Storage(report.layers)
        filters = Filters(report.layers)
        layers = report.layers.map { Layer($0, errors) }
    }

    /// JSON, keys in alphabetical order.
    public func json() throws -> Data { try Report.encoder().encode(self) + Data("\n".utf8) }
}

extension ModelExportReport.Storage {
    fileprivate init?(_ layers: [LayerQuantizationReport]) {
        weights = layers.reduce(0) { $0 + $1.weights }
        bits = layers.reduce(0) { $0 + $1.storedBits }
        guard weights > 0, bits > 0 else { return nil }
        bitsPerWeight = Double(bits) / Double(weights)
        floatBits = 32 * weights
        compressionFromFloat = 32 / bitsPerWeight
        compressionFromFixed = 16 / bitsPerWeight
        equivalentParameters = Double(bits) / 16
        withoutFirstAndLast = Inner(layers.filter { $0.weights > 0 }.dropFirst().dropLast())
    }
}

extension ModelExportReport.Storage.Inner {
    fileprivate init?(_ layers: some Collection<LayerQuantizationReport>) {
        weights = layers.reduce(0) { $0 + $1.weights }
        bits = layers.reduce(0) { $0 + $1.storedBits }
        guard weights > 0, bits > 0 else { return nil }
        floatBits = 32 * weights
        compressionFromFloat = Double(floatBits) / Double(bits)
    }
}

extension ModelExportReport.Layer {
    fileprivate init(_ layer: LayerQuantizationReport, _ errors: OutputErrors) {
        name = layer.name
        kind = layer.kind
        outputExponent = layer.outputExponent
        outputMantissa = layer.outputMantissa == 1 ? nil : layer.outputMantissa
        outputSqnrDb = errors.sqnr[layer.name]
        outputCosine = errors.cosine[layer.name]
        weightSqnrDb = layer.weightSQNR
        weightCosine = layer.weightCosine
        weightFormat = layer.format.map(ModelExportReport.Layer.text)
        guard layer.weights > 0 else { return }
        weights = layer.weights
        bitsPerWeight = Double(layer.storedBits) / Double(layer.weights)
        filters = ModelExportReport.Filters([layer])
    }

    private static func text(_ format: WeightFormat) -> String {
        switch format {
        case .powerOfTwo(let bits): "power-of-two \(bits)"
        case .powerOfTwoSum(let bits, let terms): "power-of-two-sum \(terms) x \(bits)"
        case .fixed(let bits): "fixed \(bits)"
        }
    }
}

extension ModelExportReport {
    /// The report for people.
    public var text: String {
        (heading + [""] + table.lines + [""] + totals).joined(separator: "\n") + "\n"
    }

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
