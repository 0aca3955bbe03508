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

    /// Reads, quantizes and hashes; `phase` is told what comes next. With a store, a network that was quantized in this
    /// way before is taken from there, and any other is kept there. Throws `InputError`, and `EnvironmentProblem` for
    /// what is not installed. Cost: the float network on every calibration image.
    package static func prepare(
        _ settings: NetworkSettings, _ quantization: QuantizationSettings, store: NetworkStore? = nil,
        phase: (Phase) -> Void = { _ in }
    ) throws -> PreparedNetwork {
        phase(.reading)
        let model = try ModelBytes(NetworkSource(settings))
        let shelf = quantization.cache ? store.flatMap { StoreShelf($0, settings.model, model) } : nil
        let network = try LazyNetwork(model.source, header: shelf?.header())
        let reader = try ImageSource(settings, quantization, network: network.header)
        let images = try reader.images()
        let calibration = try reader.calibrationImages(like: images)
        phase(.quantizing)
        let options = quantization.options(modelHasCodes: network.header.hasCodes)
        let quantized =
            try shelf?.network(options, calibration)
            ?? Quantizer.quantize(network.take(), options: options, calibration: calibration)
        if network.isRead, shelf != nil, try model.isStill() {
            shelf?.keep(network.header, quantized, options, calibration)
        }
        return PreparedNetwork(
            metadata: network.header.metadata, images: (images, calibration.count, reader.pixels),
            quantized: quantized, inputs: try images.images.map(quantized.0.quantizedInput),
            fingerprint: fingerprint(model, images, calibration: calibration))
    }

    private static func fingerprint(_ model: ModelBytes, _ images: ImageSet, calibration: [[Float]]) -> String {
        var hash = model.hash
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
