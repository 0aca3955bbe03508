// What a simulation gives back.

import Reports
import Support

/// The report of a run and its text.
package struct SimulationOutcome: Sendable {
    /// report.json.
    package var report: Report
    /// What the text says besides.
    var context: ReportContext
    /// True when the run was ended early; the report then covers the images that were finished.
    package var isInterrupted: Bool

    /// The report for people, for a place of `TextTable.width` columns: report.txt where that is 80.
    package var text: String { ReportText(report, context).text }

    /// Whether every output that was compared equals the reference model's.
    package var isCorrect: Bool { (report.functional?.mismatches ?? 0) == 0 }
}
