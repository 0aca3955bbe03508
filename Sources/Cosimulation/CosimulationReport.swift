import Foundation
import Support

/// Who judges.
package enum CosimulationJudge: String, Sendable, CaseIterable, Codable {
    case verilator, yosys, both
}

/// What the judges found.
package struct CosimulationReport: Sendable, Codable, Equatable {
    package var schema = "shiftsim.cosim/1"
    package struct Verdict: Sendable, Codable, Equatable {
        package var judge: String
        package var isEqual: Bool
        /// Signals compared, lane by lane.
        package var signals: Int
        /// The first difference, or a summary.
        package var message: String
    }
    package var cycles: Int
    /// The program ended within the cycles.
    package var finished: Bool
    /// Signals of the kernel, lane by lane.
    package var signals: Int
    package var verdicts: [Verdict]
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
