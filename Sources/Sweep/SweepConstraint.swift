// Constraints: `fits`, and comparisons of a report key with a number.

import Configuration
import Diagnostics

/// A comparison that a point must pass to be a candidate.
package struct SweepConstraint: Sendable, Equatable {
    /// A sign between a key and a number.
    package enum Comparison: String, Sendable, CaseIterable {
        case lessOrEqual = "<="
        case greaterOrEqual = ">="
        case equal = "=="
        case notEqual = "!="
        case less = "<"
        case greater = ">"
    }

    /// A number of the report.
    package let key: String
    /// Key SIGN bound.
    package let comparison: Comparison
    /// The number that it is compared with.
    package let bound: Double
    /// Where it stands.
    let place: String

    static func read(
        _ section: ConfigSection, mode: SweepMode
    ) throws -> (constraints: [SweepConstraint], requiresFit: Bool) {
        let accepted = "a list of: fits, and comparisons such as \"latency_s < 0.02\""
        let nodes = try section.list("constraints", accepted: accepted) { $0 } ?? []
        var constraints: [SweepConstraint] = []
        var requiresFit = false
        for node in nodes {
            guard let text = ConfigSection.text(node) else {
                throw InputError(at: node.place, "constraints: an element \(node.summary); accepted: \(accepted)")
            }
            if text == "fits" {
                requiresFit = true
            } else {
                constraints.append(try SweepConstraint(text, place: node.place, mode: mode))
            }
        }
        return (constraints, requiresFit)
    }

    private init(_ text: String, place: String, mode: SweepMode) throws {
        let words = text.split(separator: " ").map(String.init)
        guard words.count == 3, let comparison = Comparison(rawValue: words[1]), let bound = Double(words[2]),
            bound.isFinite
        else {
            let signs = Comparison.allCases.map(\.rawValue).joined(separator: " ")
            throw InputError(
                at: place,
                "constraints: '\(text.echoed)' is no constraint; accepted: fits, or KEY SIGN NUMBER, signs \(signs)")
        }
        try SweepObjective.check(words[0], place: place, in: "constraints", mode: mode)
        key = words[0]
        self.place = place
        self.comparison = comparison
        self.bound = bound
    }

    /// As in the sweep file.
    package var text: String { "\(key) \(comparison.rawValue) \(SweepNumber.text(bound))" }

    /// Whether a point's numbers pass; a number that is missing does not.
    func holds(for numbers: [String: Double]) -> Bool {
        guard let value = numbers[key] else { return false }
        return switch comparison {
        case .less: value < bound
        case .lessOrEqual: value <= bound
        case .greater: value > bound
        case .greaterOrEqual: value >= bound
        case .equal: value == bound
        case .notEqual: value != bound
        }
    }
}
