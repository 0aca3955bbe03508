// What a simulation gives back.

import Reports

/// The report of a run and its text.
package struct SimulationOutcome: Sendable {
    /// report.json.
    package var report: Report
    /// report.txt.
    package var text: String
    /// True when the run was ended early; the report then covers the images that were finished.
    package var isInterrupted: Bool

    /// Whether every output that was compared equals the reference model's.
    package var isCorrect: Bool { (report.functional.mismatches ?? 0) == 0 }
}
