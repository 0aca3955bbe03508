// Elaboration of all array families. Modules below `top`, a file or folder each:
//   sequencer  fetches the tile program, dispatches to the engines, counts dependency tokens (Engines/Sequencer)
//   load       DMA reads: requests, padding, writes into the buffers (Engines/LoadEngine)
//   compute    the loop nest: buffer addresses and the markers that travel beside the data (Families)
//   array      ifmap and weight buffers, lanes, adder tree, accumulators, pooling lanes (Families)
//   post       requantization (constants, residual, DSP48E2, rounding, ReLU, saturation) (Engines/PostEngine)
//   store      ofmap buffer and DMA writes (Engines/StoreEngine)
// The families differ in compute and array. Pipelines have the depths of PipelineStages.

import Design

/// Builds the Design of an accelerator, module by module.
struct Elaboration: Circuits {
    let p: AcceleratorParameters
    var builder = DesignBuilder(
        name: "accelerator",
        about: "A convolution accelerator: the sequencer fetches three instruction streams and hands them to the load, "
            + "compute and store engines; array and post work on the data in between.")

    init(_ parameters: AcceleratorParameters) { p = parameters }

    /// What the outside needs to know of `top`.
    struct Top {
        var ports: AcceleratorPorts
        var memory: MemoryInterface
        var probes: RunProbes
    }

    mutating func run() -> Top {
        let inputs = makeInputs()
        let feedback = makeFeedback()
        let sequencer = makeSequencer(inputs, feedback)
        let load = makeLoad(inputs, feedback, sequencer)
        let control: Control
        let array: LaneArray
        switch p.family {
        case .vector:
            let steps: VectorSteps
            (control, steps) = makeVectorCompute(feedback, sequencer)
            array = makeVectorArray(load, control, steps)
        case .convolver(let convolver):
            let steps: ConvolverSteps
            (control, steps) = makeConvolverCompute(convolver, feedback, sequencer)
            array = makeConvolverArray(convolver, load, control, steps)
        }
        let post = makePost(load, control, array)
        let store = makeStore(inputs, feedback, sequencer, post)
        makeOutputs(sequencer, load, store)
        return Top(
            ports: AcceleratorPorts(
                start: inputs.start.id, loadProgram: inputs.loadProgram.id, computeProgram: inputs.computeProgram.id,
                storeProgram: inputs.storeProgram.id, done: sequencer.done.id),
            memory: memoryInterface(inputs, sequencer, load, store),
            probes: RunProbes(
                compute: ComputeProbes(
                    issue: control.issue.id, busy: control.busy.id, waitsForStore: sequencer.computeWaitsForStore.id,
                    stream: sequencer.computeStream),
                loadBusy: load.busy.id, storeBusy: store.busy.id, computeFinish: feedback.computeFinish.id,
                storeFinish: feedback.storeFinish.id))
    }

    private mutating func makeOutputs(_ sequencer: Sequencer, _ load: Load, _ store: Store) {
        let outputs =
            [
                (sequencer.fetchRequest, "the instruction at fetch_address is asked for, until fetch_ready"),
                (sequencer.fetchAddress, "byte address where the instruction begins"),
                (load.request.valid, "a burst is asked for, until read_ready"),
                (load.request.address, "byte address where the burst begins"),
                (load.request.length, "beats of the burst less one"),
                (load.take, "the beat at read_data is taken"),
                (store.request, "a beat is to be written, until write_ready"),
                (store.address, "byte address where the beat goes"),
                (store.data, "the beat that is to be written"),
                (sequencer.done, "all streams have ended and all results are written; low from the next start on"),
            ] + [load.request.wide].compactMap { $0.map { ($0, "the burst's beats are wide: weights or constants") } }
        for (signal, meaning) in outputs { builder.output(signal, meaning: meaning) }
    }

    private func memoryInterface(
        _ inputs: Inputs, _ sequencer: Sequencer, _ load: Load, _ store: Store
    ) -> MemoryInterface {
        MemoryInterface(
            fetch: .init(
                ready: inputs.fetchReady.id, valid: inputs.fetchValid.id, data: inputs.fetchData.id,
                request: sequencer.fetchRequest.id, address: sequencer.fetchAddress.id, beats: Instruction.beats),
            read: .init(
                ready: inputs.readReady.id, valid: inputs.readValid.id, data: inputs.readData.id,
                request: load.request.valid.id, address: load.request.address.id, length: load.request.length.id,
                wide: load.request.wide?.id, take: load.take.id),
            write: .init(
                ready: inputs.writeReady.id, settled: inputs.writeSettled.id, request: store.request.id,
                address: store.address.id, data: store.data.id),
            beat: .init(bytes: p.beatBytes, fields: p.granule, fieldBytes: p.activationBits / 8),
            wideBeat: .init(
                bytes: p.weightBeatBytes, fields: p.weightBeatFields, fieldBytes: p.activationBits / 8))
    }

    // MARK: ports and feedback

    /// Input ports of `top`; `AcceleratorPorts` and `MemoryInterface` say what they mean.
    struct Inputs {
        var start, loadProgram, computeProgram, storeProgram, fetchReady, fetchValid, fetchData: Signal
        var readReady, readValid, readData, writeReady, writeSettled: Signal
    }

    private mutating func makeInputs() -> Inputs {
        let start = builder.input("start", width: 1, meaning: "a pulse of one cycle starts a program")
        func program(_ engine: String) -> Signal {
            builder.input(
                "\(engine)_program", width: 32,
                meaning: "byte address of the \(engine) engine's instructions, read at start")
        }
        let (loadProgram, computeProgram, storeProgram) = (program("load"), program("compute"), program("store"))
        let fetchReady = builder.input("fetch_ready", width: 1, meaning: "memory accepts a fetch_request")
        let fetchValid = builder.input(
            "fetch_valid", width: 1, meaning: "fetch_data is the next beat of an instruction, and is taken")
        let fetchData = builder.inArray("fetch_word", lanes: 4) {
            $0.input("fetch_data", width: 32, meaning: "a beat of an instruction, the lowest address in lane 0")
        }
        let readReady = builder.input("read_ready", width: 1, meaning: "memory accepts a read_request")
        let readValid = builder.input(
            "read_valid", width: 1, meaning: "read_data is the next beat of the bursts, and stays until read_take")
        let readData = builder.inArray("read_field", lanes: p.weightBeatFields) { [p] in
            $0.input(
                "read_data", width: p.activationBits, signed: true,
                meaning: "a beat of the bursts, the lowest address in lane 0")
        }
        return Inputs(
            start: start, loadProgram: loadProgram, computeProgram: computeProgram, storeProgram: storeProgram,
            fetchReady: fetchReady, fetchValid: fetchValid,
            fetchData: fetchData, readReady: readReady, readValid: readValid, readData: readData,
            writeReady: builder.input("write_ready", width: 1, meaning: "memory accepts a write_request"),
            writeSettled: builder.input(
                "write_settled", width: 1,
                meaning: "every beat that was accepted in an earlier cycle has been written"))
    }

    /// Pulses of one cycle that an earlier module reads from a later one: wires whose drivers follow.
    struct Feedback {
        /// The engine begins its instruction: its tokens are taken.
        var loadBegin, computeBegin, storeBegin: Signal
        /// The engine has finished its instruction: its tokens are given.
        var loadFinish, computeFinish, storeFinish: Signal
    }

    private mutating func makeFeedback() -> Feedback {
        Feedback(
            loadBegin: builder.wire("load_begin", width: 1),
            computeBegin: builder.wire("compute_begin", width: 1),
            storeBegin: builder.wire("store_begin", width: 1),
            loadFinish: builder.wire("load_finish", width: 1),
            computeFinish: builder.wire("compute_finish", width: 1),
            storeFinish: builder.wire("store_finish", width: 1))
    }
}

/// What every family's compute engine tells the other modules. A result stands in its accumulator (or pooling lane) two
/// cycles after its `resultSoon`.
struct Control {
    /// The engine takes its next instruction.
    var begin: Signal
    /// It holds one.
    var busy: Signal
    /// A step of the loop nest, or a slot of a stream, is issued.
    var issue: Signal
    /// The instruction's words, three banks of four.
    var words: [Signal]
    var pool: PoolControl
    /// Two cycles before a result stands in the accumulator: read constants and residual.
    var resultSoon: Signal
    /// The same, for the last result of an output group.
    var groupEndsSoon: Signal
}

/// What every family's array gives to `post`; lanes hold results in the cycle two after `Control.resultSoon`.
struct LaneArray {
    /// [pixel][output], `accumulatorBits` bits.
    var accumulator: Signal
    /// [pixel][channel of the granule]
    var pool: Signal
}
