// Where the cycles of a run went. The causes are counted in Observation, and summed in Machine.

import Schedule

/// Cycles of the core clock, all images; total is the sum of the others but `stallInstructions` and `predicted`.
package struct CycleSection: Sendable, Codable, Equatable {
    /// All images, one after the other.
    package var total: Int
    /// A step of the loop nest is issued.
    package var compute: Int
    /// Waiting for operands or instructions from memory.
    package var stallLoad: Int
    /// The part of `stallLoad` in which an instruction was awaited.
    package var stallInstructions: Int
    /// Waiting for results to be written.
    package var stallStore: Int
    /// The pipeline fills or drains at the border of a tile.
    package var fillDrain: Int
    /// The host computes layers, by its time model; absent where it has none.
    package var host: Int?
    /// Prediction of `total` without simulation.
    package var predicted: Int

    /// The cycles of a run.
    static func figures(of run: FinishedRun) -> CycleSection {
        let one = run.timing.perImage
        return CycleSection(
            total: run.images * one.total, compute: run.images * one.compute,
            stallLoad: run.images * one.stallLoad, stallInstructions: run.images * one.stallInstructions,
            stallStore: run.images * one.stallStore,
            fillDrain: run.images * one.fillDrain,
            host: run.program.hostLayers.isEmpty ? nil : run.images * one.host,
            predicted: run.images * run.prediction.total)
    }
}

extension CycleSection: ReportSection {
    /// The keys of the section, in the order of the documents.
    package static let fields: [ReportField<CycleSection>] = [
        ReportField(
            "total", \.total, unit: "cycles",
            "all images, one after the other = compute + stall_load + stall_store + fill_drain + host"
        ).shown(at: 7, "total").sweepColumn,
        ReportField("compute", \.compute, unit: "cycles", "a step of the loop nest is issued").shown(at: 1, "compute"),
        ReportField(
            "stall_load", \.stallLoad, unit: "cycles", "waiting for operands or instructions from memory"
        ).shown(at: 2, "waiting for loads"),
        ReportField(
            "stall_instructions", \.stallInstructions, unit: "cycles",
            "the part of stall_load in which an instruction is fetched, handed over or taken and no load is under way"
        ).shown(at: 3, "  instructions of these"),
        ReportField(
            "stall_store", \.stallStore, unit: "cycles",
            "waiting for results to be written: those that a tile overwrites, those of the layer before that the next "
                + "loads read, the last ones of the program"
        ).shown(at: 4, "waiting for stores"),
        ReportField(
            "fill_drain", \.fillDrain, unit: "cycles", "the pipeline fills or drains at the border of a tile"
        ).shown(at: 5, "filling and draining"),
        ReportField(
            "host", \.host, unit: "cycles",
            "the host computes layers, by the time model of docs/guide/Report.md; absent without such layers"
        ).shown(at: 6, "host (time model)"),
        ReportField(
            "predicted", \.predicted, unit: "cycles",
            "total by the clock of programs, without simulation: equal to it on the memories `ideal` and `fixed` without "
                + "stall_seed; on `ddr4-...` for a memory `fixed` of about their latency and bandwidth"),
    ]
}
