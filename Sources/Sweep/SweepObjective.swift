// Objectives, and the Pareto front over them.

import Configuration
import Diagnostics

#if MUTANTS
    import Mutants
#endif

/// A report key to make small or large.
package struct SweepObjective: Sendable, Equatable {
    /// A number of the report.
    package let key: String
    /// Whether smaller is better.
    package let isMinimum: Bool
    /// Where it stands.
    let place: String

    static func read(_ section: ConfigSection, mode: SweepMode, file: String) throws -> [SweepObjective] {
        guard let node = section.node("objectives") else { return [] }
        guard case .mapping(let entries) = node.content else {
            throw section.error("objectives", "\(node.summary); accepted: a mapping of report keys to min or max")
        }
        return try entries.map { entry in
            try check(entry.key, place: entry.place, in: "objectives", mode: mode)
            let values = try ConfigSection(node, path: "objectives", keys: entries.map(\.key), file: file)
            return SweepObjective(
                key: entry.key, isMinimum: try values.word(entry.key, oneOf: ["min", "max"]) == "min",
                place: entry.place)
        }
    }

    /// Throws unless a report of this mode has the number.
    static func check(_ key: String, place: String, in section: String, mode: SweepMode) throws {
        let accepted = SweepKeys.accepted(mode)
        if accepted.contains(key) { return }
        let list = accepted.joined(separator: ", ")
        if let others = SweepKeys.modes(of: key) {
            throw InputError(.unsupported, at: place, "\(section): \(key) needs mode: \(others); accepted: \(list)")
        }
        let meant = Suggestion.text(for: key, among: accepted)
        throw InputError(
            at: place, "\(section): '\(key.echoed)' is no number of the report\(meant); accepted: \(list)")
    }

    /// Indices of the rows that no other row dominates, in order. Rows without all numbers are no candidates.
    static func front(_ rows: [[String: Double]?], _ objectives: [SweepObjective]) -> [Int] {
        let scores = rows.map { numbers -> [Double]? in
            let values = objectives.compactMap { objective in
                numbers?[objective.key].map { objective.isMinimum ? $0 : -$0 }
            }
            return numbers != nil && values.count == objectives.count ? values : nil
        }
        return scores.indices.filter { index in
            guard let own = scores[index] else { return false }
            return !scores.contains { other in
                guard let other else { return false }
                #if MUTANTS
                    if isPlanted("pareto-equal"), !zip(other, own).allSatisfy({ $0 < $1 }) { return false }
                #endif
                return zip(other, own).allSatisfy { $0 <= $1 } && other != own
            }
        }
    }
}
