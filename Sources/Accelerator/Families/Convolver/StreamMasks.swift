// Masks of a stream: which slots have pixels, which pixels belong to a window of which cell, which slots have results.

import Design

/// Masks of the issued slot.
struct StreamMasks {
    /// The slot has a pixel column.
    var inRow: Signal
    /// [cell j]: slot n has a pixel and n - j is a window.
    var column: [Signal]
    /// [chain a]: the chain's row lies in the map and belongs to the window.
    var rowInMap: [Signal]
    /// 0: the row of slots completes a row of results.
    var rowPhase: Signal
    /// The column of the slot stands for a result; for the row's last one.
    var columnIsResult, isLastResult: Signal
}

extension Elaboration {
    mutating func makeMasks(
        _ k: Int, _ words: [Signal], _ nest: StreamNest, _ lastCell: LastCell
    ) -> StreamMasks {
        let advance = or(nest.newRow, nest.active)
        let columnStride = field(StreamField.lastColumnStride, of: words)
        let inRow = within("in_row", field(StreamField.lastMapColumn, of: words), first: 1, nest, advance)
        let lastResult = field(StreamField.lastResultSlot, of: words)
        let inResults = within("in_results", lastResult, first: 1, nest, advance)
        let resultPhase = phase(
            "result_phase", first: 0, last: columnStride, restart: nest.newRow, step: nest.active)
        let windows = makeWindows(k, words, nest, lastCell, (advance, columnStride))
        let hasPixel = and(nest.active, inRow)
        let open = windows.enumerated().map { and($0.element, hasPixel, name: "column_open\($0.offset)") }
        let rows = makeRows(k, words, nest, lastCell)
        let rowPhase = phase(
            "row_phase", first: field(StreamField.firstResultRow, of: words),
            last: field(StreamField.lastRowStride, of: words), restart: nest.go, step: nest.rowStep)
        return StreamMasks(
            inRow: inRow, column: open, rowInMap: rows, rowPhase: rowPhase,
            columnIsResult: and(inResults, equal(resultPhase, 0)), isLastResult: equal(nest.slot, lastResult))
    }

    /// [cell j]: the slot's column less j begins a window. Column 0 as counted, column j as column j - 1 one slot
    /// earlier, or as the instruction says for windows that begin left of the map.
    private mutating func makeWindows(
        _ k: Int, _ words: [Signal], _ nest: StreamNest, _ lastCell: LastCell,
        _ loop: (advance: Signal, lastStride: Signal)
    ) -> [Signal] {
        let lastWindow = field(StreamField.lastWindowColumn, of: words)
        let beginsLeft = builder.logic(.slice, [lastWindow], width: 1, parameter: 15)
        let inWindows = within("in_windows", lastWindow, first: not(beginsLeft), nest, loop.advance)
        let windowPhase = phase(
            "window_phase", first: field(StreamField.firstWindowPhase, of: words), last: loop.lastStride,
            restart: nest.newRow, step: nest.active)
        let mask = field(StreamField.columnMask, of: words)
        var windows = [and(inWindows, equal(windowPhase, 0), name: "window0")]
        for column in 1..<k {
            let used = not(builder.logic(.lessThan, [lastCell.column, column], width: 1))
            let first = builder.logic(.slice, [mask], width: 1, parameter: column)
            let window = builder.register("window\(column)", width: 1)
            let next = select(nest.newRow, first, and(windows[column - 1], used), width: 1)
            builder.connect(window, next: next, enable: loop.advance)
            windows.append(window)
        }
        return windows
    }

    /// [chain a]: its row, a rows above chain 0's, lies in the map and belongs to the window.
    private mutating func makeRows(
        _ k: Int, _ words: [Signal], _ nest: StreamNest, _ lastCell: LastCell
    ) -> [Signal] {
        let inMap = builder.register("row_in_map0", width: 1)
        let more = and(inMap, not(equal(nest.row, field(StreamField.lastMapRow, of: words))))
        builder.connect(inMap, next: or(nest.go, more), enable: nest.newRow)
        var rows = [inMap]
        for row in 1..<k {
            let used = not(builder.logic(.lessThan, [lastCell.row, row], width: 1))
            let register = builder.register("row_in_map\(row)", width: 1)
            builder.connect(register, next: and(rows[row - 1], used), enable: nest.rowStep, reset: nest.go)
            rows.append(register)
        }
        return rows
    }

    /// True from a row's first slot up to `last`, unless `first` says that even that is past it.
    private mutating func within(
        _ name: String, _ last: Signal, first: any Readable, _ nest: StreamNest, _ advance: Signal
    ) -> Signal {
        let value = builder.register(name, width: 1)
        let more = and(value, not(equal(nest.slot, last)))
        builder.connect(value, next: select(nest.newRow, first, more, width: 1), enable: advance)
        return value
    }

    /// Counts down from `first`, then from `last` again and again; 0 marks a hit.
    private mutating func phase(
        _ name: String, first: any Readable, last: Signal, restart: Signal, step: Signal
    ) -> Signal {
        let value = builder.register(name, width: 4)
        let fewer = builder.logic(.subtract, [value, 1], width: 4)
        let next = select(equal(value, 0), last, fewer, width: 4)
        builder.connect(value, next: select(restart, first, next, width: 4), enable: or(restart, step))
        return value
    }
}
