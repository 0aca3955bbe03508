import Configuration
import Diagnostics
import NetworkReaders
import Networks

/// Reads the images of a run and those that calibrate its quantization.
package struct ImageSource {
    let settings: NetworkSettings
    let quantization: QuantizationSettings
    let shape: Shape
    /// Of pixels that become inputs.
    let pixels: PixelRule
    private let outputs: Int
    private let classes: [String]?

    /// Reads nothing yet. Throws `InputError` for a normalization that does not fit the network.
    package init(
        _ settings: NetworkSettings, _ quantization: QuantizationSettings, network: NetworkHeader
    ) throws {
        self.settings = settings
        self.quantization = quantization
        shape = network.input
        outputs = network.outputs
        classes = ClassNames.of(network.metadata, count: outputs)
        pixels = try PixelRule(settings, network: network)
    }

    /// The images of the run. Throws `InputError`, and `EnvironmentProblem` for what is not installed.
    package func images() throws -> ImageSet {
        var set = try read(settings.images, first: settings.first, count: settings.count)
        try requireBytes(set)
        if let path = settings.labels { set.labels = try labels(path, of: set) }
        set.description += pixels.text(holdsBytes: set.holdsBytes, isSynthetic: set.available == nil)
        return set
    }

    /// Floats are taken as they are: a normalization that nothing uses must not look as if it were.
    private func requireBytes(_ set: ImageSet) throws {
        guard case .list = settings.mean, quantization.calibration == nil, !set.holdsBytes, set.available != nil else {
            return
        }
        throw InputError(
            at: "network.input.mean",
            "is for 8-bit images, and \(settings.images) holds floats, which are taken as they are; accepted: none")
    }

    private func labels(_ path: String, of set: ImageSet) throws -> [Int] {
        let labels = try LabelReader.read(path: path, count: outputs, classes: set.classes ?? classes)
        let needed = settings.first + settings.count
        guard set.available.map({ $0 == labels.count }) ?? (labels.count >= needed) else {
            throw InputError(
                at: path, "has \(labels.count) labels; the images are \(set.available ?? needed): one label each")
        }
        return Array(labels[settings.first..<needed])
    }

    /// `calibration_images` from the start of the calibration source. Without one: from the start of the run's named
    /// source, or, for files, the first of the run's own images. Throws `InputError` where there are fewer than asked for.
    package func calibrationImages(like run: ImageSet) throws -> [[Float]] {
        let count = quantization.calibrationImages ?? QuantizationSettings.mostCalibrationImages
        if let source = quantization.calibration {
            return try read(source, first: 0, count: count).images
        }
        if ImageReader.namedSources.contains(settings.images) {
            return try read(settings.images, first: 0, count: count).images
        }
        if let asked = quantization.calibrationImages, asked > run.images.count {
            throw InputError(
                at: "quantization.calibration_images",
                "is \(asked), the run has \(run.images.count) images; accepted: auto, 1...\(run.images.count)")
        }
        return Array(run.images.prefix(count))
    }

    private func read(_ source: String, first: Int, count: Int) throws -> ImageSet {
        try ImageReader.read(
            source: source, first: first, count: count, seed: UInt64(settings.imageSeed), expected: shape,
            normalization: pixels.normalization)
    }
}
