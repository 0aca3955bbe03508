// Sections `energy` and `activity`: what energy is charged by, and what is counted for it.

import Energy
import Foundation
import Support

/// The coefficients of a run's energy, and what is counted.
package struct EnergySettings: Sendable, Hashable {
    /// A row for everything that takes energy.
    package var table = EnergyTable.builtIn
    /// The absolute path of the table's file; nil: the built-in one.
    package var path: String?
    /// Whether outputs of logic are counted beside registers.
    package var countsNets = false

    static let keys = [
        ConfigKey(
            "energy.table",
            .text("`\(EnergyTable.builtInName)`, or a CSV file as `shiftsim energy-table --csv` prints it"),
            "energy of each event, with bounds and sources (docs/guide/Energy.md)"
        ) { section, name, configuration in
            let accepted = "\(EnergyTable.builtInName), or a CSV file as `shiftsim energy-table --csv` prints it"
            guard let text = try section.string(name, accepted: accepted), text != EnergyTable.builtInName else {
                return
            }
            let path = try section.existing(text, name, words: [EnergyTable.builtInName], accepted: accepted)
            let limit = 1 << 20
            guard let data = FileManager.default.contents(atPath: path), data.count <= limit,
                let content = String(data: data, encoding: .utf8)
            else {
                throw section.error(
                    name, "'\(text.echoed)' is no text file of up to \(limit) bytes; accepted: \(accepted)")
            }
            configuration.energy.table = try EnergyTable(
                csv: content, name: (path as NSString).lastPathComponent, place: text)
            configuration.energy.path = path
        } write: { configuration, form in
            guard let path = configuration.energy.path else { return EnergyTable.builtInName }
            switch form {
            case .file: return ConfigKey.path(path, form)
            case .hash: return SHA256.hexadecimal(configuration.energy.table.csv.utf8)
            }
        },
        ConfigKey.boolean(
            "activity.nets", \.energy.countsNets,
            "mode `full`: count outputs of logic, too, on the plain kernel (slow); else logic toggles as the registers of its "
                + "module do"
        ).only(when: { $0.run.mode == .full }, else: "only in run.mode full, where toggles are counted"),
    ]
}
