/// The integer network, and the images it was run on.
package struct NetworkSection: Sendable, Codable, Equatable {
    /// Name of the network.
    package var name: String
    /// Array passes.
    package var layers: Int
    /// Multiply-accumulates of one image.
    package var macs: Int
    /// Of the float network.
    package var parameters: Int
    /// Images that were finished.
    package var images: Int
    /// The images in words; absent where none is read.
    package var input: String?

    /// The network of a run.
    static func figures(of run: FinishedRun) -> NetworkSection {
        let quantized = run.hardware.network
        return NetworkSection(
            name: quantized.name, layers: quantized.layers.count, macs: quantized.macs,
            parameters: quantized.parameters, images: run.images, input: run.data?.network.images.description)
    }
}

extension NetworkSection: ReportSection {
    /// The keys of the section, in the order of the documents.
    package static let fields: [ReportField<NetworkSection>] = [
        ReportField("name", \.name, "of the network"),
        ReportField("layers", \.layers, "array passes of the integer network"),
        ReportField(
            "macs", \.macs,
            "multiply-accumulates of one image: those of convolutions and fully connected layers"),
        ReportField("parameters", \.parameters, "weights, biases and normalization of the float network"),
        ReportField("images", \.images, "images that were finished; in mode `timing` one is timed for all").atLeast(1),
        ReportField("input", \.input, "the images in words; absent in mode `timing`, which reads none").onlyWithData,
    ]
}
