// What a layer's cycles go to, and why: the first thing to know before a key is changed.

import Machine
import Schedule
import Support

/// The cause that has most of a layer's cycles.
package enum LayerBound: String, Sendable, Codable, CaseIterable {
    /// Steps of the loop nest.
    case compute
    /// Operands from memory.
    case loads
    /// Results to memory.
    case stores
    /// Instructions from memory.
    case instructions
    /// Borders of tiles.
    case fillDrain = "fill-drain"
    /// The layer is not the array's.
    case host

    /// The largest of a layer's causes; the first of equals.
    init(_ counts: CycleCounts) {
        let all = LayerBound.allCases
        let most = all.map { $0.cycles(counts) }.max() ?? 0
        self = all.first { $0.cycles(counts) == most } ?? .compute
    }

    private func cycles(_ counts: CycleCounts) -> Int {
        switch self {
        case .compute: counts.compute
        case .loads: counts.stallLoad - counts.stallInstructions
        case .stores: counts.stallStore
        case .instructions: counts.stallInstructions
        case .fillDrain: counts.fillDrain
        case .host: counts.host
        }
    }

    /// The bound of a layer in words, with its figures.
    static func reason(_ layer: LayerRun, _ plan: LayerPlan, lanes: Int) -> String {
        let counts = layer.counts
        let bound = LayerBound(counts)
        let part = "\(TextTable.grouped(bound.cycles(counts))) of \(TextTable.grouped(counts.total)) cycles"
        switch bound {
        case .compute:
            let busy = Double(plan.macs) / Double(max(1, lanes * counts.compute))
            return "\(part) compute, with \(TextTable.percent(busy)) of the lanes at work"
        case .loads: return "\(part) wait for loads of \(TextTable.grouped(plan.readBytes)) bytes"
        case .stores: return "\(part) wait for stores of \(TextTable.grouped(plan.writtenBytes)) bytes"
        case .instructions:
            let count = plan.loads + plan.tiles + plan.stores
            return "\(part) wait for \(TextTable.grouped(count)) instructions"
        case .fillDrain: return "\(part) fill and drain the pipeline for \(TextTable.grouped(plan.tiles)) tiles"
        case .host: return "\(part) are the host's"
        }
    }
}

extension LayerBound: ReportValue {
    /// One of the words.
    package static var schema: JSONSchema { JSONSchema(["enum": .list(allCases.map { .text($0.rawValue) })]) }
    /// The word.
    package var plainText: String { rawValue }
}

extension ScheduleCliff {
    /// What to change, with the prediction.
    package var hint: String {
        "\(text) (predicted \(TextTable.grouped(neededCycles)) cycles instead of "
            + "\(TextTable.grouped(predictedCycles)))"
    }
}
