import Design
import Fabric

// The documented semantics of every cell, written for clarity: one lane at a time, canonical 64-bit integers. Tests
// compare Verilator (and the kernel) with it.

/// Runs a Design cycle by cycle.
struct ReferenceInterpreter {
    let design: Design
    /// Per net, per lane, in canonical form.
    private(set) var values: [[Int64]]
    private let order: [Int]
    /// Per cell: shift register stages (stage, lane) or memory words (address, lane).
    private var contents: [Int: [[Int64]]] = [:]

    init(_ design: Design) throws {
        self.design = design
        values = design.nets.map { Array(repeating: 0, count: $0.lanes) }
        order = try design.combinationalOrder()
        for (index, cell) in design.cells.enumerated() {
            switch cell {
            case .register(let cell):
                for lane in values[cell.output.index].indices { set(cell.output, lane, cell.initial) }
            case .shiftRegister(let cell):
                contents[index] = Array(
                    repeating: Array(repeating: 0, count: design[cell.output].lanes), count: cell.depth)
            case .memory(let cell):
                contents[index] = Array(
                    repeating: Array(repeating: 0, count: design[cell.latch].lanes), count: cell.depth)
            case .logic, .dsp: break
            }
        }
    }

    private func canonical(_ id: NetID, _ value: Int64) -> Int64 {
        PrimitiveMeaning.canonical(value, width: design[id].width, signed: design[id].signed)
    }

    private mutating func set(_ id: NetID, _ lane: Int, _ value: Int64) {
        values[id.index][lane] = canonical(id, value)
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

    private func holds(_ operand: Operand?, _ lane: Int) -> Bool { operand.map { read($0, lane) != 0 } ?? true }

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
        switch cell.kind {
        case .unpack:
            let width = design[cell.output].width
            return read(cell.operands[0], lane / cell.parameter) >> Int64(lane % cell.parameter * width)
        case .pack: return packed(cell, lane)
        case .laneSelect: return selected(cell, lane)
        default:
            let value = cell.operands.map { read($0, lane) } + [0, 0]
            return PrimitiveMeaning.evaluate(
                cell.kind, value[0], value[1], value[2], parameter: cell.parameter, width: design[cell.output].width)
        }
    }

    private func packed(_ cell: LogicCell, _ lane: Int) -> Int64 {
        guard case .net(let id, _) = cell.operands[0] else { return 0 }
        let width = Int64(design[id].width)
        return (0..<cell.parameter).reduce(0) { word, part in
            let piece = read(cell.operands[0], lane * cell.parameter + part) & ((1 << width) - 1)
            return word | piece << (Int64(part) * width)
        }
    }

    private func selected(_ cell: LogicCell, _ lane: Int) -> Int64 {
        guard case .net(let id, let map) = cell.operands[0] else { return 0 }
        func base(_ lane: Int) -> Int? { map == nil ? lane : map?.source(of: lane) }
        let largest = (0..<design[cell.output].lanes).compactMap(base).max() ?? 0
        let last = (design[id].lanes - 1 - largest) / cell.parameter
        guard let first = base(lane) else { return 0 }
        return values[id.index][first + min(Int(read(cell.operands[1], lane)), last) * cell.parameter]
    }

    /// The clock edge that ends the cycle.
    mutating func edge() {
        let old = self
        for (index, cell) in design.cells.enumerated() {
            switch cell {
            case .logic: break
            case .register(let cell): step(cell, old)
            case .shiftRegister(let cell): step(cell, index, old)
            case .memory(let cell): step(cell, index, old)
            case .dsp(let cell): step(cell, old)
            }
        }
    }

    private mutating func step(_ cell: RegisterCell, _ old: ReferenceInterpreter) {
        for lane in 0..<design[cell.output].lanes {
            if let reset = cell.reset, old.read(reset, lane) != 0 {
                set(cell.output, lane, cell.initial)
            } else if old.holds(cell.enable, lane) {
                set(cell.output, lane, old.read(cell.data, lane))
            }
        }
    }

    private mutating func step(_ cell: ShiftRegisterCell, _ index: Int, _ old: ReferenceInterpreter) {
        guard let before = old.contents[index] else { return }
        for lane in 0..<design[cell.output].lanes where old.holds(cell.enable, lane) {
            var stages = [canonical(cell.output, old.read(cell.data, lane))]
            stages += before.dropLast().map { $0[lane] }
            for (stage, value) in stages.enumerated() { contents[index]?[stage][lane] = value }
            set(cell.output, lane, stages[cell.depth - 1])
        }
    }

    private mutating func step(_ cell: MemoryCell, _ index: Int, _ old: ReferenceInterpreter) {
        guard let before = old.contents[index] else { return }
        let lanes = 0..<design[cell.latch].lanes
        if old.holds(cell.readEnable, 0) {
            let word = before[Int(old.read(cell.readAddress, 0))]
            for lane in lanes { set(cell.latch, lane, word[lane]) }
        }
        let address = Int(old.read(cell.writeAddress, 0))
        for lane in lanes where old.holds(cell.writeEnable, lane / cell.lanesPerBank * cell.lanesPerBank) {
            let value = canonical(cell.latch, old.read(cell.writeData, lane))
            contents[index]?[address][lane] = value
        }
        if let output = cell.output, old.holds(cell.outputEnable, 0) {
            for lane in lanes { set(output, lane, old.values[cell.latch.index][lane]) }
        }
    }

    private mutating func step(_ cell: DSPCell, _ old: ReferenceInterpreter) {
        for lane in 0..<design[cell.p].lanes {
            if let multiplier = cell.multiplier { step(multiplier, lane, old) }
            if let c = cell.c, let register = cell.cRegister, old.holds(cell.enableC, lane) {
                set(register, lane, old.read(c, lane))
            }
            let addends = [cell.multiplier?.mRegister, cell.cRegister, cell.cascade].compactMap { $0 }
            let sum = addends.reduce(0) { $0 &+ old.values[$1.index][lane] }
            if old.holds(cell.enableP, lane) { set(cell.p, lane, sum) }
        }
    }

    private mutating func step(_ cell: DSPCell.Multiplier, _ lane: Int, _ old: ReferenceInterpreter) {
        if old.holds(cell.enableA, lane) { set(cell.aRegister, lane, old.read(cell.a, lane)) }
        let b = cell.staged.map { old.values[$0.register.index][lane] } ?? old.read(cell.b, lane)
        if old.holds(cell.enableB, lane) { set(cell.bRegister, lane, b) }
        if let stage = cell.staged, old.holds(stage.enable, lane) {
            set(stage.register, lane, old.read(cell.b, lane))
        }
        let product = old.values[cell.aRegister.index][lane] * old.values[cell.bRegister.index][lane]
        if old.holds(cell.enableM, lane) { set(cell.mRegister, lane, product) }
    }
}
