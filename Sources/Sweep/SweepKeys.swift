// The keys that constraints and objectives may name: every number of report.json that does not depend on the machine
// the sweep ran on (the rows of `Report.fields`), and in mode `estimate` every number of an estimate.

import Configuration
import Preparation
import Reports

enum SweepKeys {
    /// Numbers of a report, in the order of its documents.
    private static let rows = Report.fields.all.filter { $0.isSingleNumber && !$0.isOfMachine }
    /// Numbers of an estimate.
    private static let estimateRows = Estimate.fields.flatMap(\.all).filter(\.isSingleNumber)

    /// Keys that rows of a mode have; where one is optional, some rows only.
    static func accepted(_ mode: SweepMode) -> [String] {
        switch mode {
        case .full: rows.map(\.path)
        case .functional: rows.filter { !$0.isOnlyInFull }.map(\.path)
        case .timing: rows.filter { !$0.isOnlyWithData }.map(\.path)
        case .estimate: estimateRows.map(\.path)
        }
    }

    /// The modes whose rows have a key, in words; nil for none.
    static func modes(of key: String) -> String? {
        let modes = SweepMode.allCases.filter { accepted($0).contains(key) }.map(\.rawValue)
        return modes.isEmpty ? nil : modes.joined(separator: " or ")
    }

    /// Columns that every results table of a mode has.
    static func columns(_ mode: SweepMode) -> [String] {
        switch mode {
        case .full, .functional: rows.filter(\.isSweepColumn).map(\.path)
        case .timing: rows.filter { $0.isSweepColumn && !$0.isOnlyWithData }.map(\.path)
        case .estimate: estimateRows.filter(\.isSweepColumn).map(\.path)
        }
    }

    /// Every number of a report that a sweep keeps, by its key.
    static func numbers(_ report: Report) -> [String: Double] { numbers(report, rows) }

    /// The same of an estimate.
    static func numbers(_ estimate: Estimate) -> [String: Double] { numbers(estimate, estimateRows) }

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
