// Everything of a run that does not depend on the accelerator: the network, its images and the integer network.
// Runs that differ in the accelerator only share one.

import Foundation
import NetworkReaders
import Networks
import Quantizer

/// A network, quantized, with images to run it on.
public struct PreparedNetwork: Sendable {
    /// Properties of the model file, such as `classes`.
    public let metadata: [String: String]
    public let images: ImageSet
    public let quantized: QuantizedNetwork
    public let quantization: QuantizationReport
    /// The images as the array gets them.
    public let inputs: [IntegerTensor]
    /// SHA-256 over the model file and every image used.
    public let fingerprint: String

    /// Reads, quantizes and hashes. Throws `InputError`, and `EnvironmentProblem` for what is not installed.
    public init(_ settings: NetworkSettings, _ quantization: QuantizationSettings) throws {
        let source = NetworkSource(settings)
        let network = try source.network()
        let reader = try ImageSource(settings, quantization, network: network)
        images = try reader.images()
        let calibration = try reader.calibrationImages(like: images)
        (quantized, self.quantization) = try Quantizer.quantize(
            network, options: quantization.options(modelHasCodes: network.hasCodes), calibration: calibration)
        inputs = try images.images.map(quantized.quantizedInput)
        metadata = network.metadata
        fingerprint = try PreparedNetwork.fingerprint(source, images.images + calibration)
    }

    private static func fingerprint(_ source: NetworkSource, _ images: [[Float]]) throws -> String {
        var hash = SHA256()
        if let path = try source.path() { hash.update([UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))) }
        for image in images { hash.update(image) }
        return hash.finish()
    }

    /// Names of the classes, where the images or the model have them.
    public var classes: [String]? {
        if let classes = images.classes { return classes }
        guard let text = metadata["classes"] else { return nil }
        let trimmed = text.trimmingCharacters(in: CharacterSet(charactersIn: "[] "))
        let names = trimmed.split(separator: ",").map { $0.trimmingCharacters(in: CharacterSet(charactersIn: " \"'")) }
        return names.count == quantized.layers.last?.outputShape.count ? names : nil
    }
}
