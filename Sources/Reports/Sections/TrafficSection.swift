import Configuration
import ExternalMemory

/// Bytes over the memory interface, all images.
package struct TrafficSection: Sendable, Codable, Equatable {
    /// Bytes from memory, instructions included.
    package var readBytes: Int
    /// Bytes to memory.
    package var writeBytes: Int
    /// Of the bandwidth of memory and ports; absent for model ideal.
    package var bandwidthFraction: Double?
    /// Accesses of 64 bytes; this and all below absent where there is no DRAM.
    package var accesses: Int?
    /// Rows opened.
    package var activates: Int?
    /// Accesses that found their row open.
    package var rowHits: Int?
    /// Accesses that found another row open.
    package var rowConflicts: Int?
    /// Refreshes of all banks.
    package var refreshes: Int?
    /// Changes of the bus between reads and writes.
    package var turnarounds: Int?
    /// Of the DRAM's clocks, those with data on the bus.
    package var busyFraction: Double?

    /// The traffic of a run that took some seconds.
    static func figures(of run: FinishedRun, seconds: Double) -> TrafficSection {
        let read = run.images * run.timing.readBytes
        let written = run.images * run.timing.writtenBytes
        let fraction = run.configuration.memory.bytesPerSecond.map { Double(read + written) / (seconds * $0) }
        var result = TrafficSection(readBytes: read, writeBytes: written, bandwidthFraction: fraction)
        guard let dram = run.timing.dram, let rules = run.configuration.memory.model.dram else { return result }
        result.accesses = run.images * (dram.reads + dram.writes)
        result.activates = run.images * dram.activates
        result.rowHits = run.images * dram.rowHits
        result.rowConflicts = run.images * dram.rowConflicts
        result.refreshes = run.images * dram.refreshes
        result.turnarounds = run.images * dram.turnarounds
        result.busyFraction =
            Double(run.images * dram.busyClocks) / (seconds * Double(rules.timing.clockKHz) * 1000)
        return result
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
        ReportField(
            "accesses", \.accesses,
            "of the DRAM, 64 bytes each, which a burst touches wholly or in part; absent, as all below, for models ideal "
                + "and fixed"),
        ReportField("activates", \.activates, "rows opened; absent as accesses"),
        ReportField("row_hits", \.rowHits, "accesses that found their row open; absent as accesses"),
        ReportField(
            "row_conflicts", \.rowConflicts, "accesses that found another row of their bank open; absent as accesses"),
        ReportField("refreshes", \.refreshes, "of all banks; absent as accesses"),
        ReportField("turnarounds", \.turnarounds, "changes of the bus between reads and writes; absent as accesses"),
        ReportField(
            "busy_fraction", \.busyFraction,
            "of the DRAM's clocks in total_s, those with data on its bus; absent as accesses"),
    ]
}
