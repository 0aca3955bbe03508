import Design

// Store engine: reads the ofmap buffer in a walk over planes, rows and columns, picks one granule of each word and
// offers it to memory with its address. The pipeline stands still while memory does not take a beat. The engine is
// finished when every beat has been acknowledged.

extension Elaboration {
    struct Store { var request, address, data: Signal }

    mutating func makeStore(
        _ inputs: Inputs, _ feedback: Feedback, _ sequencer: Sequencer, _ post: Post
    ) -> Store {
        builder.beginScope("store")
        defer { builder.endScope() }
        let words = sequencer.store.words
        let busy = builder.register("busy", width: 1)
        let begin = and(sequencer.store.ready, not(busy))
        builder.drive(feedback.storeBegin, with: begin)
        let finish = builder.wire("finish", width: 1)
        builder.connect(busy, next: begin, enable: or(begin, finish))
        builder.drive(feedback.storeFinish, with: finish)

        // Walk.
        let request = builder.register("write_request", width: 1)
        let flow = or(not(request), inputs.writeReady, name: "flow")
        let reading = builder.register("reading", width: 1)
        let advance = and(reading, flow, name: "advance")
        let lastColumn = field(StoreField.lastColumn, of: words)
        let lastRow = field(StoreField.lastRow, of: words)
        let lastPlane = field(StoreField.lastPlane, of: words)
        let (_, endOfRow) = counter("column", last: lastColumn, advance: advance, clear: begin)
        let (_, rowIsLast) = counter("row", last: lastRow, advance: and(advance, endOfRow), clear: begin)
        let endOfPlane = and(endOfRow, rowIsLast)
        let planeAdvance = and(advance, endOfPlane)
        let (_, planeIsLast) = counter("plane", last: lastPlane, advance: planeAdvance, clear: begin)
        builder.connect(reading, next: begin, enable: or(begin, and(planeAdvance, planeIsLast)))
        let base = field(StoreField.bufferAddress, of: words)
        let rowStep = field(StoreField.bufferRowStep, of: words)
        let planeStep = field(StoreField.bufferPlaneStep, of: words)
        let bufferAddress = walk(
            "buffer", base: base, steps: (1, rowStep, planeStep), begin: begin, advance: advance,
            endOfRow: endOfRow, endOfPlane: endOfPlane)
        let memoryBase = field(StoreField.address, of: words)
        let rowStride = field(StoreField.rowStride, of: words)
        let planeStride = field(StoreField.planeStride, of: words)
        let memoryAddress = walk(
            "memory", base: memoryBase, steps: (p.beatBytes, rowStride, planeStride), begin: begin,
            advance: advance, endOfRow: endOfRow, endOfPlane: endOfPlane)

        // Read pipeline: latch, output register, selected beat.
        let latched = builder.register("latched", reading, enable: flow)
        let present = builder.register("present", latched, enable: flow)
        builder.connect(request, next: present, enable: flow)
        let address1 = builder.register("address1", memoryAddress, enable: flow)
        let address2 = builder.register("address2", address1, enable: flow)
        let address = builder.register("write_address", address2, enable: flow)
        let outputEnable = and(latched, flow)
        let word = builder.inArray("ofmap_lane", lanes: p.pixels * p.outputs) { [p] in
            $0.memory(
                "ofmap", depth: p.ofmapDepth, width: p.activationBits, signed: true,
                lanesPerBank: p.pixels * p.outputs,
                .init(
                    writeEnable: post.write, writeAddress: post.address, writeData: post.result,
                    readEnable: advance, readAddress: bufferAddress, outputEnable: outputEnable))
        }
        let granule = field(StoreField.granule, of: words)
        let take = and(present, flow)
        let data = builder.inArray("beat", lanes: p.granule) { [p] builder in
            let chosen = builder.logic(
                .laneSelect, [word.mapped([.init(p.granule, stride: 1)]), granule], width: p.activationBits,
                signed: true, parameter: p.granule)
            return builder.register("data", chosen, enable: take)
        }

        // Beats on their way.
        let outstanding = builder.register("outstanding", width: 16)
        let accepted = and(request, inputs.writeReady)
        let more = builder.logic(.add, [outstanding, 1], width: 16)
        let fewer = builder.logic(.subtract, [outstanding, 1], width: 16)
        let changes = builder.logic(.xor, [accepted, inputs.writeAcknowledge], width: 1)
        builder.connect(outstanding, next: select(accepted, more, fewer, width: 16), enable: changes)
        let idle = and(not(or(reading, latched, present, request)), equal(outstanding, 0))
        builder.drive(finish, with: and(busy, idle))
        return Store(request: request, address: address, data: data)
    }
}
