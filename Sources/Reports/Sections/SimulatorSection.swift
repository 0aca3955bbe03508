import Configuration
import Support

/// How fast the simulator was: all of it depends on the computer.
package struct SimulatorSection: Sendable, Codable, Equatable {
    /// Seconds of the array's images.
    package var wallS: Double
    /// Cycles of the array's images by `wallS`.
    package var cyclesPerS: Double
    /// Lanes times compute cycles of the array's images by `wallS`; absent where lanes compute nothing.
    package var laneUpdatesPerS: Double?
    /// Largest resident memory of the process.
    package var peakRssBytes: Int
    /// As configured.
    package var threads: Int

    /// The speed of a run.
    static func figures(of run: FinishedRun) -> SimulatorSection {
        let wall = max(run.wallSeconds, 1e-9)
        let cycles = run.simulatedImages * (run.timing.perImage.total - run.timing.perImage.host)
        return SimulatorSection(
            wallS: wall, cyclesPerS: Double(cycles) / wall,
            laneUpdatesPerS: run.data.map { Double($0.result.laneUpdates) / wall },
            peakRssBytes: ProcessMemory.peakBytes, threads: run.configuration.run.threads)
    }
}

extension SimulatorSection: ReportSection {
    /// The keys of the section, in the order of the documents.
    package static let fields: [ReportField<SimulatorSection>] = [
        ReportField(
            "wall_s", \.wallS, unit: "s",
            "of the array's images, or of timing one, without reading, quantizing, checking and the reference model"),
        ReportField("cycles_per_s", \.cyclesPerS, unit: "1/s", "cycles of these images, without the host's, by wall_s"),
        ReportField(
            "lane_updates_per_s", \.laneUpdatesPerS, unit: "1/s",
            "lanes * compute cycles of these images by wall_s; absent in mode `timing`"
        ).onlyWithData,
        ReportField("peak_rss_bytes", \.peakRssBytes, unit: "bytes", "largest resident memory of the process"),
        ReportField("threads", \.threads, "as configured").atLeast(1),
    ]
}
