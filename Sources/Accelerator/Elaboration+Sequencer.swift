import Design

// Sequencer: every engine has its own instruction stream in external memory (decoupled access and execution). The
// sequencer fetches one 48-byte instruction at a time for the engine that has none waiting, keeps a waiting and a
// current instruction per engine, and counts the dependency tokens. Done when all streams have ended.

extension Elaboration {
    /// What the sequencer gives to one engine.
    struct EngineInstruction {
        /// Three banks of four words.
        var words: [Signal]
        /// An instruction is present and its tokens are available.
        var ready: Signal
    }

    struct Sequencer {
        var load, compute, store: EngineInstruction
        /// The compute instruction waits for results to be stored.
        var computeWaitsForStore: Signal
        var fetchRequest, fetchAddress, done: Signal
    }

    mutating func makeSequencer(_ inputs: Inputs, _ feedback: Feedback) -> Sequencer {
        builder.beginScope("sequencer")
        defer { builder.endScope() }

        // Fetch: one instruction at a time, for the engine that has none waiting.
        let arrived = builder.wire("arrived", width: 1)
        let inFlight = builder.register("in_flight", width: 1)
        let target = builder.register("fetch_target", width: 2)
        let request = builder.register("fetch_request", width: 1)
        let accepted = and(request, inputs.fetchReady)
        let beat = builder.register("beat", width: 2)
        let beatIsLast = equal(beat, 2)
        builder.drive(arrived, with: and(inputs.fetchValid, beatIsLast))
        let nextBeat = builder.logic(.add, [beat, 1], width: 2)
        builder.connect(
            beat, next: select(beatIsLast, 0, nextBeat, width: 2), enable: inputs.fetchValid, reset: inputs.start)
        let fetch = Fetch(
            data: inputs.fetchData, valid: inputs.fetchValid, beat: beat, target: target, arrived: arrived,
            accepted: accepted, start: inputs.start)
        let running = builder.register("running", width: 1)
        let load = engine("load", .load, fetch, inputs.loadProgram, finish: feedback.loadFinish)
        let compute = engine("compute", .compute, fetch, inputs.computeProgram, finish: feedback.computeFinish)
        let store = engine("store", .store, fetch, inputs.storeProgram, finish: feedback.storeFinish)
        let wanted = or(load.wants, compute.wants, store.wants)
        let begin = and(running, wanted, not(inFlight), name: "fetch_begin")
        builder.connect(inFlight, next: begin, enable: or(begin, arrived), reset: inputs.start)
        builder.connect(request, next: begin, enable: or(begin, accepted), reset: inputs.start)
        let storeOrLoad = select(load.wants, Opcode.load.rawValue, Opcode.store.rawValue, width: 2)
        let chosen = select(compute.wants, Opcode.compute.rawValue, storeOrLoad, width: 2)
        builder.connect(target, next: chosen, enable: begin)
        let storeOrLoadAddress = select(load.wants, load.address, store.address, width: 32)
        let chosenAddress = select(compute.wants, compute.address, storeOrLoadAddress, width: 32)
        let address = builder.register("fetch_address", chosenAddress, enable: begin)

        let ended = and(load.ended, compute.ended, store.ended)
        let busy = or(load.valid, compute.valid, store.valid)
        let finished = and(running, ended, not(busy), name: "finished")
        builder.connect(running, next: inputs.start, enable: or(inputs.start, finished))
        let done = builder.register("done", width: 1)
        builder.connect(done, next: finished, enable: or(finished, inputs.start))

        // Tokens. Names: giver_to_taker.
        let loadToCompute = tokens(
            "load_to_compute", give: and(feedback.loadFinish, load.pushCompute),
            take: and(feedback.computeBegin, compute.popLoad))
        let computeToLoad = tokens(
            "compute_to_load", give: and(feedback.computeFinish, compute.pushLoad),
            take: and(feedback.loadBegin, load.popCompute))
        let computeToStore = tokens(
            "compute_to_store", give: and(feedback.computeFinish, compute.pushStore),
            take: and(feedback.storeBegin, store.popCompute))
        let storeToCompute = tokens(
            "store_to_compute", give: and(feedback.storeFinish, store.pushCompute),
            take: and(feedback.computeBegin, compute.popStore))
        let storeToLoad = tokens(
            "store_to_load", give: and(feedback.storeFinish, store.pushLoad),
            take: and(feedback.loadBegin, load.popStore))

        let loadWaits = or(
            and(load.popCompute, not(computeToLoad)), and(load.popStore, not(storeToLoad)))
        let computeWaitsForLoad = and(compute.popLoad, not(loadToCompute))
        let computeWaitsForStore = and(compute.popStore, not(storeToCompute))
        let storeWaits = and(store.popCompute, not(computeToStore))
        let loadReady = and(load.valid, not(loadWaits), name: "load_ready")
        let computeReady = and(
            compute.valid, not(or(computeWaitsForLoad, computeWaitsForStore)), name: "compute_ready")
        let storeReady = and(store.valid, not(storeWaits), name: "store_ready")
        return Sequencer(
            load: EngineInstruction(words: load.words, ready: loadReady),
            compute: EngineInstruction(words: compute.words, ready: computeReady),
            store: EngineInstruction(words: store.words, ready: storeReady),
            computeWaitsForStore: and(
                compute.valid, not(computeWaitsForLoad), computeWaitsForStore, name: "compute_waits_for_store"),
            fetchRequest: request, fetchAddress: address, done: done)
    }

    /// The fetch unit as the engines' instruction registers see it.
    private struct Fetch {
        var data, valid, beat, target, arrived, accepted, start: Signal
    }

    private struct Engine {
        var words: [Signal]
        /// An instruction is being executed or waits for tokens.
        var valid: Signal
        /// No instruction is waiting behind it; the stream has ended.
        var wants, ended: Signal
        var address: Signal
        var popLoad, popCompute, popStore, pushLoad, pushCompute, pushStore: Signal
    }

    /// Instruction stream of one engine: address, waiting instruction, current instruction.
    private mutating func engine(
        _ name: String, _ opcode: Opcode, _ fetch: Fetch, _ program: Signal, finish: Signal
    ) -> Engine {
        let mine = equal(fetch.target, opcode.rawValue)
        let address = builder.register("\(name)_program_counter", width: 32)
        let following = builder.logic(.add, [address, Instruction.bytes], width: 32)
        builder.connect(
            address, next: select(fetch.start, program, following, width: 32),
            enable: or(fetch.start, and(fetch.accepted, mine)))
        var waiting: [Signal] = []
        for bank in 0..<3 {
            let enable = and(fetch.valid, mine, equal(fetch.beat, bank))
            waiting.append(
                builder.inArray("\(name)_waiting\(bank)", lanes: 4) {
                    $0.register("word", fetch.data, enable: enable)
                })
        }
        let valid = builder.register("\(name)_valid", width: 1)
        let present = builder.register("\(name)_waiting", width: 1)
        let waitingOpcode = builder.logic(
            .slice, [waiting[0].lane(0)], width: CommonField.opcode.width, parameter: CommonField.opcode.low)
        let isEnd = equal(waitingOpcode, Opcode.end.rawValue)
        let ended = and(present, isEnd, name: "\(name)_ended")
        let move = and(present, not(isEnd), not(valid), name: "\(name)_move")
        let arrives = and(fetch.arrived, mine)
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
        return Engine(
            words: words, valid: valid, wants: not(present), ended: ended, address: address,
            popLoad: flag(CommonField.popLoad, &builder), popCompute: flag(CommonField.popCompute, &builder),
            popStore: flag(CommonField.popStore, &builder), pushLoad: flag(CommonField.pushLoad, &builder),
            pushCompute: flag(CommonField.pushCompute, &builder), pushStore: flag(CommonField.pushStore, &builder))
    }

    /// A token counter; returns whether it is above zero.
    private mutating func tokens(_ name: String, give: Signal, take: Signal) -> Signal {
        let count = builder.register("\(name)_tokens", width: 4)
        let more = builder.logic(.add, [count, 1], width: 4)
        let fewer = builder.logic(.subtract, [count, 1], width: 4)
        let changes = builder.logic(.xor, [give, take], width: 1)
        builder.connect(count, next: select(give, more, fewer, width: 4), enable: changes)
        return not(equal(count, 0))
    }
}
