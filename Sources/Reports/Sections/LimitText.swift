// What limits a run, in a sentence: where the time of the lanes goes, the largest loss first.

import Machine
import Support

/// The sentence. Shares are of all lanes in all cycles; together with those at work they are 100 %.
struct LimitText {
    private let cycles: CycleSection
    private let layers: [LayerSection]
    /// Share at work.
    private let work: Double
    private let bandwidth: Double?
    private let lanes: Int

    /// Above this share of the memory's bandwidth no schedule gets much more out of it: two ports or DRAM banks in turn move
    /// 80 % of their peak on a board (docs/sources.md).
    private static let fullBandwidth = 0.8

    /// Up to here a loss is what borders of tiles and channels take anyway: more lanes make the run faster in proportion.
    private static let smallLoss = 0.1

    init(_ cycles: CycleSection, _ layers: [LayerSection], utilization: Double, bandwidth: Double?, lanes: Int) {
        (self.cycles, self.layers, work) = (cycles, layers, utilization)
        (self.bandwidth, self.lanes) = (bandwidth, lanes)
    }

    private func share(_ count: Int) -> Double { Double(count) / Double(max(1, cycles.total)) }

    /// Of lanes that have no work in cycles that compute.
    private var idle: Double { max(0, share(cycles.compute) - work) }

    private enum Cause: CaseIterable { case idle, memory, instructions, fillDrain, host }

    private func loss(_ cause: Cause) -> Double {
        switch cause {
        case .idle: idle
        case .memory: share(cycles.stallLoad - cycles.stallInstructions + cycles.stallStore)
        case .instructions: share(cycles.stallInstructions)
        case .fillDrain: share(cycles.fillDrain)
        case .host: share(cycles.host ?? 0)
        }
    }

    var text: String {
        let order = Cause.allCases.map { (cause: $0, loss: loss($0)) }.sorted { $0.loss > $1.loss }
        let atWork = "\(TextTable.percent(work)) of the time of \(TextTable.grouped(lanes)) lanes is work"
        guard let most = order.first, most.loss > LimitText.smallLoss else {
            return "the number of lanes: \(atWork)"
        }
        return "\(words(most.cause, most.loss)); \(atWork)"
    }

    private func words(_ cause: Cause, _ loss: Double) -> String {
        let part = TextTable.percent(loss)
        switch cause {
        case .idle:
            let worst = layers.max { idleLanes($0) < idleLanes($1) }
            let name = worst.map { ", most of it in \($0.name)" } ?? ""
            return "the shapes of the layers: \(part) goes to lanes without a channel or pixel while others "
                + "compute\(name)"
        case .memory:
            guard let bandwidth else { return "the beats of the memory interface: \(part) waits for loads and stores" }
            let moves = "\(TextTable.percent(bandwidth)) of the memory's bandwidth is used"
            return bandwidth > LimitText.fullBandwidth
                ? "the memory: \(part) waits for loads and stores, and \(moves)"
                : "the way to memory: \(part) waits for loads and stores, though only \(moves)"
        case .instructions: return "instructions: \(part) waits for them"
        case .fillDrain: return "small tiles: \(part) fills and drains the pipeline"
        case .host: return "the host: \(part) is its layers'"
        }
    }

    /// Lanes without work, in cycles that compute.
    private func idleLanes(_ layer: LayerSection) -> Double {
        Double(layer.computeCycles) - layer.utilization * Double(layer.cycles)
    }
}
