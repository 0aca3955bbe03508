import Support

/// layers.csv: the layers of report.json, one a line, columns named as the keys there.
package struct LayerTable {
    let layers: [LayerReport]

    /// The table of some layers.
    package init(_ layers: [LayerReport]) { self.layers = layers }

    static let columns = [
        "name", "kind", "macs", "cycles", "predicted_cycles", "start_cycle", "end_cycle", "compute_cycles",
        "stall_cycles", "fill_drain", "utilization", "dram_read_bytes", "dram_write_bytes",
        "filters_by_terms", "filter_passes",
    ]

    /// The file's text.
    package var text: String {
        let rows = layers.map { layer -> [String] in
            let numbers = [
                layer.macs, layer.cycles, layer.predictedCycles, layer.startCycle, layer.endCycle,
                layer.computeCycles, layer.stallCycles, layer.fillDrain,
            ]
            return [CSVField.text(layer.name), CSVField.text(layer.kind)] + numbers.map(String.init)
                + ["\(layer.utilization)", "\(layer.dramReadBytes)", "\(layer.dramWriteBytes)"]
                + [layer.filtersText ?? "", layer.filterPasses.map(String.init) ?? ""]
        }
        return ([LayerTable.columns] + rows).map { $0.joined(separator: ",") + "\n" }.joined()
    }
}
