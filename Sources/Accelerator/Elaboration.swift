import Design
import Fabric

// Elaboration of both array families. Modules below `top`:
//   sequencer  fetches the tile program, dispatches to the engines, counts dependency tokens
//   load       DMA reads: requests, padding, writes into the buffers
//   compute    the loop nest: buffer addresses and the markers that travel beside the data
//   array      ifmap and weight buffers, lanes, adder tree, accumulators, pooling lanes
//   post       requantization (constants, residual, DSP48E2, rounding, ReLU, saturation)
//   store      ofmap buffer and DMA writes
// The families differ in compute and array: Elaboration+Compute and +Array are the `vector` family's,
// Elaboration+Stream and +Convolver the `convolver` family's. All else is shared.

/// The ports of `top` by name, for whoever drives them.
public struct AcceleratorPorts: Sendable, Equatable, Codable {
    public var start: NetID
    public var loadProgram: NetID
    public var computeProgram: NetID
    public var storeProgram: NetID
    public var fetchReady: NetID
    public var fetchValid: NetID
    public var fetchData: NetID
    public var fetchRequest: NetID
    public var fetchAddress: NetID
    public var readReady: NetID
    public var readValid: NetID
    public var readData: NetID
    public var readRequest: NetID
    public var readAddress: NetID
    public var readLength: NetID
    public var readTake: NetID
    public var writeReady: NetID
    public var writeAcknowledge: NetID
    public var writeRequest: NetID
    public var writeAddress: NetID
    public var writeData: NetID
    public var done: NetID
}

/// Nets that the run report counts: what the engines did in a cycle.
public struct AcceleratorProbes: Sendable, Equatable, Codable {
    /// A step of the loop nest is issued.
    public var computeIssue: NetID
    /// The compute engine works on an instruction.
    public var computeBusy: NetID
    /// The compute engine's instruction waits for results to be stored.
    public var computeWaitsForStore: NetID
    public var storeFinish: NetID
}

/// An elaborated accelerator.
public struct Accelerator: Sendable {
    public let parameters: AcceleratorParameters
    public let design: Design
    public let ports: AcceleratorPorts
    public let probes: AcceleratorProbes

    /// Elaborates and checks the Design.
    public init(_ parameters: AcceleratorParameters) throws {
        self.parameters = parameters
        var elaboration = Elaboration(parameters)
        let (ports, probes) = elaboration.run()
        design = try elaboration.builder.build()
        self.ports = ports
        self.probes = probes
    }
}

/// Signals that cross module borders; feedback wires are declared here before their drivers exist.
struct Elaboration {
    let p: AcceleratorParameters
    var builder = DesignBuilder(name: "accelerator")

    init(_ parameters: AcceleratorParameters) { p = parameters }

    mutating func run() -> (AcceleratorPorts, AcceleratorProbes) {
        let inputs = makeInputs()
        let feedback = makeFeedback()
        let sequencer = makeSequencer(inputs, feedback)
        let load = makeLoad(inputs, feedback, sequencer)
        let control: Control
        let array: LaneArray
        if let convolver = p.convolver {
            let stream: Stream
            (control, stream) = makeConvolverCompute(convolver, feedback, sequencer)
            array = makeConvolverArray(convolver, load, control, stream)
        } else {
            control = makeCompute(feedback, sequencer)
            array = makeArray(load, control)
        }
        let post = makePost(load, control, array)
        let store = makeStore(inputs, feedback, sequencer, post)
        let outputs = [
            sequencer.fetchRequest, sequencer.fetchAddress, load.request, load.address, load.length, load.take,
            store.request, store.address, store.data, sequencer.done,
        ]
        for signal in outputs { builder.output(signal) }
        let ports = AcceleratorPorts(
            start: inputs.start.id, loadProgram: inputs.loadProgram.id, computeProgram: inputs.computeProgram.id,
            storeProgram: inputs.storeProgram.id, fetchReady: inputs.fetchReady.id,
            fetchValid: inputs.fetchValid.id, fetchData: inputs.fetchData.id,
            fetchRequest: sequencer.fetchRequest.id, fetchAddress: sequencer.fetchAddress.id,
            readReady: inputs.readReady.id, readValid: inputs.readValid.id, readData: inputs.readData.id,
            readRequest: load.request.id, readAddress: load.address.id, readLength: load.length.id,
            readTake: load.take.id, writeReady: inputs.writeReady.id, writeAcknowledge: inputs.writeAcknowledge.id,
            writeRequest: store.request.id, writeAddress: store.address.id, writeData: store.data.id,
            done: sequencer.done.id)
        let probes = AcceleratorProbes(
            computeIssue: control.active.id, computeBusy: control.busy.id,
            computeWaitsForStore: sequencer.computeWaitsForStore.id, storeFinish: feedback.storeFinish.id)
        return (ports, probes)
    }

    // MARK: ports and feedback

    struct Inputs {
        var start, loadProgram, computeProgram, storeProgram, fetchReady, fetchValid, fetchData: Signal
        var readReady, readValid, readData, writeReady, writeAcknowledge: Signal
    }

    private mutating func makeInputs() -> Inputs {
        let start = builder.input("start", width: 1)
        let loadProgram = builder.input("load_program", width: 32)
        let computeProgram = builder.input("compute_program", width: 32)
        let storeProgram = builder.input("store_program", width: 32)
        let fetchReady = builder.input("fetch_ready", width: 1)
        let fetchValid = builder.input("fetch_valid", width: 1)
        let fetchData = builder.inArray("fetch_word", lanes: 4) { $0.input("fetch_data", width: 32) }
        let readReady = builder.input("read_ready", width: 1)
        let readValid = builder.input("read_valid", width: 1)
        let readData = builder.inArray("read_field", lanes: p.granule) { [p] in
            $0.input("read_data", width: p.activationBits, signed: true)
        }
        return Inputs(
            start: start, loadProgram: loadProgram, computeProgram: computeProgram, storeProgram: storeProgram,
            fetchReady: fetchReady, fetchValid: fetchValid,
            fetchData: fetchData, readReady: readReady, readValid: readValid, readData: readData,
            writeReady: builder.input("write_ready", width: 1),
            writeAcknowledge: builder.input("write_acknowledge", width: 1))
    }

    /// Pulses and levels that an earlier module reads from a later one.
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

// MARK: small idioms

extension Elaboration {
    mutating func and(_ signals: Signal..., name: String? = nil) -> Signal { gather(.and, signals, name) }
    mutating func or(_ signals: Signal..., name: String? = nil) -> Signal { gather(.or, signals, name) }

    private mutating func gather(_ kind: PrimitiveKind, _ signals: [Signal], _ name: String?) -> Signal {
        var result = signals[0]
        for (position, next) in signals.dropFirst().enumerated() {
            result = builder.logic(
                kind, [result, next], width: 1, name: position == signals.count - 2 ? name : nil)
        }
        return result
    }

    mutating func not(_ signal: Signal, name: String? = nil) -> Signal {
        builder.logic(.xor, [signal, 1], width: 1, name: name)
    }

    mutating func equal(_ a: Signal, _ b: any Readable, name: String? = nil) -> Signal {
        builder.logic(.equal, [a, b], width: 1, name: name)
    }

    mutating func select(_ condition: Signal, _ a: any Readable, _ b: any Readable, width: Int, name: String? = nil)
        -> Signal
    {
        builder.logic(.multiplex, [condition, a, b], width: width, name: name)
    }

    /// A field of an instruction held in three banks of four words.
    mutating func field(_ field: InstructionField, of instruction: [Signal]) -> Signal {
        builder.logic(
            .slice, [instruction[field.word / 4].lane(field.word % 4)], width: field.width, name: "\(field.name)_field",
            parameter: field.low)
    }

    /// Address of a walk over planes, rows and columns: `steps` are the differences from column to column, from row
    /// start to row start and from plane start to plane start.
    mutating func walk(
        _ name: String, base: Signal, steps: (column: any Readable, row: Signal, plane: Signal), begin: Signal,
        advance: Signal, endOfRow: Signal, endOfPlane: Signal
    ) -> Signal {
        let width = base.width
        let address = builder.register("\(name)_address", width: width)
        let row = builder.register("\(name)_row_start", width: width)
        let plane = builder.register("\(name)_plane_start", width: width)
        let nextColumn = builder.logic(.add, [address, steps.column], width: width)
        let nextRow = builder.logic(.add, [row, steps.row], width: width)
        let nextPlane = builder.logic(.add, [plane, steps.plane], width: width)
        let rowOrPlane = select(endOfPlane, nextPlane, nextRow, width: width)
        let next = select(endOfRow, rowOrPlane, nextColumn, width: width)
        builder.connect(
            address, next: select(begin, base, next, width: width), enable: or(begin, advance))
        builder.connect(
            row, next: select(begin, base, rowOrPlane, width: width), enable: or(begin, and(advance, endOfRow)))
        builder.connect(
            plane, next: select(begin, base, nextPlane, width: width),
            enable: or(begin, and(advance, endOfPlane)))
        return address
    }

    /// A flag that `set` raises and `clear` lowers; `set` wins.
    mutating func flag(_ name: String, set: Signal, clear: Signal) -> Signal {
        let value = builder.register(name, width: 1)
        builder.connect(value, next: set, enable: or(set, clear))
        return value
    }

    /// A counter 0...last: cleared by `clear`, advanced by `advance`; returns (value, value == last).
    mutating func counter(_ name: String, last: Signal, advance: Signal, clear: Signal) -> (Signal, Signal) {
        let value = builder.register(name, width: last.width)
        let isLast = equal(value, last, name: "\(name)_is_last")
        let more = builder.logic(.add, [value, 1], width: last.width)
        let next = select(isLast, 0, more, width: last.width)
        builder.connect(value, next: next, enable: advance, reset: clear)
        return (value, isLast)
    }
}
