// Is a model that was written the network that was quantized: the same layers, the same integers, the same classes
// in onnxruntime and, with QONNX's Quant nodes, in ONNX's reference evaluator?

import Diagnostics
import Foundation
import NetworkReaders
import Networks
import Quantizer
import ReferenceModel
import TestSupport
import Testing

@Suite(.serialized) struct QuantizedModelTests {
    static let schemes: [QuantizationScheme] = [
        .nBQ(bits: 1), .nBQ(bits: 3), .nBQ(bits: 5), .fixed(bits: 4), .fixed(bits: 16), .lightNN(terms: 1, bits: 4),
        .lightNN(terms: 2, bits: 4), .lightNN(terms: 2, bits: 5), .flightNN(bits: 4),
    ]
    /// Which have scales that are no powers of two: every third.
    static func scaleRule(_ scheme: QuantizationScheme) -> ActivationScaleRule {
        (schemes.firstIndex(of: scheme) ?? 0) % 3 == 1 ? .multiplier : .powerOfTwo
    }

    /// Quantizes, writes, reads; `network` is what was read.
    private func roundTrip(
        _ source: Network, _ options: QuantizationOptions, images: [[Float]]
    ) throws -> (quantized: QuantizedNetwork, model: QuantizedModel, network: Network) {
        let (quantized, report) = try Quantizer.quantize(source, options: options, calibration: images)
        let model = try QuantizedModel(source, quantized, report)
        let network = try Scratch.with { directory in
            let file = directory.appendingPathComponent("\(source.name).onnx")
            try ONNXWriter.data(model.network).write(to: file)
            return try ONNXReader.read(path: file.path)
        }
        return (quantized, model, network)
    }

    @Test(arguments: schemes)
    func theIntegersComeBack(scheme: QuantizationScheme) throws {
        for (name, bits) in [("tiny", 8), ("tiny", 16), ("resnet20-fmnist", 16), ("alexnet-grouped", 8)] {
            if name == "alexnet-grouped", scheme != .flightNN(bits: 4) { continue }
            let source = try BuiltInNetworks.make(name: name, weights: .synthetic(seed: 5))
            let images = SyntheticImages.make(shape: source.input, count: 1, seed: 2)
            let options = QuantizationOptions(
                scheme: scheme, activationBits: bits, calibration: .mse, activationScale: Self.scaleRule(scheme))
            let (quantized, model, network) = try roundTrip(source, options, images: images)
            #expect(network.layers == model.network.layers)
            #expect(network.input == source.input)
            let again = try Quantizer.quantize(
                network, options: QuantizationOptions(scheme: .asIs, activationBits: bits), calibration: [])
            #expect(again.0 == quantized)
        }
    }

    @Test func calibrationImagesReplaceTheExponentsOnRequest() throws {
        let source = try BuiltInNetworks.make(name: "tiny", weights: .synthetic(seed: 5))
        let images = SyntheticImages.make(shape: source.input, count: 1, seed: 2)
        let network = try roundTrip(source, QuantizationOptions(scheme: .nBQ(bits: 3)), images: images).network
        let scaled = images.map { $0.map { $0 * 64 } }
        let stored = QuantizationOptions(scheme: .asIs)
        let fresh = QuantizationOptions(scheme: .asIs, usesStoredExponents: false)
        let kept = try Quantizer.quantize(network, options: stored, calibration: scaled).0
        let moved = try Quantizer.quantize(network, options: fresh, calibration: scaled).0
        #expect(moved.inputExponent == kept.inputExponent + 6)
        #expect(throws: InputError.self) { try Quantizer.quantize(network, options: fresh, calibration: []) }
        let narrow = QuantizationOptions(scheme: .asIs, activationBits: 8)
        #expect(throws: InputError.self) { try Quantizer.quantize(network, options: narrow, calibration: []) }
    }

    @Test(arguments: ["", "{}", "{\"schema\": \"other\"}", "[]"])
    func damagedNotesAreRefused(text: String) throws {
        let source = try BuiltInNetworks.make(name: "tiny", weights: .synthetic(seed: 5))
        let images = SyntheticImages.make(shape: source.input, count: 1, seed: 2)
        var network = try roundTrip(source, QuantizationOptions(scheme: .nBQ(bits: 3)), images: images).network
        network.metadata[StoredQuantization.key] = text
        #expect {
            try Quantizer.quantize(network, options: QuantizationOptions(scheme: .asIs), calibration: images)
        } throws: { error in
            "\(error)".hasPrefix("metadata shiftsim_quantization: is damaged")
        }
    }

    // MARK: other tools

    @Test(
        .enabled(if: canRun, "needs ../shared/data and Python with onnx and onnxruntime"),
        arguments: [
            QuantizationScheme.nBQ(bits: 4), .nBQ(bits: 5), .fixed(bits: 8), .lightNN(terms: 1, bits: 4),
            .lightNN(terms: 2, bits: 4), .flightNN(bits: 4),
        ])
    func onnxruntimeFindsTheSameClasses(scheme: QuantizationScheme) throws {
        let images = try RealModel.images(16).map(\.values)
        let source = try ONNXReader.read(path: RealModel.path("models/resnet20_cifar10_float.onnx"))
        let (quantized, report) = try Quantizer.quantize(
            source, options: QuantizationOptions(scheme: scheme), calibration: images)
        let model = try QuantizedModel(source, quantized, report)
        let outputs = try images.map { try ReferenceModel.infer(quantized, input: quantized.quantizedInput($0)) }
        let found = try scores(ONNXWriter.data(model.network), images: images, script: Self.runtime)
        let unit = scalbn(1.0, try #require(quantized.layers.last).outputExponent)
        for (image, output) in outputs.enumerated() {
            let integers = output.values.map { Double($0) * unit }
            #expect(
                found[image].indices.max { found[image][$0] < found[image][$1] }
                    == integers.indices.max { integers[$0] < integers[$1] })
            // Activations are integers here and float there, and clip where those of the float network ended.
            let limit = 0.05 * (integers.map(abs).max() ?? 0)
            #expect(zip(found[image], integers).allSatisfy { abs($0 - $1) < limit }, "\(found[image]) \(integers)")
        }
    }

    /// QONNX quantizes activations too: 8 bits, within two steps of the integer network's logits.
    @Test(.enabled(if: canRun, "needs ../shared/data and Python with onnx and onnxruntime"))
    func quantNodesGiveTheIntegerNetwork() throws {
        let images = try RealModel.images(2).map(\.values)
        let source = try ONNXReader.read(path: RealModel.path("models/resnet20_cifar10_float.onnx"))
        let options = QuantizationOptions(scheme: .lightNN(terms: 2, bits: 4), activationBits: 8, calibration: .mse)
        let (quantized, report) = try Quantizer.quantize(source, options: options, calibration: images)
        let model = try QuantizedModel(source, quantized, report)
        let form = ONNXWriter.Form.qonnx(activationBits: 8, scales: model.scales)
        let found = try scores(ONNXWriter.data(model.network, form: form), images: images, script: Self.evaluator)
        let unit = scalbn(1.0, try #require(quantized.layers.last).outputExponent)
        for (image, values) in images.enumerated() {
            let output = try ReferenceModel.infer(quantized, input: quantized.quantizedInput(values))
            #expect(found[image].allSatisfy { $0 / unit == ($0 / unit).rounded() }, "the output is quantized")
            let steps = zip(found[image], output.values).map { abs($0 / unit - Double($1)) }
            #expect(steps.allSatisfy { $0 <= 2 }, "\(steps)")
        }
    }

    static let canRun: Bool = {
        let isCI = ProcessInfo.processInfo.environment["CI"] != nil
        return RealModel.isPresent && (isCI || NumpyReference.hasRuntime)
    }()

    static let runtime = """
        import sys, numpy as np, onnx, onnxruntime
        onnx.checker.check_model(onnx.load(sys.argv[1]), full_check=True)
        session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
        images = np.fromfile(sys.argv[2], "<f4").reshape(-1, 3, 32, 32)
        session.run(None, {"input": images})[0].astype("<f4").tofile(sys.argv[3])
        """

    static let evaluator = """
        import sys, numpy as np, onnx
        from onnx.reference import ReferenceEvaluator
        from onnx.reference.op_run import OpRun
        class Quant(OpRun):
            op_domain = "qonnx.custom_op.general"
            def _run(self, x, scale, zero, bits, signed=None, narrow=None, rounding_mode=None):
                assert signed == 1 and rounding_mode == "ROUND" and zero == 0
                high = 2 ** (bits - 1) - 1
                low = -high if narrow else -high - 1
                return (np.clip(np.round(x / scale), low, high).astype(np.float32) * scale,)
        model = ReferenceEvaluator(onnx.load(sys.argv[1]), new_ops=[Quant])
        images = np.fromfile(sys.argv[2], "<f4").reshape(-1, 3, 32, 32)
        model.run(None, {"input": images})[0].astype("<f4").tofile(sys.argv[3])
        """

    private func scores(_ model: Data, images: [[Float]], script: String) throws -> [[Double]] {
        try Scratch.with { directory in
            let files = ["model.onnx", "images.bin", "scores.bin"].map { directory.appendingPathComponent($0) }
            try model.write(to: files[0])
            try images.flatMap { $0 }.withUnsafeBytes { Data($0) }.write(to: files[1])
            try Tools.runPython(["-c", script] + files.map(\.path))
            let data = try Data(contentsOf: files[2])
            let values = data.withUnsafeBytes { $0.bindMemory(to: Float.self).map { Double($0) } }
            let size = values.count / images.count
            return (0..<images.count).map { Array(values[$0 * size..<($0 + 1) * size]) }
        }
    }
}
