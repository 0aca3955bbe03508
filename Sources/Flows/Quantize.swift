// `shiftsim quantize`: a model with codes in place of weights, and what quantization did to it.

import Configuration
import Diagnostics
import Foundation
import NetworkReaders
import Networks
import Preparation
import Quantizer
import Reports
import Support

extension Flow {
    /// Quantizes a model, writes it and measures it. The file appears whole or not at all. Throws `InputError`, and
    /// `EnvironmentProblem` for what is not installed. Cost: the float network on every calibration image, and the
    /// reference model on one.
    package static func quantize(_ request: ModelExportRequest) throws -> ModelExportReport {
        let (networkSettings, settings) = try Flow.settings(request)
        let output = try ModelFile.prepare(request.output)
        defer { output.discard() }
        let source = NetworkSource(networkSettings)
        try output.require(isNot: source.path())
        let given = try source.network()
        let reader = try ImageSource(networkSettings, settings, network: NetworkHeader(given))
        let images = try reader.calibrationImages(like: reader.images())
        let network = try Quantizer.applyingSaturations(given, calibration: images)
        let (quantized, report) = try Quantizer.quantize(
            network, options: settings.options(modelHasCodes: network.hasCodes), calibration: images)
        let model = try QuantizedModel(network, quantized, report)
        let quants = ONNXWriter.Form.qonnx(activationBits: model.activationBits, scales: model.scales)
        let data = try ONNXWriter.data(model.network, form: request.isQONNX ? quants : .dequantizeLinear)
        let result = ModelExportReport(
            request, networkSettings, settings, report, quantized: quantized, bytes: data.count,
            errors: try OutputErrors.measure(network, quantized, report, image: images[0]))
        try output.write(data) { path in
            if !request.isQONNX { try requireSameIntegers(path, quantized) }
        }
        return result
    }

    private static func settings(_ request: ModelExportRequest) throws -> (NetworkSettings, QuantizationSettings) {
        let file = "the command line"
        let folder = FileManager.default.currentDirectoryPath
        var root = ConfigNode(content: .mapping([]), place: file, directory: folder)
        let model = ConfigAssignment(key: "network.model", value: request.model, option: "MODEL")
        for assignment in [ConfigAssignment("version=1"), model] + request.assignments {
            let (key, value) = try ConfigText.parse(assignment)
            guard ["version", "network", "quantization"].contains(key[0]) else {
                throw ConfigText.error(
                    at: assignment.option ?? "--set \(key.joined(separator: "."))",
                    "has no meaning here; accepted: keys of network and quantization")
            }
            root = try root.setting(key, to: value)
        }
        // A run's further rules concern the array.
        let configuration = try Configuration(root, file: folder + "/" + file)
        try configuration.checkKeys()
        return (configuration.network, configuration.quantization)
    }

    /// Reads the file again, as a user would, and compares.
    private static func requireSameIntegers(_ path: String, _ expected: QuantizedNetwork) throws {
        let network = try ONNXReader.read(path: path)
        let options = QuantizationOptions(scheme: .asIs, activationBits: expected.activationBits)
        var (found, _) = try Quantizer.quantize(network, options: options, calibration: [])
        found.name = expected.name
        guard found == expected else {
            throw Defect("the written model gives other integers than it was made from")
        }
    }
}
