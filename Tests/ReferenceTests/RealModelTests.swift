// On trained networks and real images: is the reference model what numpy computes, and does it classify?
// The models are not part of the package; without ../shared/data the suite is skipped.

import Foundation
import NetworkReaders
import Networks
import Quantizer
import ReferenceModel
import TestSupport
import Testing

@Suite(.serialized, .enabled(if: RealModel.isPresent, "needs ../shared/data")) struct RealModelTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var model: String
        var scheme: QuantizationScheme
        /// Images of the 16 that must be classified right; float gets 15.
        var correct: Int
        var testDescription: String { "\(model) \(scheme)" }
    }

    static let cases = [
        Case(model: "resnet20_cifar10_float", scheme: .fixed(bits: 16), correct: 15),
        Case(model: "resnet20_cifar10_float", scheme: .nBQ(bits: 4), correct: 13),
        Case(model: "resnet20_cifar10_float", scheme: .lightNN(terms: 1, bits: 4), correct: 12),
        Case(model: "resnet20_cifar10_float", scheme: .lightNN(terms: 2, bits: 4), correct: 14),
        Case(model: "resnet20_cifar10_float", scheme: .flightNN(bits: 4), correct: 14),
        Case(model: "resnet20_cifar10_pot3", scheme: .asIs, correct: 10),
        Case(model: "resnet20_cifar10_pot4", scheme: .asIs, correct: 12),
        Case(model: "resnet20_cifar10_pot5", scheme: .asIs, correct: 12),
    ]

    /// Sixteen images, all layers. The comparison with numpy needs Python; without it the classes are still checked.
    @Test(arguments: cases)
    func everyLayerIsWhatNumpyComputesAndImagesAreClassified(example: Case) throws {
        let network = try quantized(example, images: 2)
        let images = try RealModel.images(16)
        let inputs = try images.map { try network.quantizedInput($0.values) }
        let expected = Tools.python == nil ? nil : try NumpyReference.run(network, inputs: inputs)
        var correct = 0
        for index in images.indices {
            var tensors = try ReferenceModel.inferAll(network, input: inputs[index])
            tensors[Network.inputName] = nil
            if let expected { #expect(tensors == expected[index]) }
            let scores = try #require(network.layers.last.flatMap { tensors[$0.name] }).values
            if scores.indices.max(by: { scores[$0] < scores[$1] }) == images[index].label { correct += 1 }
        }
        #expect(correct >= example.correct)
    }

    private func quantized(_ example: Case, images: Int) throws -> QuantizedNetwork {
        let network = try ONNXReader.read(path: RealModel.path("models/\(example.model).onnx"))
        return try Quantizer.quantize(
            network, options: QuantizationOptions(scheme: example.scheme),
            calibration: RealModel.images(images).map(\.values)
        ).0
    }
}

/// Trained models and CIFAR-10 images beside the package.
enum RealModel {
    static let isPresent = FileManager.default.fileExists(atPath: path("cifar10/test-16.bin"))

    static func path(_ name: String) -> String {
        Repository.root.deletingLastPathComponent().appendingPathComponent("shared/data/\(name)").path
    }

    /// The first of 16 test images: CIFAR records (label, 3072 bytes), normalised as the models were trained.
    static func images(_ count: Int) throws -> [(label: Int, values: [Float])] {
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path("cifar10/test-16.bin"))))
        let mean: [Float] = [0.485, 0.456, 0.406]
        let deviation: [Float] = [0.229, 0.224, 0.225]
        return (0..<count).map { index in
            let start = index * 3073
            let values = (0..<3072).map { position in
                let channel = position / 1024
                return (Float(bytes[start + 1 + position]) / 255 - mean[channel]) / deviation[channel]
            }
            return (Int(bytes[start]), values)
        }
    }
}
