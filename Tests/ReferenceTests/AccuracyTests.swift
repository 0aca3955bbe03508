// On some hundred real images: are the outputs what numpy computes, and is top-1 that of the same quantized weights
// in onnxruntime? The machine equals the reference model bit for bit (MachineTests), so the reference model runs.
// Skipped without ../shared/data; without Python too, but not on CI.

import Foundation
import NetworkReaders
import Networks
import Quantizer
import ReferenceModel
import TestSupport
import Testing

@Suite(.serialized, .enabled(if: TestImages.canBeUsed, "needs ../shared/data and Python with onnxruntime"))
struct AccuracyTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var model: String
        var scheme: QuantizationScheme
        /// A snapshot: two points less than this program classified right. The check that counts is that against onnxruntime.
        var top1: Double
        var testDescription: String { "\(model) \(scheme)" }
    }

    static let images = 300
    static let cases = [
        Case(model: "resnet20_cifar10_pot3", scheme: .asIs, top1: 69),
        Case(model: "resnet20_cifar10_pot4", scheme: .asIs, top1: 80),
        Case(model: "resnet20_cifar10_pot5", scheme: .asIs, top1: 80),
        Case(model: "resnet20_cifar10_float", scheme: .nBQ(bits: 3), top1: 67),
        Case(model: "resnet20_cifar10_float", scheme: .nBQ(bits: 4), top1: 85),
        Case(model: "resnet20_cifar10_float", scheme: .nBQ(bits: 5), top1: 85),
    ]

    @Test(arguments: cases)
    func outputsAreNumpysAndTop1IsOnnxruntimes(example: Case) async throws {
        let model = RealModel.path("models/\(example.model).onnx")
        let network = try ONNXReader.read(path: model)
        let images = try images(network.input)
        let (quantized, report) = try Quantizer.quantize(
            network, options: QuantizationOptions(scheme: example.scheme),
            calibration: Array(images.images.prefix(8)))
        let inputs = try images.images.map(quantized.quantizedInput)
        let outputs = try await infer(quantized, inputs)
        #expect(try NumpyReference.outputs(quantized, inputs: inputs) == outputs)

        let labels = try #require(images.labels)
        let right = zip(outputs, labels).count { scores, label in
            scores.values.indices.max { scores.values[$0] < scores.values[$1] } == label
        }
        #expect(100 * Double(right) / Double(labels.count) >= example.top1, "\(right) of \(labels.count)")

        try Scratch.with { directory in
            try write(quantized, report, inputs: inputs, outputs: outputs, to: directory)
            try NumpyReference.execute("top1", [model, directory.path, TestImages.records])
        }
    }

    private func images(_ shape: Shape) throws -> ImageSet {
        try Scratch.with { directory in
            let file = directory.appendingPathComponent("images.bin").path
            let script = "import lzma, sys; open(sys.argv[2], 'wb').write(lzma.open(sys.argv[1]).read())"
            try Tools.runPython(["-c", script, TestImages.records, file])
            return try ImageReader.read(
                source: file, first: 0, count: Self.images, seed: 0, expected: shape, normalization: .imageNet)
        }
    }

    private func infer(_ network: QuantizedNetwork, _ inputs: [IntegerTensor]) async throws -> [IntegerTensor] {
        try await withThrowingTaskGroup(of: (Int, IntegerTensor).self) { group in
            for (index, input) in inputs.enumerated() {
                group.addTask { (index, try ReferenceModel.infer(network, input: input)) }
            }
            var outputs = inputs
            for try await (index, output) in group { outputs[index] = output }
            return outputs
        }
    }

    /// The files of `shiftsim simulate` that top1 reads.
    private func write(
        _ network: QuantizedNetwork, _ report: QuantizationReport, inputs: [IntegerTensor], outputs: [IntegerTensor],
        to directory: URL
    ) throws {
        try QuantizedNetworkArchive.write(network, to: directory.appendingPathComponent("quantized"))
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        try encoder.encode(report).write(to: directory.appendingPathComponent("quantization.json"))
        for (name, tensors) in [("inputs", inputs), ("outputs", outputs)] {
            let data = NumpyReference.npy(tensors, shape: tensors[0].shape)
            try data.write(to: directory.appendingPathComponent("\(name).npy"))
        }
    }
}

/// The 2,000 CIFAR-10 test images beside the package.
enum TestImages {
    static let records = RealModel.path("cifar10/test-2000.bin.xz")
    static let canBeUsed: Bool = {
        let isCI = ProcessInfo.processInfo.environment["CI"] != nil
        return FileManager.default.fileExists(atPath: records) && (isCI || NumpyReference.hasRuntime)
    }()
}
