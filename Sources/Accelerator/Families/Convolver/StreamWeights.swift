// The weight loader of a stream: the next stream's weights go from the weight buffer into the cells' shadow registers,
// one word [input][output] a cycle.

import Design

/// The weight buffer's read side and the shadow registers of this cycle.
struct StreamWeights {
    /// A word is asked for; its word is in the latch.
    var read, latched: Signal
    /// The word's address, 16 bits, beside `read`.
    var address: Signal
    /// [row a], [column j]: the word at the buffer's output goes to the cells of row a and column j.
    var loadRow, loadColumn: [Signal]
}

/// The kernel's last row and column, 4 bits each; constant while an instruction runs.
struct LastCell { var row, column: Signal }

extension Elaboration {
    struct WeightLoader {
        var weights: StreamWeights
        /// The next stream's weights are in the shadow registers, or so soon that it may begin in the next cycle.
        var full: Signal
    }

    /// Asks for the next stream's weights, one word a cycle, from the cycle after a stream's first slot.
    ///
    /// A word asked for in cycle t stands in its shadow registers in t + 3. Stream after stream, the words of chain a
    /// follow a * width or more cycles after those of chain 0, and chain a takes its shadow registers a cycles after
    /// chain 0: no word comes before the one it replaces has been taken.
    mutating func makeWeightLoader(
        _ k: Int, _ words: [Signal], _ nest: StreamNest, _ lastCell: LastCell
    ) -> WeightLoader {
        let start = or(nest.begin, and(nest.begins, not(nest.lastStream)), name: "load_weights")
        let loading = builder.register("loading", width: 1)
        let (column, columnIsLast) = counter(
            "load_column", last: lastCell.column, advance: loading, clear: start)
        let rowStep = and(loading, columnIsLast, term: "load_row_step")
        let (row, rowIsLast) = counter(
            "load_row", last: lastCell.row, advance: rowStep, clear: start)
        let end = and(rowStep, rowIsLast, term: "load_end")
        builder.connect(loading, next: start, enable: or(start, end))
        // The last word asked for is at the buffer's output when `full` rises: the stream may begin in the next cycle.
        let loaded = builder.register("loaded", end)
        let full = flag("full", set: loaded, clear: nest.go)
        let address = builder.register("weight_address", width: 16)
        let more = builder.logic(.add, [address, 1], width: 16)
        let base = field(ComputeField.weightAddress, of: words)
        builder.connect(
            address, next: select(nest.begin, base, more, width: 16), enable: or(nest.begin, loading))
        let latched = builder.register("weight_latched", loading)
        let rowLatched = builder.register("row_latched", row)
        let columnLatched = builder.register("column_latched", column)
        var rows: [Signal] = []
        var columns: [Signal] = []
        for index in 0..<k {
            rows.append(builder.register("load_row\(index)", and(latched, equal(rowLatched, index))))
            columns.append(builder.register("load_column\(index)", equal(columnLatched, index)))
        }
        return WeightLoader(
            weights: StreamWeights(
                read: loading, latched: latched, address: address, loadRow: rows, loadColumn: columns), full: full)
    }
}
