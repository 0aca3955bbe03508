import Design
import Fabric

// A Design run lane by lane by the meanings of its primitives in Fabric: LogicMeaning and StateMeaning say what a lane
// does, this file which ports it is connected to. Tests compare Verilator and the kernel with it.

/// Runs a Design cycle by cycle.
struct ReferenceInterpreter {
    /// One lane of a cell with state.
    private enum LaneState {
        case register(RegisterMeaning)
        case shiftRegister(ShiftRegisterMeaning)
        case memory(BlockMemoryMeaning)
        case dsp(DSP48E2Meaning)
    }

    let design: Design
    /// Per net, per lane, in canonical form.
    private(set) var values: [[Int64]]
    private let order: [Int]
    /// Per cell, per lane; empty for logic.
    private var states: [[LaneState]]

    init(_ design: Design) throws {
        self.design = design
        values = design.nets.map { Array(repeating: 0, count: $0.lanes) }
        order = try design.combinationalOrder()
        states = design.cells.map { cell in
            let net = design[cell.outputs[0]]
            return Self.powerUp(cell, net).map { Array(repeating: $0, count: net.lanes) } ?? []
        }
        publish()
    }

    private static func powerUp(_ cell: Cell, _ net: Net) -> LaneState? {
        switch cell {
        case .logic: nil
        case .register(let cell):
            .register(RegisterMeaning(width: net.width, signed: net.signed, initial: cell.initial))
        case .shiftRegister(let cell): .shiftRegister(ShiftRegisterMeaning(depth: cell.depth))
        case .memory(let cell):
            .memory(BlockMemoryMeaning(depth: cell.depth, width: net.width, signed: net.signed))
        case .dsp(let cell): .dsp(DSP48E2Meaning(stagesB: cell.multiplier?.staged != nil))
        }
    }

    // MARK: connections

    private mutating func set(_ id: NetID, _ lane: Int, _ value: Int64) {
        values[id.index][lane] = LogicMeaning.canonical(value, width: design[id].width, signed: design[id].signed)
    }

    /// The value that lane `lane` of a reader sees.
    private func read(_ operand: Operand, _ lane: Int) -> Int64 {
        switch operand {
        case .constant(let value): return value
        case .laneIndex: return Int64(lane)
        case .net(let id, let map):
            if let map, map.source(of: lane) == nil { return 0 }
            if design[id].lanes == 1 { return values[id.index][0] }
            return values[id.index][map?.source(of: lane) ?? lane]
        }
    }

    /// Whether an enable holds; one that is not connected does.
    private func holds(_ operand: Operand?, _ lane: Int) -> Bool { operand.map { read($0, lane) != 0 } ?? true }

    // MARK: a cycle

    /// Applies the inputs of a cycle and evaluates all logic.
    mutating func settle(inputs: [[Int64]]) {
        for (id, lanes) in zip(design.inputs, inputs) {
            for (lane, value) in lanes.enumerated() { set(id, lane, value) }
        }
        for index in order {
            guard case .logic(let cell) = design.cells[index] else { continue }
            for lane in 0..<design[cell.output].lanes { set(cell.output, lane, evaluate(cell, lane)) }
        }
    }

    private func evaluate(_ cell: LogicCell, _ lane: Int) -> Int64 {
        let parts = cell.parameter
        switch cell.kind {
        case .unpack:
            return LogicMeaning.unpacked(
                read(cell.operands[0], lane / parts), part: lane % parts, width: design[cell.output].width)
        case .pack:
            guard let id = cell.operands[0].netID else { return 0 }
            let pieces = (0..<parts).map { read(cell.operands[0], lane * parts + $0) }
            return LogicMeaning.packed(pieces, width: design[id].width)
        case .laneSelect: return selected(cell, lane)
        default:
            let value = cell.operands.map { read($0, lane) } + [0, 0]
            return LogicMeaning.evaluate(
                cell.kind, value[0], value[1], value[2], parameter: parts, width: design[cell.output].width)
        }
    }

    private func selected(_ cell: LogicCell, _ lane: Int) -> Int64 {
        guard case .net(let id, let map) = cell.operands[0] else { return 0 }
        func base(_ lane: Int) -> Int { map?.source(of: lane) ?? lane }
        let largest = (0..<design[cell.output].lanes).map(base).max() ?? 0
        let choices = (design[id].lanes - 1 - largest) / cell.parameter + 1
        let choice = LogicMeaning.choice(read(cell.operands[1], lane), of: choices)
        return values[id.index][base(lane) + choice * cell.parameter]
    }

    /// The clock edge that ends the cycle: all cells see their ports as they were before it.
    mutating func edge() {
        for index in design.cells.indices {
            for lane in states[index].indices { clock(index, lane) }
        }
        publish()
    }

    private mutating func clock(_ index: Int, _ lane: Int) {
        switch (states[index][lane], design.cells[index]) {
        case (.register(var state), .register(let cell)):
            let reset = cell.reset.map { read($0, lane) != 0 } ?? false
            state.clock(data: read(cell.data, lane), enable: holds(cell.enable, lane), reset: reset)
            states[index][lane] = .register(state)
        case (.shiftRegister(var state), .shiftRegister(let cell)):
            state.clock(data: read(cell.data, lane), enable: holds(cell.enable, lane))
            states[index][lane] = .shiftRegister(state)
        case (.memory(var state), .memory(let cell)):
            // Out of the array while it changes, so that the words are not copied.
            states[index][lane] = .register(RegisterMeaning(width: 1, signed: false, initial: 0))
            state.clock(ports(cell, lane))
            states[index][lane] = .memory(state)
        case (.dsp(var state), .dsp(let cell)):
            state.clock(ports(cell, lane))
            states[index][lane] = .dsp(state)
        default: preconditionFailure("\(design.cells[index].kind) has another state")
        }
    }

    private func ports(_ cell: MemoryCell, _ lane: Int) -> BlockMemoryMeaning.Ports {
        // The first lane of a bank enables it.
        let first = lane / cell.lanesPerBank * cell.lanesPerBank
        return BlockMemoryMeaning.Ports(
            write: (holds(cell.writeEnable, first), read(cell.writeAddress, lane), read(cell.writeData, lane)),
            read: (holds(cell.readEnable, lane), read(cell.readAddress, lane)),
            outputEnable: holds(cell.outputEnable, lane))
    }

    private func ports(_ cell: DSPCell, _ lane: Int) -> DSP48E2Meaning.Ports {
        var ports = DSP48E2Meaning.Ports()
        if let multiplier = cell.multiplier {
            ports.a = read(multiplier.a, lane)
            ports.b = read(multiplier.b, lane)
            ports.enableA = holds(multiplier.enableA, lane)
            ports.enableB1 = multiplier.staged.map { holds($0.enable, lane) } ?? false
            ports.enableB = holds(multiplier.enableB, lane)
            ports.enableM = holds(multiplier.enableM, lane)
        }
        if let c = cell.c {
            ports.c = read(c, lane)
            ports.enableC = holds(cell.enableC, lane)
        }
        if let cascade = cell.cascade { ports.pcin = values[cascade.index][lane] }
        if let starts = cell.starts { ports.addsP = read(starts, lane) == 0 }
        ports.enableP = holds(cell.enableP, lane)
        return ports
    }

    /// Shows the state of all cells on their nets.
    private mutating func publish() {
        for (cell, lanes) in zip(design.cells, states) {
            for (lane, state) in lanes.enumerated() {
                for (id, value) in Self.visible(state, cell) { set(id, lane, value) }
            }
        }
    }

    private static func visible(_ state: LaneState, _ cell: Cell) -> [(NetID, Int64)] {
        switch (state, cell) {
        case (.register(let state), .register(let cell)): return [(cell.output, state.output)]
        case (.shiftRegister(let state), .shiftRegister(let cell)): return [(cell.output, state.output)]
        case (.memory(let state), .memory(let cell)):
            return [(cell.latch, state.latch)] + (cell.output.map { [($0, state.output)] } ?? [])
        case (.dsp(let state), .dsp(let cell)):
            var nets = [(cell.p, state.p)]
            if let multiplier = cell.multiplier {
                nets += [
                    (multiplier.aRegister, state.a), (multiplier.bRegister, state.b), (multiplier.mRegister, state.m),
                ]
                if let stage = multiplier.staged { nets.append((stage.register, state.b1)) }
            }
            if let register = cell.cRegister { nets.append((register, state.c)) }
            return nets
        default: preconditionFailure("\(cell.kind) has another state")
        }
    }
}
