// report.txt: the report for people.

import Configuration
import Diagnostics
import Support

/// What report.txt says of a run besides what is in report.json.
package struct ReportContext: Sendable {
    /// Name of the part.
    var part: String
    /// Names of the classes, where images or model have them.
    var classes: [String]?
    /// Index of the first image in its set.
    var firstImage: Int
    /// Whether the run was ended early.
    var isPartial: Bool

    /// The context of a run.
    package static func of(_ run: FinishedRun, isPartial: Bool) -> ReportContext {
        ReportContext(
            part: run.configuration.device.part, classes: run.data?.network.classes,
            firstImage: run.configuration.network.first, isPartial: isPartial)
    }
}

/// The report for people.
package struct ReportText {
    private let report: Report
    private let context: ReportContext

    /// A report's text.
    package init(_ report: Report, _ context: ReportContext) {
        self.report = report
        self.context = context
    }

    /// report.txt.
    package var text: String {
        var sections = [
            heading, layerTable, hints, cycleTable, resourceTable, energyTable, imageTable, machine,
        ].filter { !$0.isEmpty }
        if !report.warnings.isEmpty { sections.insert(report.warnings.map { "warning: \($0)" }, at: 1) }
        if context.isPartial { sections.insert(["INTERRUPTED: \(report.network.images) images were finished."], at: 0) }
        return sections.map { $0.joined(separator: "\n") }.joined(separator: "\n\n") + "\n"
    }

    private var heading: [String] {
        let design = report.design
        let network = report.network
        let memory = report.memoryModel
        let rate = memory.bytesPerCycle.map { ", \(TextTable.fixed($0, 2)) bytes per cycle" } ?? ""
        let lines: [String] = [
            "ShiftSim \(report.toolVersion), mode \(design.mode)",
            "network   \(network.name): \(network.layers) layers, \(TextTable.grouped(network.macs)) MACs and "
                + "\(TextTable.grouped(network.parameters)) parameters",
            "input     "
                + (network.input
                    ?? "none read: cycles alone, for \(network.images) \(network.images == 1 ? "image" : "images")"),
            "weights   \(report.quantization.scheme)"
                + (report.quantization.weightBits.map { ", \($0) bits" } ?? "")
                + "; activations \(design.activationBits) bits; rounding \(report.rounding)",
            "array     \(design.family) of \(design.pe): \(design.outputs) outputs x \(design.inputs) inputs x "
                + (design.kernel.map { "\($0) x \($0) cells" } ?? "\(design.pixels) pixels")
                + (design.terms == 1 ? "" : " x \(design.terms) terms")
                + " = \(design.lanes) lanes at \(ConfigSection.text(design.clockHz / 1e6)) MHz",
            "memory    \(memory.model): "
                + (memory.latencyCycles.map { "latency \($0) cycles" }
                    ?? "\(memory.ports) ports at \(ConfigSection.text(memory.portMhz ?? 0)) MHz") + rate,
        ]
        return lines.flatMap { TextTable.wrapped($0, indent: 10) }
    }

    private var layerTable: [String] {
        // Filters of two terms are what makes their columns worth reading.
        let hasTerms = report.layers.contains { ($0.filtersByTerms ?? []).dropFirst(2).contains { $0 > 0 } }
        let columns = ReportText.shown(LayerSection.fields).filter { field, _ in
            hasTerms || !["filters_by_terms", "filter_passes"].contains(field.path)
        }
        var table = TextTable(columns.map { $1.title }, left: [0, 1])
        for layer in report.layers { table.add(columns.map { ReportText.cell($0, $1, of: layer) }) }
        table.add(columns.map { total($0, $1) })
        return table.lines
    }

    /// Rows that report.txt shows in a table, in their order there.
    private static func shown<Root>(_ fields: [ReportField<Root>]) -> [(ReportField<Root>, ReportField<Root>.Shown)] {
        fields.compactMap { field in field.shown.map { (field, $0) } }.sorted { $0.1.place < $1.1.place }
    }

    private static func cell<Root>(
        _ field: ReportField<Root>, _ shown: ReportField<Root>.Shown, of value: Root
    ) -> String {
        field.number(value).map(shown.rounding.text) ?? field.plainText(value)
    }

    /// A column's cell in the line of the whole image: the sum, where the column has one.
    private func total(_ field: ReportField<LayerSection>, _ shown: ReportField<LayerSection>.Shown) -> String {
        switch field.path {
        case "name": "one image"
        case "utilization": shown.rounding.text(report.utilization)
        default: field.isSingleNumber ? shown.rounding.text(report.layers.compactMap(field.number).reduce(0, +)) : ""
        }
    }

    /// What bounds the layers that a key would make faster, and the key.
    private var hints: [String] {
        report.layers.flatMap { layer in
            layer.hint.map { TextTable.wrapped("hint: \(layer.name): \(layer.reason); \($0)", indent: 6) } ?? []
        }
    }

    private var cycleTable: [String] {
        let images = report.network.images
        var table = TextTable(["cycles, \(images) \(images == 1 ? "image" : "images")", "", "of all"])
        for (field, shown) in ReportText.shown(CycleSection.fields) {
            guard let count = field.number(report.cycles) else { continue }
            let fraction = count / Double(max(1, report.cycles.total))
            table.add([shown.title, shown.rounding.text(count), Rounding.percent.text(fraction)])
        }
        let dram = report.dram
        let fraction = dram.bandwidthFraction.map { ", \(TextTable.percent($0)) of the bandwidth" } ?? ""
        let lines: [String] = [
            "latency of an image \(TextTable.fixed(report.latencyS * 1e3, 3)) ms, "
                + "\(TextTable.fixed(report.throughputImagesPerS, 1)) images/s"
                + (images == 1 ? "" : ", \(images) images in \(TextTable.fixed(report.totalS * 1e3, 3)) ms"),
            "\(TextTable.fixed(report.gops, 2)) GOPS, utilisation \(TextTable.percent(report.utilization)), predicted "
                + "\(TextTable.grouped(report.cycles.predicted)) cycles",
            "limit: \(report.limit)",
            "memory traffic: \(TextTable.grouped(dram.readBytes)) bytes read, "
                + "\(TextTable.grouped(dram.writeBytes)) written\(fraction)",
        ]
        return table.lines + [""] + lines.flatMap { TextTable.wrapped($0, indent: 2) }
    }

    private var resourceTable: [String] { report.resources.table(part: context.part) }

    private var energyTable: [String] { report.energy.table(images: report.network.images) }

    /// Images that have a row; report.json has all.
    private static let mostImages = 16

    private var imageTable: [String] {
        guard let functional = report.functional else { return [] }
        var table = TextTable(["image", "predicted", "label"], left: [0, 1, 2])
        for (index, predicted) in functional.top1.prefix(ReportText.mostImages).enumerated() {
            let label = functional.labels.map { name($0[index]) } ?? "-"
            table.add(["\(context.firstImage + index)", name(predicted), label])
        }
        var lines = table.lines
        let rest = functional.top1.count - ReportText.mostImages
        if rest > 0 { lines.append("... and \(TextTable.grouped(rest)) more") }
        if let accuracy = functional.accuracy {
            let top5 = functional.top5Accuracy.map { ", top-5 \(TextTable.percent($0))" } ?? ""
            lines.append("accuracy \(TextTable.percent(accuracy))\(top5)")
        }
        let others = report.network.images - functional.arrayImages
        if others > 0 {
            lines.append(
                "\(functional.arrayImages) images on the array, \(TextTable.grouped(others)) by the reference model")
        }
        if let checked = functional.checked, let mismatches = functional.mismatches {
            lines.append("\(checked) outputs checked against the reference model, \(mismatches) mismatches")
        }
        return lines + TextTable.wrapped("SHA-256 of the outputs \(functional.outputSha256)")
    }

    private func name(_ index: Int) -> String {
        guard let classes = context.classes, index < classes.count else { return "\(index)" }
        return "\(index) \(classes[index])"
    }

    private var machine: [String] {
        let simulator = report.simulator
        return TextTable.wrapped(
            "simulated in \(TextTable.fixed(simulator.wallS, 2)) s on \(simulator.threads) threads: "
                + "\(TextTable.grouped(Int(simulator.cyclesPerS))) cycles/s, "
                + (simulator.laneUpdatesPerS.map { "\(TextTable.grouped(Int($0))) lane updates/s, " } ?? "")
                + "\(TextTable.grouped(simulator.peakRssBytes >> 20)) MiB", indent: 2)
    }
}
