// The tables of a sweep: the same bytes whatever the number of jobs.

import Flows
import Foundation
import Output
import Support

/// All rows of a sweep in grid order, and its Pareto front.
package struct SweepResult: Sendable {
    let plan: SweepPlan
    /// Finished rows in grid order.
    package let rows: [SweepRow]
    /// Whether the sweep was ended before all points were done.
    package let isPartial: Bool

    /// The rows that no other candidate beats in every objective; empty without objectives.
    package var front: [SweepRow] {
        guard !plan.objectives.isEmpty else { return [] }
        return SweepObjective.front(rows.map { $0.isCandidate ? $0.numbers : nil }, plan.objectives).map { rows[$0] }
    }

    /// Whether every output that was compared equals the reference model's.
    package var isCorrect: Bool { rows.allSatisfy { ($0.numbers["functional.mismatches"] ?? 0) == 0 } }

    /// Constraints and objectives that no row with a result has the number of.
    package var absentKeys: [String] {
        let evaluated = rows.filter(\.isEvaluated)
        let named = plan.constraints.map(\.key) + plan.objectives.map(\.key)
        guard !evaluated.isEmpty else { return [] }
        return named.filter { key in evaluated.allSatisfy { $0.numbers[key] == nil } }
    }

    /// sweep.csv.
    package var table: String { text(rows) }
    /// pareto.csv.
    package var frontTable: String { text(front) }

    private var columns: [String] {
        var columns = SweepKeys.columns(plan.mode)
        for key in plan.constraints.map(\.key) + plan.objectives.map(\.key) where !columns.contains(key) {
            columns.append(key)
        }
        return columns
    }

    private func text(_ rows: [SweepRow]) -> String {
        let header = plan.keys + ["fits"] + columns + ["error"]
        let lines = rows.map { row -> [String] in
            let values = plan.keys.map { row.point[$0] ?? "" } + [row.fits.map { "\($0)" } ?? ""]
            return values + columns.map { row.numbers[$0].map(SweepNumber.text) ?? "" } + [row.error ?? ""]
        }
        return ([header] + lines).map { $0.map(CSVField.text).joined(separator: ",") + "\n" }.joined()
    }

    /// Rows and front as JSON.
    package func json() throws -> Data {
        struct Document: Encodable {
            var schema = "shiftsim.sweep/1"
            var rows: [SweepRow]
            var pareto: [SweepRow]
        }
        return try JSON.encode(Document(rows: rows, pareto: front))
    }

    /// Writes sweep.csv and, with objectives, pareto.csv. Throws `InputError` when the folder cannot be written.
    package func write(to output: ResultFolder) throws {
        try output.write("sweep.csv", text: table)
        if !plan.objectives.isEmpty { try output.write("pareto.csv", text: frontTable) }
        try output.publish()
    }
}
