import Foundation
import Support

/// Who judges.
package enum CosimulationJudge: String, Sendable, CaseIterable, Codable {
    case verilator, yosys, both
}

/// What the judges found.
package struct CosimulationReport: Sendable, Codable, Equatable {
    /// Name and version of the JSON form.
    package var schema = "shiftsim.cosim/1"
    /// What one judge found.
    package struct Verdict: Sendable, Codable, Equatable {
        /// "verilator" or "yosys".
        package var judge: String
        /// Whether every signal was equal in every cycle, and every output byte.
        package var isEqual: Bool
        /// Signals compared, lane by lane.
        package var signals: Int
        /// The first difference, or a summary.
        package var message: String
    }
    /// Cycles compared.
    package var cycles: Int
    /// The program ended within the cycles.
    package var finished: Bool
    /// Signals of the kernel, lane by lane.
    package var signals: Int
    /// One for each judge that was asked.
    package var verdicts: [Verdict]
    /// Whether all judges agree with the kernel.
    package var isEqual: Bool { verdicts.allSatisfy { $0.isEqual } }
}

extension CosimulationReport {
    /// JSON, keys in alphabetical order.
    package func json() throws -> Data { try JSON.encode(self) }

    /// The report for people.
    package var text: String {
        let span = finished ? "the whole run" : "its beginning"
        var lines = ["\(cycles) cycles (\(span)), \(signals) signals of the kernel"]
        for verdict in verdicts {
            let finding = verdict.isEqual ? "equal in every cycle" : "DIFFERENT"
            lines.append("\(verdict.judge): \(finding), \(verdict.signals) signals compared")
            if !verdict.isEqual { lines.append(verdict.message) }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
