// What a simulation gives back.

/// The report of a run and its text.
public struct SimulationOutcome: Sendable {
    public var report: Report
    /// report.txt.
    public var text: String
    /// True when the run was ended early; the report then covers the images that were finished.
    public var isInterrupted: Bool

    /// Whether every output that was compared equals the reference model's.
    public var isCorrect: Bool { (report.functional.mismatches ?? 0) == 0 }
}
