import ArgumentParser
import Configuration
import Diagnostics
import Flows
import Foundation
import Reports

struct QuantizeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quantize", abstract: "Quantizes a network and writes a model that other tools read.",
        discussion: "Weights become integer codes with a power-of-two scale. docs/guide/Quantize.md has the details.")

    @Argument(help: "A built-in name or a file ending in .onnx.")
    var model: String

    @Option(name: [.customShort("o"), .customLong("output")], help: "The model to write, ending in .onnx.")
    var output: String

    @Option(help: "As quantization.scheme: n-bq, lightnn-1, lightnn-2, flightnn, fixed, as-is.")
    var scheme: String?

    @Option(help: "As quantization.weight_bits.")
    var weightBits: String?

    @Option(help: "As quantization.activation_bits: 8, 16.")
    var activationBits: String?

    @Option(help: ArgumentHelp("Images for the activation ranges; as quantization.calibration.", valueName: "images"))
    var calibrate: String?

    @Option(help: "onnx (DequantizeLinear) or qonnx (Quant nodes).")
    var format = "onnx"

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "Sets a key of quantization or network, such as quantization.mean_terms=1.5.", valueName: "key=value"))
    var assignments: [String] = []

    @Flag(help: "Prints the report as JSON on standard output, and nothing else there.")
    var json = false

    func run() throws {
        guard ["onnx", "qonnx"].contains(format) else {
            let meant = Suggestion.text(for: format, among: ["onnx", "qonnx"])
            throw InputError(at: "--format", "is '\(format.echoed)'\(meant); accepted: onnx, qonnx")
        }
        let options = [
            ("scheme", scheme, "--scheme"), ("weight_bits", weightBits, "--weight-bits"),
            ("activation_bits", activationBits, "--activation-bits"), ("calibration", calibrate, "--calibrate"),
        ]
        var values = assignments.map { ConfigAssignment($0) }
        for case (let key, let value?, let option) in options {
            let name = "quantization.\(key)"
            values.append(
                key.hasSuffix("bits")
                    ? ConfigAssignment("\(name)=\(value)", option: option)
                    : ConfigAssignment(key: name, value: value, option: option))
        }
        let report = try Flow.quantize(
            ModelExportRequest(model: model, output: output, assignments: values, isQONNX: format == "qonnx"))
        if json { Console.result(try report.json()) } else { Console.result(report.text) }
    }
}
