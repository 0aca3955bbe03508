// The keys of report.json that constraints and objectives may name: every number that does not depend on the machine
// the sweep ran on. They are the rows of `Report.fields`.

import Configuration
import Preparation
import Reports

enum SweepKeys {
    /// Numbers of a report, in the order of its documents.
    private static let rows = Report.fields.all.filter { $0.isSingleNumber && !$0.isOfMachine }

    /// Keys that reports of a mode have; where one is optional, some reports only.
    static func accepted(_ mode: RunSettings.Mode) -> [String] {
        rows.filter { mode == .full || !$0.isOnlyInFull }.map(\.path)
    }

    /// Whether a key is in reports of mode full only.
    static func needsFull(_ key: String) -> Bool { rows.contains { $0.path == key && $0.isOnlyInFull } }

    /// Columns that every results table has.
    static let columns = rows.filter(\.isSweepColumn).map(\.path)

    /// Every number of a report that a sweep keeps, by its key.
    static func numbers(_ report: Report) -> [String: Double] { numbers(report, rows) }

    /// The same of a point that was not simulated: its resources.
    static func numbers(_ resources: ResourceReport) -> [String: Double] {
        let rows = ResourceReport.rows(below: "resources") { (resources: ResourceReport) in resources }
        return numbers(resources, rows.flatMap(\.all).filter(\.isSingleNumber))
    }

    private static func numbers<Root>(_ root: Root, _ rows: [ReportField<Root>]) -> [String: Double] {
        let found = rows.compactMap { row in row.number(root).map { (row.path, $0) } }
        return Dictionary(uniqueKeysWithValues: found)
    }
}
