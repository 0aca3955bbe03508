import Design

// Compute engine of the `convolver` family. Pooling uses the loop nest of the `vector` family. A convolution is, for
// each output group > pass > input group, one stream: the tile's rows of one word column go through the line buffers,
// one slot per cycle, while the weight loader fills the shadow registers for the next stream. No stall inside a stream.
//
// A row of S slots: S = pixels of a row, or results of a row where padding makes these more. Slot n carries pixel n;
// padding has no slots of its own. The window whose leftmost column is c passes cell j of its chain at slot c + j, so
// cell j works for window c = n - j; its pixel is masked to 0 unless that is a window of this row. Windows of a row
// take S consecutive positions of the chain at most, so the ends of two rows share slots and never collide.
//
// A result's marker starts at slot (c + padLeft), which lies in the row, and is delayed by the instruction's
// result_delay until the window is complete and its rows are summed; from there on delays are those of the pipeline.

extension Elaboration {
    /// What the array needs of a stream. Index d of an array of signals: d cycles after the slot's issue.
    struct Stream {
        /// The chains shift. Masked pixels follow a stream until its last windows have left.
        var flow: [Signal]
        /// First slot of a stream: the shadow registers' weights become active.
        var begins: [Signal]
        /// The slot has a pixel column; its number.
        var inRow: [Signal]
        var slot: [Signal]
        /// [column j][d]: the pixel belongs to a window for cell j.
        var columnOpen: [[Signal]]
        /// [chain a]: the row belongs to a window for chain a; d = 2 + a.
        var rowOpen: [Signal]
        /// The instruction uses cells up to tap index t.
        var usesTap: [Signal]
        /// The instruction's results leave at tap index t.
        var isTap: [Signal]
        /// Weight loader: a word is asked for; a word is in the latch; it goes to row a, column j.
        var weightRead, weightLatched, weightAddress: Signal
        var loadRow, loadColumn: [Signal]
        /// [d]: a result's marker, d cycles after its delay.
        var result: [Signal]
        /// Beside the result at the accumulator.
        var first, shift: Signal
        var psumRead, psumLatched, psumReadAddress, psumWrite, psumWriteAddress: Signal
        /// The ifmap buffer's read port and the accelerator's view of the engine.
        var read, latched, ifmapAddress, active: Signal
        var resultSoon, groupEndsSoon, tileEndsSoon: Signal
    }

    mutating func makeConvolverCompute(
        _ convolver: ConvolverParameters, _ feedback: Feedback, _ sequencer: Sequencer
    ) -> (Control, Stream) {
        builder.beginScope("compute")
        defer { builder.endScope() }
        let words = sequencer.compute.words
        let (busy, begin) = makeComputeBegin(feedback, sequencer)
        let mode = field(ComputeField.mode, of: words)
        let isConvolution = equal(mode, ComputeMode.convolution.rawValue)
        let isPool = not(isConvolution, name: "is_pool")
        let isMaxPool = equal(mode, ComputeMode.maxPool.rawValue, name: "is_max_pool")

        let poolBegin = and(begin, isPool)
        let nest = makeNest(words, poolBegin)
        let poolAddress = makeIfmapAddress(words, poolBegin, nest, enable: or(poolBegin, nest.active))
        var poolValid = [nest.active]
        for stage in 1...2 { poolValid.append(builder.register("pool_valid\(stage)", poolValid[stage - 1])) }
        let poolResult = builder.register("result_1", and(nest.active, nest.pixelEnd))
        let poolGroup = builder.register("group_end_1", and(nest.active, nest.groupEnd))
        let poolTile = builder.register("tile_end_1", and(nest.active, nest.tileEnd))

        let stream = makeStream(convolver, words, begin: and(begin, isConvolution, name: "stream_begin"))
        let finish = builder.delayed("finish", or(poolTile, stream.tileEndsSoon), by: 7)
        builder.drive(feedback.computeFinish, with: finish)
        let control = Control(
            begin: begin, busy: busy, active: or(nest.active, stream.active, name: "issue"),
            ifmapAddress: select(isPool, poolAddress, stream.ifmapAddress, width: 16, name: "ifmap_read_address"),
            weightAddress: stream.weightAddress, valid: [stream.read, stream.latched], poolValid: poolValid,
            first: stream.first, shiftAccumulator: stream.shift,
            poolFirst: builder.delayed("pool_first", nest.first, by: 2), isPool: isPool, isMaxPool: isMaxPool,
            poolGranule: field(ComputeField.poolGranule, of: words),
            resultSoon: or(poolResult, stream.resultSoon, name: "result_soon"),
            groupEndsSoon: or(poolGroup, stream.groupEndsSoon), words: words)
        return (control, stream)
    }

    /// Loops and markers of the current stream.
    private struct StreamNest {
        var begin, go, active, begins: Signal
        var slot, row, rowStep, newRow, rowIsLast: Signal
        var streamEnd, lastStream, inputGroupIsLast: Signal
        /// Markers of the stream: its psums are new, are to be shifted, are results; it is the tile's last of its group.
        var first, shift, final, lastOfGroup, lastGroup: Signal
    }

    private mutating func makeStream(
        _ convolver: ConvolverParameters, _ words: [Signal], begin: Signal
    ) -> Stream {
        builder.beginScope("stream")
        defer { builder.endScope() }
        let k = convolver.kernel
        let full = builder.wire("weights_ready", width: 1)
        let nest = makeStreamNest(words, begin, weightsReady: full)
        let lastCell = (
            row: narrow(field(ComputeField.lastKernelRow, of: words), 4),
            column: narrow(field(ComputeField.lastKernelColumn, of: words), 4)
        )
        let loader = makeWeightLoader(k, words, nest, lastCell)
        builder.drive(full, with: loader.full)

        let taps = makeTaps(convolver, words)
        let flow = makeFlow(convolver, nest, taps)
        let gates = makeGates(k, words, nest, lastCell)
        let read = and(nest.active, gates.inRow, gates.rowInMap[0], name: "ifmap_read")
        let rowIsResult = equal(gates.rowPhase, 0, name: "row_has_results")
        let isResult = and(nest.active, rowIsResult, gates.columnIsResult, name: "slot_has_result")
        let lastWindow = and(nest.rowIsLast, gates.isLastResult)
        let markers = concatenated(
            [isResult, nest.first, nest.shift, nest.final, lastWindow, nest.lastGroup, nest.lastOfGroup],
            name: "markers")
        let delayed = makeResultDelay(k, markers, words)
        let last = 2 + k - 1 + p.laneStages + 1 + convolver.columnStages
        var stream = Stream(
            flow: chain("flow", flow, last), begins: chain("begins", nest.begins, 3 + k),
            inRow: chain("in_row", and(nest.active, gates.inRow), 2 + k),
            slot: chain("slot", lowBits(nest.slot, of: convolver.rowLength), 2 + k),
            columnOpen: gates.column.enumerated().map { chain("column_open\($0.offset)", $0.element, 1 + k) },
            rowOpen: [], usesTap: taps.uses, isTap: taps.leaves, weightRead: loader.loading,
            weightLatched: loader.latched,
            weightAddress: loader.address, loadRow: loader.rows, loadColumn: loader.columns, result: [],
            first: begin, shift: begin, psumRead: begin, psumLatched: begin, psumReadAddress: begin, psumWrite: begin,
            psumWriteAddress: begin, read: read, latched: builder.register("ifmap_latched", read),
            ifmapAddress: makeStreamAddress(words, nest, read: read), active: nest.active, resultSoon: begin,
            groupEndsSoon: begin, tileEndsSoon: begin)
        for a in 0..<k {
            let open = and(gates.rowInMap[a], rowIsResult)
            stream.rowOpen.append(builder.delayed("row_open\(a)", open, by: 2 + a))
        }
        makeResults(convolver, delayed, begin, &stream)
        return stream
    }

    /// By tap index: the instruction uses the tap's cells; its results leave there.
    private struct Taps { var uses, leaves: [Signal] }

    private mutating func makeTaps(_ convolver: ConvolverParameters, _ words: [Signal]) -> Taps {
        let tap = field(StreamField.tap, of: words)
        let isTap = convolver.taps.indices.map { equal(tap, $0, name: "is_tap\($0)") }
        var usesTap = [isTap[0]]
        for index in convolver.taps.indices.dropFirst() {
            let smaller = builder.logic(.lessThan, [tap, index], width: 1)
            usesTap.append(not(smaller, name: "uses_tap\(index)"))
        }
        return Taps(uses: usesTap, leaves: isTap)
    }

    /// The chains shift while a stream runs, T - 1 slots behind it, and as long before a tile, so that what another tap's
    /// streams left in them is gone.
    private mutating func makeFlow(_ convolver: ConvolverParameters, _ nest: StreamNest, _ taps: Taps) -> Signal {
        var tail: any Readable = convolver.taps[0] - 1
        for index in convolver.taps.indices.dropFirst() {
            tail = select(taps.leaves[index], convolver.taps[index] - 1, tail, width: 4)
        }
        let left = builder.register("tail", width: 4)
        let running = not(equal(left, 0))
        let fewer = builder.logic(.subtract, [left, 1], width: 4)
        let fills = or(nest.begin, nest.active)
        builder.connect(left, next: select(fills, tail, fewer, width: 4), enable: or(fills, running))
        return or(nest.active, running, name: "flow")
    }

    // MARK: loops

    private mutating func makeStreamNest(
        _ words: [Signal], _ begin: Signal, weightsReady: Signal
    ) -> StreamNest {
        let active = builder.register("active", width: 1)
        let go = builder.wire("go", width: 1)
        let (slot, slotIsLast) = counter(
            "slot", last: field(StreamField.lastSlot, of: words), advance: active, clear: go)
        let rowStep = and(active, slotIsLast)
        let (row, rowIsLast) = counter(
            "row", last: field(StreamField.lastStreamRow, of: words), advance: rowStep, clear: go)
        let streamEnd = and(rowStep, rowIsLast, name: "stream_end")
        let (inputGroup, inputGroupIsLast) = counter(
            "input_group", last: field(ComputeField.lastInputGroup, of: words), advance: streamEnd, clear: begin)
        let passStep = and(streamEnd, inputGroupIsLast)
        let (pass, passIsLast) = counter(
            "pass", last: field(ComputeField.lastPass, of: words), advance: passStep, clear: begin)
        let groupStep = and(passStep, passIsLast)
        let (_, groupIsLast) = counter(
            "output_group", last: field(ComputeField.lastOutputGroup, of: words), advance: groupStep, clear: begin)
        let lastOfGroup = and(inputGroupIsLast, passIsLast)
        let final = and(lastOfGroup, not(field(ComputeField.leaveSums, of: words)))
        let lastStream = and(lastOfGroup, groupIsLast, name: "last_stream")

        let pending = builder.register("pending", width: 1)
        builder.connect(pending, next: begin, enable: or(begin, and(streamEnd, lastStream)))
        let free = or(not(active), and(streamEnd, not(lastStream)))
        builder.drive(go, .and, [and(pending, weightsReady), free])
        builder.connect(active, next: go, enable: or(go, streamEnd))

        let isFirstInput = equal(inputGroup, 0)
        let mask = field(ComputeField.passShift, of: words)
        let here = builder.logic(.shiftRight, [mask, pass], width: 1)
        return StreamNest(
            begin: begin, go: go, active: active, begins: builder.register("begins", go), slot: slot, row: row,
            rowStep: rowStep, newRow: or(go, rowStep), rowIsLast: rowIsLast, streamEnd: streamEnd,
            lastStream: lastStream, inputGroupIsLast: inputGroupIsLast,
            first: and(isFirstInput, equal(pass, 0), not(field(ComputeField.keepSums, of: words))),
            shift: and(isFirstInput, here), final: final, lastOfGroup: lastOfGroup, lastGroup: groupIsLast)
    }

    /// Pixels of a plane, then of the next one; every pass and output group begins with the first plane again.
    private mutating func makeStreamAddress(_ words: [Signal], _ nest: StreamNest, read: Signal) -> Signal {
        let address = builder.register("ifmap_address", width: 16)
        let base = field(ComputeField.ifmapAddress, of: words)
        let more = builder.logic(.add, [address, 1], width: 16)
        let again = or(nest.begin, and(nest.streamEnd, nest.inputGroupIsLast))
        builder.connect(address, next: select(again, base, more, width: 16), enable: or(again, read))
        return address
    }

    private struct WeightLoader {
        var loading, latched, full, address: Signal
        var rows, columns: [Signal]
    }

    /// Asks for the next stream's weights, one word a cycle, from the cycle after a stream's first slot.
    ///
    /// A word asked for in cycle t stands in its shadow registers in t + 3. Stream after stream, the words of chain a
    /// follow a * width or more cycles after those of chain 0, and chain a takes its shadow registers a cycles after
    /// chain 0: no word comes before the one it replaces has been taken.
    private mutating func makeWeightLoader(
        _ k: Int, _ words: [Signal], _ nest: StreamNest, _ lastCell: (row: Signal, column: Signal)
    ) -> WeightLoader {
        let start = or(nest.begin, and(nest.begins, not(nest.lastStream)), name: "load_weights")
        let loading = builder.register("loading", width: 1)
        let (column, columnIsLast) = counter(
            "load_column", last: lastCell.column, advance: loading, clear: start)
        let rowStep = and(loading, columnIsLast)
        let (row, rowIsLast) = counter(
            "load_row", last: lastCell.row, advance: rowStep, clear: start)
        let end = and(rowStep, rowIsLast)
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
            loading: loading, latched: latched, full: full, address: address, rows: rows, columns: columns)
    }

    // MARK: masks

    private struct Gates {
        /// The slot has a pixel column.
        var inRow: Signal
        /// [cell j]: slot n has a pixel and n - j is a window.
        var column: [Signal]
        /// [chain a]: the chain's row lies in the map and belongs to the window.
        var rowInMap: [Signal]
        var rowPhase, columnIsResult, isLastResult: Signal
    }

    private mutating func makeGates(
        _ k: Int, _ words: [Signal], _ nest: StreamNest, _ lastCell: (row: Signal, column: Signal)
    ) -> Gates {
        let advance = or(nest.newRow, nest.active)
        let columnStride = field(StreamField.lastColumnStride, of: words)
        let inRow = within("in_row", field(StreamField.lastMapColumn, of: words), first: 1, nest, advance)
        let lastResult = field(StreamField.lastResultSlot, of: words)
        let inResults = within("in_results", lastResult, first: 1, nest, advance)
        let resultPhase = phase(
            "result_phase", first: 0, last: columnStride, restart: nest.newRow, step: nest.active)

        // Windows: column 0 as counted, column j as column j - 1 one slot earlier, or as the instruction says for
        // windows that begin left of the map.
        let lastWindow = field(StreamField.lastWindowColumn, of: words)
        let beginsLeft = builder.logic(.slice, [lastWindow], width: 1, parameter: 15)
        let inWindows = within("in_windows", lastWindow, first: not(beginsLeft), nest, advance)
        let windowPhase = phase(
            "window_phase", first: field(StreamField.firstWindowPhase, of: words), last: columnStride,
            restart: nest.newRow, step: nest.active)
        let mask = field(StreamField.columnMask, of: words)
        var windows = [and(inWindows, equal(windowPhase, 0), name: "window0")]
        for column in 1..<k {
            let used = not(builder.logic(.lessThan, [lastCell.column, column], width: 1))
            let first = builder.logic(.slice, [mask], width: 1, parameter: column)
            let window = builder.register("window\(column)", width: 1)
            let next = select(nest.newRow, first, and(windows[column - 1], used), width: 1)
            builder.connect(window, next: next, enable: advance)
            windows.append(window)
        }
        let hasPixel = and(nest.active, inRow)
        let open = windows.enumerated().map { and($0.element, hasPixel, name: "column_open\($0.offset)") }

        // Rows: chain a has the row a rows above chain 0's.
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
        let rowPhase = phase(
            "row_phase", first: field(StreamField.firstResultRow, of: words),
            last: field(StreamField.lastRowStride, of: words), restart: nest.go, step: nest.rowStep)
        return Gates(
            inRow: inRow, column: open, rowInMap: rows, rowPhase: rowPhase,
            columnIsResult: and(inResults, equal(resultPhase, 0)), isLastResult: equal(nest.slot, lastResult))
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

    // MARK: results

    /// A shift register that markers enter at the stage that the instruction's delay (1 or more) says.
    private mutating func makeResultDelay(_ k: Int, _ markers: Signal, _ words: [Signal]) -> Signal {
        let delay = field(StreamField.resultDelay, of: words)
        let stages = 2 * (k - 1)
        var after: any Readable = 0
        var stage: Signal?
        for index in (0..<stages).reversed() {
            let enters = equal(delay, index + 1)
            let register = builder.register("result_delay\(index)", width: markers.width)
            builder.connect(register, next: select(enters, markers, after, width: markers.width))
            after = register
            stage = register
        }
        return stage!
    }

    /// Everything beside the adder tree, the psum buffer and the accumulator. The tree's result is there U cycles after
    /// the delayed marker; the psum is read in U - 2, added in U and, unless it is final, written in U + 1. The next
    /// stream reads the same word `convolverInterval` >= 4 cycles later at the earliest, in U + 2 or after.
    private mutating func makeResults(
        _ convolver: ConvolverParameters, _ delayed: Signal, _ begin: Signal, _ stream: inout Stream
    ) {
        let u = p.convolverLatency
        let valid = builder.logic(.slice, [delayed], width: 1, name: "result0")
        stream.result = [valid]
        for stage in 1...u + 1 { stream.result.append(builder.register("result\(stage)", stream.result[stage - 1])) }
        let early = builder.delayed("markers_early", delayed, by: u - 2)
        func bit(_ index: Int, _ name: String, _ this: inout Elaboration) -> Signal {
            this.builder.logic(.slice, [early], width: 1, name: name, parameter: index)
        }
        let first = bit(1, "psum_first", &self)
        let shift = bit(2, "psum_shift", &self)
        let final = bit(3, "psum_final", &self)
        let lastWindow = bit(4, "psum_last", &self)
        let lastGroup = bit(5, "psum_last_group", &self)

        let address = builder.register("psum_address", width: 16)
        let more = builder.logic(.add, [address, 1], width: 16)
        builder.connect(
            address, next: select(lastWindow, 0, more, width: 16), enable: stream.result[u - 2], reset: begin)
        stream.psumReadAddress = address
        stream.psumRead = and(stream.result[u - 2], not(first), name: "psum_read")
        stream.psumLatched = builder.register("psum_latched", stream.psumRead)
        stream.psumWriteAddress = builder.delayed("psum_write_address", address, by: 3)
        stream.first = builder.delayed("accumulate_first", first, by: 2)
        stream.shift = builder.delayed("shift_psum", shift, by: 2)
        let final1 = builder.register("final1", final)
        let final2 = builder.register("final2", final1)
        let final3 = builder.register("final3", final2)
        stream.psumWrite = and(stream.result[u + 1], not(final3), name: "psum_write")
        stream.resultSoon = and(stream.result[u - 1], final1, name: "stream_result_soon")
        stream.groupEndsSoon = and(
            stream.resultSoon, builder.register("last1", lastWindow), name: "stream_group_ends_soon")
        let lastOfTile = and(lastWindow, lastGroup, bit(6, "psum_last_of_group", &self))
        stream.tileEndsSoon = and(
            stream.result[u - 1], builder.register("last_of_tile1", lastOfTile), name: "stream_tile_ends_soon")
    }

    // MARK: idioms

    /// The signal and its copies 1 ... `last` cycles later.
    private mutating func chain(_ name: String, _ signal: Signal, _ last: Int) -> [Signal] {
        var result = [signal]
        for stage in 1...last { result.append(builder.register("\(name)_\(stage)", result[stage - 1])) }
        return result
    }

    private mutating func narrow(_ signal: Signal, _ width: Int) -> Signal {
        builder.logic(.slice, [signal], width: width)
    }

    /// As many bits as number `count` words.
    private mutating func lowBits(_ signal: Signal, of count: Int) -> Signal {
        narrow(signal, max(1, Int.bitWidth - (count - 1).leadingZeroBitCount))
    }

    /// Bits side by side, the first lowest.
    private mutating func concatenated(_ bits: [Signal], name: String) -> Signal {
        var word = bits[0]
        for (position, bit) in bits.enumerated().dropFirst() {
            let moved = builder.logic(.shiftLeftConstant, [bit], width: bits.count, parameter: position)
            word = builder.logic(
                .or, [word, moved], width: bits.count, name: position == bits.count - 1 ? name : nil)
        }
        return word
    }
}
