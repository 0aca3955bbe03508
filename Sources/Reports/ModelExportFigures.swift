// From a quantized model to the figures of its report (docs: Quantize).

import Configuration
import Networks
import Quantizer

extension ModelExportReport {
    /// The report of a model that was quantized and written: `bytes` is its size, `errors` are those of its outputs.
    package init(
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
}

extension ModelExportReport.Filters {
    fileprivate init?(_ layers: [LayerQuantizationReport]) {
        let lists = layers.compactMap(\.filters)
        guard let count = lists.map(\.count).max() else { return nil }
        byTerms = (0..<count).map { terms in lists.reduce(0) { $0 + (terms < $1.count ? $1[terms] : 0) } }
        passes = byTerms.enumerated().reduce(0) { $0 + $1.offset * $1.element }
    }
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
