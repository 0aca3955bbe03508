// On the network that this repository ships and real images: is the reference model what numpy computes, layer by
// layer, and does it classify as onnxruntime does? What RealModelTests asks of models from outside.

import Foundation
import NetworkReaders
import Networks
import Quantizer
import ReferenceModel
import TestSupport
import Testing

@Suite(.serialized, .enabled(if: ShippedModel.canRun, "needs Fashion-MNIST (apt-get install dataset-fashion-mnist)"))
struct ShippedModelTests {
    /// The model's own codes, and its values in other formats.
    static let schemes: [QuantizationScheme] = [
        .asIs, .fixed(bits: 8), .nBQ(bits: 3), .lightNN(terms: 2, bits: 4), .flightNN(bits: 4),
    ]

    @Test(.enabled(if: NumpyReference.isThere, "\(NumpyReference.reason)"), arguments: schemes)
    func everyLayerIsWhatNumpyComputes(scheme: QuantizationScheme) throws {
        let (network, _, images) = try quantized(scheme, images: 2)
        let inputs = try images.images.map(network.quantizedInput)
        let expected = try NumpyReference.run(network, inputs: inputs)
        for index in inputs.indices {
            var tensors = try ReferenceModel.inferAll(network, input: inputs[index])
            tensors[Network.inputName] = nil
            #expect(tensors == expected[index])
        }
    }

    /// Sixteen images; codes of the model itself lose nothing but the rounding of 16-bit activations.
    @Test(.enabled(if: NumpyReference.hasRuntime, "needs Python with onnxruntime"))
    func classesAreOnnxruntimes() throws {
        let (network, _, images) = try quantized(.asIs, images: 16)
        let found = try classes(network, images)
        #expect(try ShippedModel.classes(ShippedModel.path, images.images) == found)
        let right = zip(found, try #require(images.labels)).count { $0 == $1 }
        #expect(right >= 14, "\(right) of \(found.count)")
    }

    /// What `shiftsim quantize` writes computes, with float activations, what the integer network does.
    @Test(.enabled(if: NumpyReference.hasRuntime, "needs Python with onnxruntime"), arguments: schemes)
    func exportedModelsGiveTheSameClasses(scheme: QuantizationScheme) throws {
        let (network, report, images) = try quantized(scheme, images: 4)
        let source = try ONNXReader.read(path: ShippedModel.path)
        let model = try QuantizedModel(source, network, report)
        try Scratch.with { directory in
            let file = directory.appendingPathComponent("model.onnx")
            try ONNXWriter.data(model.network).write(to: file)
            #expect(try ShippedModel.classes(file.path, images.images) == classes(network, images))
        }
    }

    private func classes(_ network: QuantizedNetwork, _ images: ImageSet) throws -> [Int] {
        try images.images.map { image in
            let scores = try ReferenceModel.infer(network, input: network.quantizedInput(image)).values
            return try #require(scores.indices.max { scores[$0] < scores[$1] })
        }
    }

    private func quantized(
        _ scheme: QuantizationScheme, images count: Int
    ) throws -> (QuantizedNetwork, QuantizationReport, ImageSet) {
        let images = try ShippedModel.images(count)
        let (network, report) = try Quantizer.quantize(
            ONNXReader.read(path: ShippedModel.path), options: QuantizationOptions(scheme: scheme),
            calibration: Array(images.images.prefix(2)))
        return (network, report, images)
    }
}

/// The trained network of configs/models and the first test images of Fashion-MNIST.
enum ShippedModel {
    static let path = Repository.root.appendingPathComponent("configs/models/resnet20-fmnist.onnx").path

    /// On CI the images have to be there.
    static let canRun = ProcessInfo.processInfo.environment["CI"] != nil || (try? images(1)) != nil

    static func images(_ count: Int) throws -> ImageSet {
        try ImageReader.read(
            source: "fashion-mnist", first: 0, count: count, seed: 0,
            expected: Shape(channels: 1, height: 28, width: 28), normalization: .fashionMNIST)
    }

    /// The classes that onnxruntime finds with a model of that input.
    static func classes(_ model: String, _ images: [[Float]]) throws -> [Int] {
        let script = """
            import sys, numpy as np
            from shiftsim_tools import runtime
            images = np.fromfile(sys.argv[2], "<f4").reshape(-1, 1, 28, 28)
            print(*runtime.classes(sys.argv[1], images))
            """
        return try Scratch.with { directory in
            let file = directory.appendingPathComponent("images.bin")
            try images.flatMap { $0 }.withUnsafeBytes { Data($0) }.write(to: file)
            let text = try Tools.runPython(["-c", script, model, file.path])
            return text.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
        }
    }
}
