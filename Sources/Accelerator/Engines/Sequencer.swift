// Sequencer: every engine has its own instruction stream in external memory (decoupled access and execution). The
// sequencer fetches one 48-byte instruction at a time for the engine that has none waiting, keeps a waiting and a
// current instruction per engine, and counts the dependency tokens (Tokens). Done when all streams have ended.

import Design

extension Elaboration {
    /// What the sequencer gives to one engine.
    struct EngineInstruction {
        /// Three banks of four words; constant while the engine works on them.
        var words: [Signal]
        /// An instruction is present and its tokens are available.
        var ready: Signal
    }

    struct Sequencer {
        var load, compute, store: EngineInstruction
        /// The compute instruction waits for results to be stored.
        var computeWaitsForStore: Signal
        /// What else it may wait for.
        var computeStream: StreamProbes
        /// The fetch port's request and its address, 32 bits.
        var fetchRequest, fetchAddress: Signal
        /// All streams have ended and no engine works.
        var done: Signal
    }

    mutating func makeSequencer(_ inputs: Inputs, _ feedback: Feedback) -> Sequencer {
        builder.beginScope(
            "sequencer",
            about: "Fetches one instruction at a time for the engine that has none waiting, keeps a waiting "
                + "and a current one per engine, and counts the dependency tokens between them.")
        defer { builder.endScope() }
        let fetch = makeFetch(inputs)
        let running = builder.register("running", width: 1)
        let streams = Streams(
            load: makeStream("load", .load, fetch, inputs.loadProgram, finish: feedback.loadFinish),
            compute: makeStream("compute", .compute, fetch, inputs.computeProgram, finish: feedback.computeFinish),
            store: makeStream("store", .store, fetch, inputs.storeProgram, finish: feedback.storeFinish))
        let address = makeArbiter(fetch, streams, running: running)
        let done = makeEnd(streams, start: inputs.start, running: running)
        let tokens = makeTokens(feedback, streams)
        let (load, compute, store) = (streams.load, streams.compute, streams.store)
        return Sequencer(
            load: EngineInstruction(words: load.words, ready: tokens.loadReady),
            compute: EngineInstruction(words: compute.words, ready: tokens.computeReady),
            store: EngineInstruction(words: store.words, ready: tokens.storeReady),
            computeWaitsForStore: and(
                compute.valid, not(tokens.computeWaitsForLoad), tokens.computeWaitsForStore,
                name: "compute_waits_for_store"),
            computeStream: StreamProbes(
                valid: compute.valid.id, ended: compute.ended.id, takesLoad: compute.popLoad.id,
                loadTokens: tokens.loadToCompute.id),
            fetchRequest: fetch.request, fetchAddress: address, done: done)
    }

    // MARK: fetch

    /// The fetch unit: one instruction on its way at most.
    private struct Fetch {
        /// A beat of 4 x 32 bits comes; its number, 0...2; it is the last of its instruction.
        var data, valid, beat, arrived: Signal
        /// An instruction is on its way; for which engine (an `Opcode`, 2 bits).
        var inFlight, target: Signal
        /// The request at the port; memory accepts it.
        var request, accepted: Signal
        /// A program starts.
        var start: Signal
    }

    private mutating func makeFetch(_ inputs: Inputs) -> Fetch {
        let arrived = builder.wire("arrived", width: 1)
        let inFlight = builder.register("in_flight", width: 1)
        let target = builder.register("fetch_target", width: 2)
        let request = builder.register("fetch_request", width: 1)
        let accepted = and(request, inputs.fetchReady, term: "fetch_accepted")
        let beat = builder.register("beat", width: 2)
        let beatIsLast = equal(beat, Instruction.beats - 1)
        builder.drive(arrived, with: and(inputs.fetchValid, beatIsLast))
        let nextBeat = builder.logic(.add, [beat, 1], width: 2)
        builder.connect(
            beat, next: select(beatIsLast, 0, nextBeat, width: 2), enable: inputs.fetchValid, reset: inputs.start)
        return Fetch(
            data: inputs.fetchData, valid: inputs.fetchValid, beat: beat, arrived: arrived, inFlight: inFlight,
            target: target, request: request, accepted: accepted, start: inputs.start)
    }

    /// Begins a fetch for an engine that has no instruction waiting, compute before load before store. Returns the
    /// fetch port's address, 32 bits, one cycle later.
    private mutating func makeArbiter(_ fetch: Fetch, _ streams: Streams, running: Signal) -> Signal {
        let (load, compute, store) = (streams.load, streams.compute, streams.store)
        let wanted = or(load.wants, compute.wants, store.wants, term: "fetch_wanted")
        let begin = and(running, wanted, not(fetch.inFlight), name: "fetch_begin")
        builder.connect(fetch.inFlight, next: begin, enable: or(begin, fetch.arrived), reset: fetch.start)
        builder.connect(fetch.request, next: begin, enable: or(begin, fetch.accepted), reset: fetch.start)
        let storeOrLoad = select(load.wants, Opcode.load.rawValue, Opcode.store.rawValue, width: 2)
        let chosen = select(compute.wants, Opcode.compute.rawValue, storeOrLoad, width: 2)
        builder.connect(fetch.target, next: chosen, enable: begin)
        let storeOrLoadAddress = select(load.wants, load.address, store.address, width: 32)
        let chosenAddress = select(compute.wants, compute.address, storeOrLoadAddress, width: 32)
        return builder.register("fetch_address", chosenAddress, enable: begin)
    }

    /// Drives `running` from `start` until all streams have ended; returns `done`, high from then until the next start.
    private mutating func makeEnd(_ streams: Streams, start: Signal, running: Signal) -> Signal {
        let ended = and(
            streams.load.ended, streams.compute.ended, streams.store.ended, term: "all_ended")
        let busy = or(streams.load.valid, streams.compute.valid, streams.store.valid, term: "any_valid")
        let finished = and(running, ended, not(busy), name: "finished")
        builder.connect(running, next: start, enable: or(start, finished))
        let done = builder.register("done", width: 1)
        builder.connect(done, next: finished, enable: or(finished, start))
        return done
    }

    // MARK: streams

    /// The instruction stream of one engine.
    struct InstructionStream {
        /// The current instruction.
        var words: [Signal]
        /// An instruction is being executed or waits for tokens.
        var valid: Signal
        /// No instruction is waiting behind it; the stream has ended.
        var wants, ended: Signal
        /// Where the next one stands, 32 bits.
        var address: Signal
        /// Tokens that the current instruction takes and gives (`CommonField`).
        var popLoad, popCompute, popStore, pushLoad, pushCompute, pushStore: Signal
    }

    struct Streams { var load, compute, store: InstructionStream }

    /// Instruction stream of one engine: address, waiting instruction, current instruction.
    private mutating func makeStream(
        _ name: String, _ opcode: Opcode, _ fetch: Fetch, _ program: Signal, finish: Signal
    ) -> InstructionStream {
        let mine = equal(fetch.target, opcode.rawValue)
        let address = builder.register("\(name)_program_counter", width: 32)
        let following = builder.logic(.add, [address, Instruction.bytes], width: 32)
        builder.connect(
            address, next: select(fetch.start, program, following, width: 32),
            enable: or(fetch.start, and(fetch.accepted, mine)))
        var waiting: [Signal] = []
        for bank in 0..<Instruction.beats {
            let enable = and(fetch.valid, mine, equal(fetch.beat, bank))
            waiting.append(
                builder.inArray("\(name)_waiting\(bank)", lanes: 4) {
                    $0.register("word", fetch.data, enable: enable)
                })
        }
        let valid = builder.register("\(name)_valid", width: 1)
        let present = builder.register("\(name)_waiting", width: 1)
        let waitingOpcode = builder.logic(
            .slice, [waiting[0].lane(0)], width: CommonField.opcode.width, term: "\(name)_waiting_opcode",
            parameter: CommonField.opcode.low)
        let isEnd = equal(waitingOpcode, Opcode.end.rawValue, term: "\(name)_waiting_is_end")
        let ended = and(present, isEnd, name: "\(name)_ended")
        let move = and(present, not(isEnd), not(valid), name: "\(name)_move")
        let arrives = and(fetch.arrived, mine, term: "\(name)_arrives")
        builder.connect(present, next: arrives, enable: or(arrives, move), reset: fetch.start)
        builder.connect(valid, next: move, enable: or(move, finish))
        let words = waiting.enumerated().map { bank, source in
            builder.inArray("\(name)_instruction\(bank)", lanes: 4) {
                $0.register("word", source, enable: move)
            }
        }
        func flag(_ field: InstructionField, _ builder: inout DesignBuilder) -> Signal {
            builder.logic(
                .slice, [words[0].lane(field.word)], width: 1, name: "\(name)_\(field.name)", parameter: field.low)
        }
        return InstructionStream(
            words: words, valid: valid, wants: not(present), ended: ended, address: address,
            popLoad: flag(CommonField.popLoad, &builder), popCompute: flag(CommonField.popCompute, &builder),
            popStore: flag(CommonField.popStore, &builder), pushLoad: flag(CommonField.pushLoad, &builder),
            pushCompute: flag(CommonField.pushCompute, &builder), pushStore: flag(CommonField.pushStore, &builder))
    }
}
