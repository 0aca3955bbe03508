import Configuration
import NetworkReaders
import Networks

/// Reads the images of a run and those that calibrate its quantization.
package struct ImageSource {
    let settings: NetworkSettings
    let quantization: QuantizationSettings
    let shape: Shape
    /// Of pixels that become inputs.
    let normalization: Normalization

    /// Normalization: the configured one, the model's own, or the default of the input's channels.
    package init(_ settings: NetworkSettings, _ quantization: QuantizationSettings, network: Network) throws {
        self.settings = settings
        self.quantization = quantization
        shape = network.input
        if let mean = settings.mean, let std = settings.std {
            normalization = Normalization(mean: mean, std: std)
        } else {
            normalization =
                try Normalization(metadata: network.metadata, place: network.name)
                ?? .standard(channels: network.input.channels)
        }
    }

    /// The images of the run. Throws `InputError`, and `EnvironmentProblem` for what is not installed.
    package func images() throws -> ImageSet {
        try read(settings.images, first: settings.first, count: settings.count)
    }

    /// `calibration_images` from the start of the calibration source. Without one: from the start of the run's named
    /// source, or, for files, the first of the run's own images.
    package func calibrationImages(like run: ImageSet) throws -> [[Float]] {
        let count = quantization.calibrationImages
        if let source = quantization.calibration { return try read(source, first: 0, count: count).images }
        if ImageReader.namedSources.contains(settings.images) {
            return try read(settings.images, first: 0, count: count).images
        }
        return Array(run.images.prefix(count))
    }

    private func read(_ source: String, first: Int, count: Int) throws -> ImageSet {
        try ImageReader.read(
            source: source, first: first, count: count, seed: UInt64(settings.imageSeed), expected: shape,
            normalization: normalization)
    }
}
