import Configuration
import Energy
import ExternalMemory
import Machine

/// One layer of the first image; every image takes the same cycles.
package struct LayerSection: Sendable, Codable, Equatable {
    /// Name of the layer.
    package var name: String
    /// What it computes, or `host`.
    package var kind: String
    /// Multiply-accumulates.
    package var macs: Int
    /// compute_cycles + stall_cycles + fill_drain; of kind `host`: by the host's time model.
    package var cycles: Int
    /// Prediction of `cycles` without simulation.
    package var predictedCycles: Int
    /// First cycle of the layer.
    package var startCycle: Int
    /// First cycle after the layer.
    package var endCycle: Int
    /// Cycles in which a step of the loop nest was issued.
    package var computeCycles: Int
    /// Cycles of waiting for memory: for loads, instructions and stores.
    package var stallCycles: Int
    /// Of these: waiting for operands or instructions.
    package var stallLoad: Int
    /// Of `stallLoad`: waiting for instructions.
    package var stallInstructions: Int
    /// Of `stallCycles`: waiting for results to be written.
    package var stallStore: Int
    /// Cycles in which the pipeline fills or drains.
    package var fillDrain: Int
    /// What most of the cycles go to.
    package var bound: LayerBound
    /// The same with its figures.
    package var reason: String
    /// A key that would make the layer faster, with its value; absent where none is known.
    package var hint: String?
    /// macs / (lanes * cycles); 0 on the host.
    package var utilization: Double
    /// Bytes from memory since the end of the layer before.
    package var dramReadBytes: Int
    /// Bytes to memory since the end of the layer before.
    package var dramWriteBytes: Int
    /// 2 * macs per byte to and from memory; absent where no byte moves.
    package var arithmeticIntensity: Double?
    /// Of what memory and ports can move in the layer's cycles; absent for model ideal and on the host.
    package var bandwidthFraction: Double?
    /// Of the DRAM's clocks in the layer, those with data on its bus; this and the three below absent where there is no
    /// DRAM, and on the host.
    package var dramBusy: Double?
    /// Those without data while an access waited for a refresh.
    package var dramRefresh: Double?
    /// Those without, for a row to be opened.
    package var dramRows: Double?
    /// Those without, for the bus to turn.
    package var dramTurnaround: Double?
    /// Filters of 0, 1 and 2 signed powers of two; absent where there are none such.
    package var filtersByTerms: [Int]?
    /// Passes of single filters: F1 + 2 * F2 on lanes of one term.
    package var filterPasses: Int?
    /// Joules of the layer's cycles, mean over the images.
    package var energyJ = 0.0

    /// The layers of a run.
    static func figures(of run: FinishedRun, _ energy: EnergyAccount) -> [LayerSection] {
        let (lanes, terms) = (run.hardware.accelerator.parameters.lanes, run.hardware.accelerator.parameters.terms)
        let predicted = run.prediction.layers.map(\.count)
        return zip(zip(run.program.layers, run.timing.layers), zip(predicted, energy.layers)).map { pair, more in
            let ((plan, layer), (predicted, energy)) = (pair, more)
            var result = LayerSection(
                name: layer.name, kind: plan.kind, macs: plan.macs, cycles: layer.counts.total,
                predictedCycles: predicted, startCycle: layer.startCycle,
                endCycle: layer.endCycle,
                computeCycles: layer.counts.compute, stallCycles: layer.counts.stallLoad + layer.counts.stallStore,
                stallLoad: layer.counts.stallLoad, stallInstructions: layer.counts.stallInstructions,
                stallStore: layer.counts.stallStore, fillDrain: layer.counts.fillDrain,
                bound: LayerBound(layer.counts), reason: LayerBound.reason(layer, plan, lanes: lanes),
                hint: plan.cliff?.hint,
                utilization: plan.isOnHost ? 0 : Double(plan.macs) / Double(lanes * max(1, layer.counts.total)),
                dramReadBytes: layer.readBytes, dramWriteBytes: layer.writtenBytes, filtersByTerms: plan.filters,
                filterPasses: plan.filterPasses(terms: terms))
            result.energyJ = energy.value
            if !plan.isOnHost { result.addMemory(layer, run.configuration) }
            return result
        }
    }

    /// How a layer of the array used external memory.
    private mutating func addMemory(_ layer: LayerRun, _ configuration: Configuration) {
        let bytes = Double(layer.readBytes + layer.writtenBytes)
        guard bytes > 0 else { return }
        arithmeticIntensity = 2 * Double(macs) / bytes
        let seconds = Double(max(1, cycles)) / (configuration.clockMHz * 1e6)
        bandwidthFraction = configuration.memory.bytesPerSecond.map { bytes / (seconds * $0) }
        guard let dram = layer.dram, let rules = configuration.memory.model.dram else { return }
        let clocks = seconds * Double(rules.timing.clockKHz) * 1000
        dramBusy = Double(dram.busyClocks) / clocks
        dramRefresh = Double(dram.refreshClocks) / clocks
        dramRows = Double(dram.rowClocks) / clocks
        dramTurnaround = Double(dram.turnaroundClocks) / clocks
    }
}

extension LayerSection: ReportSection {
    /// The keys of the section, in the order of the documents and of layers.csv, whose columns keep their places: new
    /// ones come last.
    package static let fields: [ReportField<LayerSection>] = [
        ReportField("name", \.name, "of the layer").shown(at: 1, "layer"),
        ReportField("kind", \.kind, "what it computes, or `host`").shown(at: 2, "kind"),
        ReportField("macs", \.macs, "multiply-accumulates").shown(at: 3, "MACs"),
        ReportField(
            "cycles", \.cycles, unit: "cycles",
            "end_cycle - start_cycle = compute_cycles + stall_cycles + fill_drain, or, where `kind` is `host`, the "
                + "host's time"
        ).shown(at: 4, "cycles"),
        ReportField("predicted_cycles", \.predictedCycles, unit: "cycles", "as cycles.predicted")
            .shown(at: 5, "predicted"),
        ReportField("start_cycle", \.startCycle, unit: "cycles", "the layer's first"),
        ReportField("end_cycle", \.endCycle, unit: "cycles", "the first after the layer"),
        ReportField("compute_cycles", \.computeCycles, unit: "cycles", "a step of the loop nest is issued")
            .shown(at: 7, "compute"),
        ReportField("stall_cycles", \.stallCycles, unit: "cycles", "waiting for memory: stall_load + stall_store"),
        ReportField("fill_drain", \.fillDrain, unit: "cycles", "as cycles.fill_drain").shown(at: 11, "fill/drain"),
        ReportField("utilization", \.utilization, "macs / (lanes * cycles); 0 on the host").fraction
            .shown(at: 6, "utilisation", .percent),
        ReportField(
            "dram_read_bytes", \.dramReadBytes, unit: "bytes",
            "between the ends of the layer before and of this one; prefetching moves bytes to the layer before"),
        ReportField("dram_write_bytes", \.dramWriteBytes, unit: "bytes", "the same, to memory"),
        ReportField(
            "filters_by_terms", \.filtersByTerms,
            "filters of 0, 1 and 2 signed powers of two (F0, F1, F2); absent for poolings, on vpe, for 1-bit lanes and "
                + "where a weight has more terms"
        ).shown(at: 13, "filters of 0/1/2 terms"),
        ReportField(
            "filter_passes", \.filterPasses,
            "passes of single filters: F1 + 2 F2 on `array.terms: 1`, F1 + F2 on `terms: 2`. The array works on groups "
                + "of `array.outputs` filters, each as long as its longest; a filter of no terms has its place in one. "
                + "Absent as filters_by_terms"
        ).shown(at: 14, "passes"),
        ReportField("stall_load", \.stallLoad, unit: "cycles", "as cycles.stall_load").shown(at: 8, "loads"),
        ReportField(
            "stall_instructions", \.stallInstructions, unit: "cycles",
            "the part of stall_load that cycles.stall_instructions counts"
        ).shown(at: 9, "instr."),
        ReportField("stall_store", \.stallStore, unit: "cycles", "as cycles.stall_store").shown(at: 10, "stores"),
        ReportField(
            "bound", \.bound,
            "what most of the cycles go to: `compute`, `loads` (but instructions), `stores`, `instructions`, "
                + "`fill-drain` or `host`"
        ).shown(at: 12, "bound"),
        ReportField("reason", \.reason, "the bound with its figures"),
        ReportField(
            "hint", \.hint,
            "a configuration key and the smallest value with which the layer would take a fifth fewer cycles by the "
                + "prediction, and why; absent where no buffer of up to four times its size would do that"),
        ReportField(
            "arithmetic_intensity", \.arithmeticIntensity, unit: "operations per byte",
            "2 * macs / bytes to and from memory; absent on the host and where no byte moves"),
        ReportField(
            "bandwidth_fraction", \.bandwidthFraction,
            "bytes / (cycles * memory_model.bytes_per_cycle); absent for model ideal, and as arithmetic_intensity"),
        ReportField(
            "dram_busy", \.dramBusy,
            "of the DRAM's clocks in the layer, those with data on its bus; absent for models ideal and fixed, and as "
                + "arithmetic_intensity"),
        ReportField(
            "dram_refresh", \.dramRefresh,
            "those without data while an access waited, after a refresh; absent as dram_busy"),
        ReportField(
            "dram_rows", \.dramRows,
            "those without, until a row was open: misses and bank conflicts; absent as dram_busy"),
        ReportField(
            "dram_turnaround", \.dramTurnaround, "those without, until the bus had turned; absent as dram_busy"),
        ReportField(
            "energy_j", \.energyJ, unit: "J",
            "what board and fabric take in the layer's cycles, mean over the images (energy.basis)"),
    ]
}
