// report.txt: the report for people.

import Configuration
import Networks
import Support

/// The report for people.
package struct ReportText {
    let report: Report
    let run: FinishedRun
    let isPartial: Bool

    /// A report's text.
    package init(_ report: Report, run: FinishedRun, isPartial: Bool) {
        self.report = report
        self.run = run
        self.isPartial = isPartial
    }

    /// report.txt.
    package var text: String {
        var sections = [heading, layerTable, cycleTable, resourceTable, imageTable, machine]
        if isPartial { sections.insert(["INTERRUPTED: \(report.network.images) images were finished."], at: 0) }
        return sections.map { $0.joined(separator: "\n") }.joined(separator: "\n\n") + "\n"
    }

    private var heading: [String] {
        let design = report.design
        let network = report.network
        let memory = report.memoryModel
        let rate = memory.bytesPerCycle.map { ", \(TextTable.fixed($0, 2)) bytes per cycle" } ?? ""
        return [
            "ShiftSim \(report.toolVersion), mode \(design.mode)",
            "network   \(network.name): \(network.layers) layers, \(TextTable.grouped(network.macs)) MACs and "
                + "\(TextTable.grouped(network.parameters)) parameters",
            "input     \(network.input)",
            "weights   \(report.quantization.scheme)"
                + (report.quantization.weightBits.map { ", \($0) bits" } ?? "")
                + "; activations \(design.activationBits) bits; rounding \(report.rounding)",
            "array     \(design.family) of \(design.pe): \(design.outputs) outputs x \(design.inputs) inputs x "
                + (design.kernel.map { "\($0) x \($0) cells" } ?? "\(design.pixels) pixels")
                + (design.terms == 1 ? "" : " x \(design.terms) terms")
                + " = \(design.lanes) lanes at \(ConfigSection.text(design.clockHz / 1e6)) MHz",
            "memory    \(memory.model): latency \(memory.latencyCycles) cycles\(rate)",
        ]
    }

    private var layerTable: [String] {
        // Filters of two terms are what makes their columns worth reading.
        let hasTerms = report.layers.contains { ($0.filtersByTerms ?? []).dropFirst(2).contains { $0 > 0 } }
        let columns = ["layer", "kind", "MACs", "cycles", "predicted", "utilisation", "stall", "fill/drain"]
        var table = TextTable(columns + (hasTerms ? ["filters of 0/1/2 terms", "passes"] : []), left: [0, 1])
        for layer in report.layers {
            let cells = [
                layer.name, layer.kind, TextTable.grouped(layer.macs), TextTable.grouped(layer.cycles),
                TextTable.grouped(layer.predictedCycles), TextTable.percent(layer.utilization),
                TextTable.grouped(layer.stallCycles), TextTable.grouped(layer.fillDrain),
            ]
            let passes = layer.filterPasses.map(TextTable.grouped) ?? ""
            table.add(cells + (hasTerms ? [layer.filtersText ?? "", passes] : []))
        }
        let sum = { (key: KeyPath<LayerReport, Int>) in
            TextTable.grouped(report.layers.reduce(0) { $0 + $1[keyPath: key] })
        }
        let total = [
            "one image", "", sum(\.macs), sum(\.cycles), sum(\.predictedCycles),
            TextTable.percent(report.utilization), sum(\.stallCycles), sum(\.fillDrain),
        ]
        let passes = TextTable.grouped(report.layers.reduce(0) { $0 + ($1.filterPasses ?? 0) })
        table.add(total + (hasTerms ? ["", passes] : []))
        return table.lines
    }

    private var cycleTable: [String] {
        let cycles = report.cycles
        let images = report.network.images
        var table = TextTable(["cycles, \(images) \(images == 1 ? "image" : "images")", "", "of all"])
        let rows =
            [
                ("compute", cycles.compute), ("waiting for loads", cycles.stallLoad),
                ("waiting for stores", cycles.stallStore), ("filling and draining", cycles.fillDrain),
            ] + [cycles.host.map { ("host (time model)", $0) }].compactMap { $0 } + [("total", cycles.total)]
        for (name, count) in rows {
            table.add([name, TextTable.grouped(count), TextTable.percent(Double(count) / Double(max(1, cycles.total)))])
        }
        let dram = report.dram
        let fraction = dram.bandwidthFraction.map { ", \(TextTable.percent($0)) of the bandwidth" } ?? ""
        return table.lines + [
            "",
            "latency \(TextTable.fixed(report.latencyS * 1e3, 3)) ms, "
                + "\(TextTable.fixed(report.throughputImagesPerS, 1)) images/s, "
                + "\(TextTable.fixed(report.gops, 2)) GOPS, utilisation \(TextTable.percent(report.utilization))",
            "memory traffic: \(TextTable.grouped(dram.readBytes)) bytes read, "
                + "\(TextTable.grouped(dram.writeBytes)) written\(fraction)",
        ]
    }

    private var resourceTable: [String] { report.resources.table(part: run.configuration.device.part) }

    /// Images that have a row; report.json has all.
    private static let mostImages = 16

    private var imageTable: [String] {
        let functional = report.functional
        var table = TextTable(["image", "predicted", "label"], left: [0, 1, 2])
        for (index, predicted) in functional.top1.prefix(ReportText.mostImages).enumerated() {
            let label = functional.labels.map { name($0[index]) } ?? "-"
            table.add(["\(run.configuration.network.first + index)", name(predicted), label])
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
        } else {
            lines.append("outputs not checked")
        }
        return lines + ["SHA-256 of the outputs \(functional.outputSha256)"]
    }

    private func name(_ index: Int) -> String {
        guard let classes = run.network.classes, index < classes.count else { return "\(index)" }
        return "\(index) \(classes[index])"
    }

    private var machine: [String] {
        let simulator = report.simulator
        return [
            "simulated in \(TextTable.fixed(simulator.wallS, 2)) s on \(simulator.threads) threads: "
                + "\(TextTable.grouped(Int(simulator.cyclesPerS))) cycles/s, "
                + "\(TextTable.grouped(Int(simulator.laneUpdatesPerS))) lane updates/s, "
                + "\(TextTable.grouped(simulator.peakRssBytes >> 20)) MiB"
        ]
    }
}
