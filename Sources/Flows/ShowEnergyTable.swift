// The flow behind `shiftsim energy-table`.

import Energy
import Foundation
import Support

extension Flow {
    private struct Row: Encodable {
        var element, unit: String
        var value, low, high: Double
        var group, part: String
        var component, rail: String?
        var source: String

        init(_ row: EnergyRow) {
            (element, unit) = (row.element.rawValue, row.unit.rawValue)
            (value, low, high) = (row.range.value, row.range.low, row.range.high)
            (group, part, source) = (row.group, row.part.rawValue, row.source)
            component = row.component.isEmpty ? nil : row.component
            rail = row.rail.isEmpty ? nil : row.rail
        }
    }

    /// A JSON list with an object for each row.
    package static func energyTableJSON(_ table: EnergyTable) throws -> Data {
        try JSON.encode(table.rows.map(Row.init))
    }

    /// The rows for people.
    package static func energyTableText(_ table: EnergyTable) -> String {
        var text = TextTable(["element", "unit", "value", "low", "high", "rail"], left: [0, 1, 5])
        for row in table.rows {
            let numbers = [row.range.value, row.range.low, row.range.high].map { "\($0)" }
            text.add([row.element.rawValue, row.unit.rawValue] + numbers + [row.rail])
        }
        let sources = table.rows.flatMap { TextTable.wrapped("\($0.element.rawValue): \($0.source)", indent: 2) }
        return (["table \(table.name)", ""] + text.lines + [""] + sources).joined(separator: "\n") + "\n"
    }
}
