import Configuration

/// Bytes over the memory interface, all images.
package struct TrafficSection: Sendable, Codable, Equatable {
    /// Bytes from memory, instructions included.
    package var readBytes: Int
    /// Bytes to memory.
    package var writeBytes: Int
    /// Of the bandwidth of memory and ports; absent for model ideal.
    package var bandwidthFraction: Double?

    /// The traffic of a run that took some seconds.
    static func figures(of run: FinishedRun, seconds: Double) -> TrafficSection {
        let read = run.images * run.timing.readBytes
        let written = run.images * run.timing.writtenBytes
        let fraction = run.configuration.memory.bytesPerSecond.map { Double(read + written) / (seconds * $0) }
        return TrafficSection(readBytes: read, writeBytes: written, bandwidthFraction: fraction)
    }
}

extension TrafficSection: ReportSection {
    /// The keys of the section, in the order of the documents.
    package static let fields: [ReportField<TrafficSection>] = [
        ReportField(
            "read_bytes", \.readBytes, unit: "bytes",
            "from memory over the memory interface, all images, instructions included"),
        ReportField("write_bytes", \.writeBytes, unit: "bytes", "to memory, all images"),
        ReportField(
            "bandwidth_fraction", \.bandwidthFraction,
            "bytes / (total_s * what memory and ports can move); absent for model ideal"),
    ]
}
