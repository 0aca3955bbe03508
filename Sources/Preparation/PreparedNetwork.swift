// Everything of a run that does not depend on the accelerator: the network, its images and the integer network.
// Runs that differ in the accelerator only share one.

import Configuration
import Diagnostics
import NetworkReaders
import Networks
import Quantizer
import Support

/// A network, quantized, with images to run it on.
package struct PreparedNetwork: Sendable {
    /// Properties of the model file, such as `classes`.
    package let metadata: [String: String]
    /// The images of the run, as floats.
    package let images: ImageSet
    /// How pixels became the network's inputs.
    package let pixels: PixelRule
    /// Images that the activation ranges were offered.
    package let calibrationImages: Int
    /// The integer network.
    package let quantized: QuantizedNetwork
    /// What quantization did, layer by layer.
    package let quantization: QuantizationReport
    /// The images as the array gets them.
    package let inputs: [IntegerTensor]
    /// SHA-256 over the model file and every image and label used.
    package let fingerprint: String

    private init(
        metadata: [String: String], images: (run: ImageSet, calibration: Int, pixels: PixelRule),
        quantized: (QuantizedNetwork, QuantizationReport),
        inputs: [IntegerTensor], fingerprint: String
    ) {
        self.metadata = metadata
        (self.images, calibrationImages, pixels) = images
        (self.quantized, quantization) = quantized
        self.inputs = inputs
        self.fingerprint = fingerprint
    }

    /// Reads, quantizes and hashes; `phase` is told what comes next. Throws `InputError`, and `EnvironmentProblem` for
    /// what is not installed. Cost: the float network on every calibration image.
    package static func prepare(
        _ settings: NetworkSettings, _ quantization: QuantizationSettings, phase: (Phase) -> Void = { _ in }
    ) throws -> PreparedNetwork {
        phase(.reading)
        let source = NetworkSource(settings)
        let network = try source.network()
        let reader = try ImageSource(settings, quantization, network: network)
        let images = try reader.images()
        let calibration = try reader.calibrationImages(like: images)
        phase(.quantizing)
        let quantized = try Quantizer.quantize(
            network, options: quantization.options(modelHasCodes: network.hasCodes), calibration: calibration)
        return PreparedNetwork(
            metadata: network.metadata, images: (images, calibration.count, reader.pixels),
            quantized: quantized,
            inputs: try images.images.map(quantized.0.quantizedInput),
            fingerprint: try fingerprint(source, images, calibration: calibration))
    }

    private static func fingerprint(
        _ source: NetworkSource, _ images: ImageSet, calibration: [[Float]]
    ) throws -> String {
        var hash = SHA256()
        try source.hash(into: &hash)
        for image in images.images + calibration { hash.update(image) }
        hash.update((images.labels ?? []).map { Int32($0) })
        return hash.finish()
    }

    /// Names of the classes, where the images or the model have them.
    package var classes: [String]? {
        if let classes = images.classes { return classes }
        return ClassNames.of(metadata, count: quantized.layers.last?.outputShape.count)
    }
}
