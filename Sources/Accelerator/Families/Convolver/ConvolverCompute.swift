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

import Design

/// What the `convolver` array needs to know of a convolution.
struct ConvolverSteps {
    var stream: Stream
    /// The ifmap buffer's read address of this cycle, of the stream or of a pooling step, 16 bits.
    var ifmapAddress: Signal
}

/// A stream at every stage of the grid. Index d of an array of signals: d cycles after the slot's issue. Chain a is a
/// cycle behind chain a - 1: its pixels stand in d = 3 + a, 2 (ifmap buffer) + 1 (masked pixel) + a.
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
    var taps: StreamTaps
    var weights: StreamWeights
    var results: StreamResults
    /// The ifmap buffer is read for the slot (d = 0); its word is in the latch (d = 1).
    var read, latched: Signal
    /// Read address of the slot, 16 bits.
    var ifmapAddress: Signal
    /// A slot is issued.
    var active: Signal
}

/// Which taps the instruction has, by tap index; constant while it runs.
struct StreamTaps {
    /// The instruction uses cells up to the tap.
    var uses: [Signal]
    /// Its results leave there.
    var leaves: [Signal]
}

extension Elaboration {
    mutating func makeConvolverCompute(
        _ convolver: ConvolverParameters, _ feedback: Feedback, _ sequencer: Sequencer
    ) -> (Control, ConvolverSteps) {
        builder.beginScope(
            "compute",
            about: "The loop nest of pooling, and, in the module stream, the streams of convolutions through "
                + "the convolvers.")
        defer { builder.endScope() }
        let words = sequencer.compute.words
        let (busy, begin) = makeComputeBegin(feedback, sequencer)
        let mode = makeMode(words)

        let poolBegin = and(begin, mode.isPool)
        let nest = makeNest(words, poolBegin)
        let poolAddress = makeNestAddress(words, poolBegin, nest, enable: or(poolBegin, nest.active))
        let poolValid = makePoolValid(nest.active)
        // A pooling step's result stands in its lane 3 cycles after the issue.
        let poolResult = builder.register("result_1", and(nest.active, nest.pixelEnd))
        let poolGroup = builder.register("group_end_1", and(nest.active, nest.groupEnd))
        let poolTile = builder.register("tile_end_1", and(nest.active, nest.tileEnd))

        let stream = makeStream(convolver, words, begin: and(begin, mode.isConvolution, name: "stream_begin"))
        let tileEnd = or(poolTile, stream.results.tileEndsSoon)
        let finish = builder.delayed("finish", tileEnd, by: PipelineStages.post)
        builder.drive(feedback.computeFinish, with: finish)
        let issue = or(nest.active, stream.active, name: "issue")
        let steps = ConvolverSteps(
            stream: stream,
            ifmapAddress: select(mode.isPool, poolAddress, stream.ifmapAddress, width: 16, name: "ifmap_read_address"))
        let pool = PoolControl(
            valid: poolValid, first: builder.delayed("pool_first", nest.first, by: PipelineStages.buffer),
            isPool: mode.isPool, isMax: mode.isMaxPool, granule: field(ComputeField.poolGranule, of: words))
        let control = Control(
            begin: begin, busy: busy, issue: issue, words: words, pool: pool,
            resultSoon: or(poolResult, stream.results.resultSoon, name: "result_soon"),
            groupEndsSoon: or(poolGroup, stream.results.groupEndsSoon))
        return (control, steps)
    }

    private mutating func makeStream(
        _ convolver: ConvolverParameters, _ words: [Signal], begin: Signal
    ) -> Stream {
        builder.beginScope(
            "stream",
            about: "Streams of a tile's rows through the convolvers, a slot a cycle: weight loader, masks of "
                + "windows and rows, markers of results, addresses of the ifmap and the psum buffer.")
        defer { builder.endScope() }
        let k = convolver.kernel
        let full = builder.wire("weights_ready", width: 1)
        let nest = makeStreamNest(words, begin, weightsReady: full)
        let lastCell = LastCell(
            row: narrow(field(ComputeField.lastKernelRow, of: words), 4),
            column: narrow(field(ComputeField.lastKernelColumn, of: words), 4))
        let loader = makeWeightLoader(k, words, nest, lastCell)
        builder.drive(full, with: loader.full)

        let taps = makeTaps(convolver, words)
        let issuedFlow = makeFlow(convolver, nest, taps)
        let masks = makeMasks(k, words, nest, lastCell)
        let read = and(nest.active, masks.inRow, masks.rowInMap[0], name: "ifmap_read")
        let rowIsResult = equal(masks.rowPhase, 0, name: "row_has_results")
        let delayed = makeDelayedMarkers(k, words, nest, masks, rowIsResult: rowIsResult)

        let flow = chain("flow", issuedFlow, lastFlowStage(convolver))
        let begins = chain("begins", nest.begins, 3 + k)
        let inRow = chain("in_row", and(nest.active, masks.inRow), 2 + k)
        let slot = chain("slot", lowBits(nest.slot, of: convolver.rowLength), 2 + k)
        let columnOpen = masks.column.enumerated().map { chain("column_open\($0.offset)", $0.element, 1 + k) }
        let latched = builder.register("ifmap_latched", read)
        let address = makeStreamAddress(words, nest, read: read)
        let rowOpen = (0..<k).map { a in
            let open = and(masks.rowInMap[a], rowIsResult)
            return builder.delayed("row_open\(a)", open, by: PipelineStages.buffer + a)
        }
        return Stream(
            flow: flow, begins: begins, inRow: inRow, slot: slot, columnOpen: columnOpen, rowOpen: rowOpen,
            taps: taps, weights: loader.weights, results: makeResults(convolver, delayed, begin), read: read,
            latched: latched, ifmapAddress: address, active: nest.active)
    }

    /// The flow's last stage: the one that the last chain's column adder takes.
    private func lastFlowStage(_ convolver: ConvolverParameters) -> Int {
        PipelineStages.buffer + convolver.kernel - 1 + p.laneStages + ConvolverParameters.pixelStages
            + convolver.columnStages
    }

    private mutating func makeTaps(_ convolver: ConvolverParameters, _ words: [Signal]) -> StreamTaps {
        let tap = field(StreamField.tap, of: words)
        let isTap = convolver.taps.indices.map { equal(tap, $0, name: "is_tap\($0)") }
        var usesTap = [isTap[0]]
        for index in convolver.taps.indices.dropFirst() {
            let smaller = builder.logic(.lessThan, [tap, index], width: 1)
            usesTap.append(not(smaller, name: "uses_tap\(index)"))
        }
        return StreamTaps(uses: usesTap, leaves: isTap)
    }

    /// The chains shift while a stream runs, T - 1 slots behind it, and as long before a tile, so that what another
    /// tap's streams left in them is gone.
    private mutating func makeFlow(_ convolver: ConvolverParameters, _ nest: StreamNest, _ taps: StreamTaps) -> Signal {
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

    /// Pixels of a plane, then of the next one; every pass and output group begins with the first plane again.
    private mutating func makeStreamAddress(_ words: [Signal], _ nest: StreamNest, read: Signal) -> Signal {
        let address = builder.register("ifmap_address", width: 16)
        let base = field(ComputeField.ifmapAddress, of: words)
        let more = builder.logic(.add, [address, 1], width: 16)
        let again = or(nest.begin, and(nest.streamEnd, nest.inputGroupIsLast))
        builder.connect(address, next: select(again, base, more, width: 16), enable: or(again, read))
        return address
    }
}
