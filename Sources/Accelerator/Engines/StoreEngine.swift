// Store engine: reads the ofmap buffer in a walk over planes, rows and columns, picks one granule of each word and
// offers it to memory with its address. The pipeline stands still while memory does not take a beat. The engine is
// finished when memory says that every beat has been written.

import Design

extension Elaboration {
    /// The engine works on an instruction. The write port: a beat is offered; where it goes, 32 bits; its fields
    /// [field].
    struct Store { var busy, request, address, data: Signal }

    mutating func makeStore(
        _ inputs: Inputs, _ feedback: Feedback, _ sequencer: Sequencer, _ post: Post
    ) -> Store {
        builder.beginScope(
            "store",
            about: "The ofmap buffer, and DMA writes: walks the tile's results, picks a beat of each word "
                + "and offers it to the write port.")
        defer { builder.endScope() }
        let words = sequencer.store.words
        let busy = builder.register("busy", width: 1)
        let begin = and(sequencer.store.ready, not(busy), term: "begins")
        builder.drive(feedback.storeBegin, with: begin)
        let finish = builder.wire("finish", width: 1)
        builder.connect(busy, next: begin, enable: or(begin, finish))
        builder.drive(feedback.storeFinish, with: finish)

        let request = builder.register("write_request", width: 1)
        let flow = or(not(request), inputs.writeReady, name: "flow")
        let walk = makeStoreWalk(words, begin, flow: flow)
        let beat = makeStoreBeat(words, walk, post, request: request, flow: flow)
        let inFlight = or(walk.reading, beat.latched, beat.present, request, term: "beats_in_flight")
        let idle = and(not(inFlight), inputs.writeSettled, term: "idle")
        builder.drive(finish, with: and(busy, idle))
        return Store(busy: busy, request: request, address: beat.address, data: beat.data)
    }

    /// Where the engine reads.
    private struct StoreWalk {
        /// Positions are left; one is read in this cycle.
        var reading, advance: Signal
        /// Its word in the ofmap buffer, 16 bits, and its beat in memory, 32 bits.
        var bufferAddress, memoryAddress: Signal
    }

    /// Walks planes, rows and columns, a position in each cycle in which the pipeline flows.
    private mutating func makeStoreWalk(_ words: [Signal], _ begin: Signal, flow: Signal) -> StoreWalk {
        let reading = builder.register("reading", width: 1)
        let advance = and(reading, flow, name: "advance")
        let lastColumn = field(StoreField.lastColumn, of: words)
        let lastRow = field(StoreField.lastRow, of: words)
        let lastPlane = field(StoreField.lastPlane, of: words)
        let (_, endOfRow) = counter("column", last: lastColumn, advance: advance, clear: begin)
        let (_, rowIsLast) = counter("row", last: lastRow, advance: and(advance, endOfRow), clear: begin)
        let endOfPlane = and(endOfRow, rowIsLast, term: "end_of_plane")
        let planeAdvance = and(advance, endOfPlane, term: "plane_advance")
        let (_, planeIsLast) = counter("plane", last: lastPlane, advance: planeAdvance, clear: begin)
        builder.connect(reading, next: begin, enable: or(begin, and(planeAdvance, planeIsLast)))
        let base = field(StoreField.bufferAddress, of: words)
        let rowStep = field(StoreField.bufferRowStep, of: words)
        let planeStep = field(StoreField.bufferPlaneStep, of: words)
        let walk = Walk(begin: begin, advance: advance, endOfRow: endOfRow, endOfPlane: endOfPlane)
        let bufferAddress = makeAddress("buffer", base: base, steps: (1, rowStep, planeStep), walk)
        let memoryBase = field(StoreField.address, of: words)
        let rowStride = field(StoreField.rowStride, of: words)
        let planeStride = field(StoreField.planeStride, of: words)
        let memoryAddress = makeAddress(
            "memory", base: memoryBase, steps: (p.beatBytes, rowStride, planeStride), walk)
        return StoreWalk(
            reading: reading, advance: advance, bufferAddress: bufferAddress, memoryAddress: memoryAddress)
    }

    /// The pipeline behind the walk: the latch and the output register of the ofmap buffer hold a word; the beat at the
    /// port and its address.
    private struct StoreBeat { var latched, present, address, data: Signal }

    /// The ofmap buffer and the beat that is picked of its word: `PipelineStages.store` cycles that stand still
    /// together.
    private mutating func makeStoreBeat(
        _ words: [Signal], _ walk: StoreWalk, _ post: Post, request: Signal, flow: Signal
    ) -> StoreBeat {
        let latched = builder.register("latched", walk.reading, enable: flow)
        let present = builder.register("present", latched, enable: flow)
        builder.connect(request, next: present, enable: flow)
        let address1 = builder.register("address1", walk.memoryAddress, enable: flow)
        let address2 = builder.register("address2", address1, enable: flow)
        let address = builder.register("write_address", address2, enable: flow)
        let outputEnable = and(latched, flow)
        let word = builder.inArray("ofmap_lane", lanes: p.pixels * p.outputs) { [p] in
            $0.memory(
                "ofmap", depth: p.ofmapDepth, width: p.activationBits, signed: true,
                lanesPerBank: p.pixels * p.outputs,
                .init(
                    writeEnable: post.write, writeAddress: post.address, writeData: post.result,
                    readEnable: walk.advance, readAddress: walk.bufferAddress, outputEnable: outputEnable))
        }
        let granule = field(StoreField.granule, of: words)
        let take = and(present, flow)
        let data = builder.inArray("beat", lanes: p.granule) { [p] builder in
            let chosen = builder.logic(
                .laneSelect, [word.mapped([.init(p.granule, stride: 1)]), granule], width: p.activationBits,
                signed: true, parameter: p.granule)
            return builder.register("data", chosen, enable: take)
        }
        return StoreBeat(latched: latched, present: present, address: address, data: data)
    }
}
