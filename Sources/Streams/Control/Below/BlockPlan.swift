// From cells below the cone to steps: only what the data path (or the count of toggles) needs, in an order in which each
// step finds its inputs complete. Cells that read each other are one step: a counter or a walk where they have that
// shape, a circle otherwise.

import Design
import Fabric

/// A lane of a net.
struct NetLane: Hashable {
    var net: NetID
    var lane = 0
}

/// The steps of a Design's control below the cone.
struct BlockPlan {
    let graph: CellGraph
    private(set) var nets: [BlockNet] = []
    private(set) var steps: [BlockStep] = []
    private(set) var walks: [[WalkRegister]] = []
    private(set) var circles: [Circle] = []
    private(set) var delayDepths: [Int] = []
    /// Nets with one value for ever.
    private(set) var constants: [(net: Int, value: Int64)] = []
    /// Nets that the cone or the host drives, which somebody here reads.
    private(set) var outside: [(source: NetLane, net: Int)] = []
    /// Registers whose toggles are counted.
    private(set) var counted: [Int] = []
    private(set) var numbers: [NetLane: Int] = [:]
    private var constantNumbers: [Int64: Int] = [:]
    /// Cells that are computed here, and those among them that each reads.
    private var computed: Set<Int> = []
    private var reads: [Int: [Int]] = [:]
    private let kept: Set<NetID>

    /// Steps for the nets to keep, and for all registers where toggles are counted.
    init(_ graph: CellGraph, _ layers: ControlLayers, keeping kept: [NetID], countsToggles: Bool) {
        self.graph = graph
        self.kept = Set(kept)
        let below = Set(layers.below)
        let registers = layers.below.filter { !graph.design.cells[$0].kind.isLogic }
        computed = needed(kept, countsToggles ? registers : [], among: below, end: layers.nest?.end)
        for index in computed {
            let sources = graph.design.cells[index].operands.compactMap { $0.netID.flatMap { graph.driver[$0.index] } }
            reads[index] = sources.filter { computed.contains($0) }
        }
        for id in kept { _ = number(NetLane(net: id)) }
        for circle in graph.circles(among: computed.sorted(), reads: reads) { add(circle) }
        if countsToggles {
            counted = registers.flatMap { graph.design.cells[$0].outputs }.compactMap { numbers[NetLane(net: $0)] }
        }
    }

    /// Backwards from nets and cells, as far as this layer goes. What the nest stands for ends at its end.
    private func needed(_ nets: [NetID], _ cells: [Int], among below: Set<Int>, end: NetID?) -> Set<Int> {
        var result = Set(cells)
        var stack = nets + cells.flatMap { graph.design.cells[$0].operands.compactMap(\.netID) }
        while let net = stack.popLast() {
            guard net != end, let cell = graph.driver[net.index], below.contains(cell), result.insert(cell).inserted
            else { continue }
            stack += graph.design.cells[cell].operands.compactMap(\.netID)
        }
        return result
    }

    // MARK: nets

    private mutating func add(_ net: BlockNet) -> Int {
        nets.append(net)
        return nets.count - 1
    }

    private mutating func number(_ lane: NetLane) -> Int {
        if let number = numbers[lane] { return number }
        let net = graph.design[lane.net]
        let number = add(BlockNet(width: net.width, isSigned: net.signed))
        numbers[lane] = number
        if graph.driver[lane.net.index].map({ computed.contains($0) }) != true { outside.append((lane, number)) }
        return number
    }

    mutating func constant(_ value: Int64) -> Int {
        if let number = constantNumbers[value] { return number }
        let number = add(BlockNet(width: 62, isSigned: true))
        constantNumbers[value] = number
        constants.append((number, value))
        return number
    }

    mutating func number(_ operand: Operand?, fallback: Int64 = 0) -> Int {
        switch operand {
        case nil: return constant(fallback)
        case .constant(let value): return constant(value)
        case .laneIndex: preconditionFailure("scalars have no lane number")
        case .net(let id, let map):
            guard let map else { return number(NetLane(net: id)) }
            guard let lane = map.source(of: 0) else { return constant(0) }
            return number(NetLane(net: id, lane: lane))
        }
    }

    private mutating func number(of id: NetID) -> Int { number(NetLane(net: id)) }

    /// Whether a net is one bit, or a constant that is.
    private func isBit(_ number: Int) -> Bool {
        if let constant = constants.first(where: { $0.net == number }) {
            return constant.value == 0 || constant.value == 1
        }
        return nets[number].isBit
    }

    // MARK: steps

    /// The step of a cell, or of cells that read each other.
    private mutating func add(_ cells: [Int]) {
        if cells.count == 1, !reads[cells[0]]!.contains(cells[0]), addSingle(graph.design.cells[cells[0]]) { return }
        let circle = Set(cells)
        if !addCounter(circle) && !addWalk(circle) && !addBitCircle(circle) { addCircle(circle) }
        // Logic within that others read follows from the registers, which are complete now.
        var read: Set<Int> = []
        var stack = cells.filter { index in
            graph.design.cells[index].kind.isLogic
                && graph.design.cells[index].outputs.contains { id in
                    kept.contains(id)
                        || graph.readers[id.index].contains { computed.contains($0) && !circle.contains($0) }
                }
        }
        while let index = stack.popLast() {
            guard read.insert(index).inserted else { continue }
            stack += reads[index]!.filter { circle.contains($0) && graph.design.cells[$0].kind.isLogic }
        }
        for index in graph.ordered(read, reads: reads) { addLogic(graph.design.cells[index]) }
    }

    /// False for a cell that has no step of its own.
    private mutating func addSingle(_ cell: Cell) -> Bool {
        switch cell {
        case .logic: addLogic(cell)
        case .register(let register):
            var step = BlockStep(kind: .register, output: number(of: register.output), a: number(register.data))
            step.enable = number(register.enable, fallback: 1)
            step.reset = number(register.reset)
            step.initial = register.initial
            guard isBit(step.enable), isBit(step.reset) else { return false }
            steps.append(step)
            setPowerUp(step.output, register.initial)
        case .shiftRegister(let shift):
            steps.append(
                BlockStep(
                    kind: .delay, output: number(of: shift.output), a: number(shift.data), index: delayDepths.count))
            delayDepths.append(shift.depth)
        case .memory, .dsp: preconditionFailure("\(cell.kind) is not below the cone")
        }
        return true
    }

    private mutating func setPowerUp(_ number: Int, _ initial: Int64) {
        nets[number].next = nets[number].canonical(initial)
    }

    private mutating func addLogic(_ cell: Cell) {
        guard case .logic(let logic) = cell else { preconditionFailure("only logic is computed so") }
        let operands = logic.operands.map { number($0) }
        addLogic(logic.kind, number(of: logic.output), operands, parameter: logic.parameter)
    }

    private mutating func addLogic(_ kind: PrimitiveKind, _ output: Int, _ operands: [Int], parameter: Int = 0) {
        let zero = constant(0)
        let onBits: [PrimitiveKind] = [.and, .or, .xor, .equal, .multiplex]
        let isBits =
            nets[output].isBit && operands.allSatisfy { isBit($0) }
            && (onBits.contains(kind) || kind == .slice && parameter == 0)
        var step = BlockStep(
            kind: isBits ? .bitLogic : .logic, logic: kind, parameter: parameter, output: output, a: operands[0],
            b: operands.count > 1 ? operands[1] : zero, c: operands.count > 2 ? operands[2] : zero)
        step.fits = operands.dropFirst().allSatisfy { fits($0, in: output) }
        steps.append(step)
    }

    /// Whether every value of a net is one of another as it is.
    private func fits(_ number: Int, in other: Int) -> Bool {
        if let constant = constants.first(where: { $0.net == number }) {
            return nets[other].canonical(constant.value) == constant.value
        }
        let (from, to) = (nets[number], nets[other])
        return from.isSigned == to.isSigned ? from.width <= to.width : to.isSigned && from.width < to.width
    }

    // MARK: counters

    private mutating func addCounter(_ cells: Set<Int>) -> Bool {
        let design = graph.design
        let registers = cells.compactMap { index -> RegisterCell? in
            if case .register(let register) = design.cells[index] { register } else { nil }
        }
        guard cells.count == 4, registers.count == 1, let register = registers.first,
            case .net(let data, nil) = register.data, let choice = graph.logic(data), choice.kind == .multiplex,
            choice.operands[1] == .constant(0), case .net(let isLast, nil) = choice.operands[0],
            let equal = graph.logic(isLast), equal.kind == .equal, design[isLast].width == 1, !design[isLast].signed,
            equal.operands[0] == .net(register.output, nil), case .net(let more, nil) = choice.operands[2],
            let add = graph.logic(more), add.kind == .add, add.operands == [.net(register.output, nil), .constant(1)],
            ([data, more, register.output].allSatisfy { !design[$0].signed }),
            ([data, more].allSatisfy { design[$0].width == design[register.output].width }),
            !isInside(equal.operands[1], cells), !isInside(register.enable, cells), !isInside(register.reset, cells)
        else { return false }
        var step = BlockStep(kind: .counter, output: number(of: register.output), a: number(equal.operands[1]))
        step.enable = number(register.enable, fallback: 1)
        step.reset = number(register.reset)
        step.initial = register.initial
        guard isBit(step.enable), isBit(step.reset), !nets[step.output].isBit else { return false }
        steps.append(step)
        setPowerUp(step.output, register.initial)
        return true
    }

    private func isInside(_ operand: Operand?, _ cells: Set<Int>) -> Bool {
        guard let id = operand?.netID, let driver = graph.driver[id.index] else { return false }
        return cells.contains(driver)
    }

    // MARK: walks

    /// Where a walk goes: from a base (0: none), by an amount. Nets by number.
    private typealias Way = (base: Int, amount: Int)

    private mutating func addWalk(_ cells: Set<Int>) -> Bool {
        let design = graph.design
        let registers = cells.sorted().compactMap { index -> RegisterCell? in
            if case .register(let register) = design.cells[index] { register } else { nil }
        }
        let logic = cells.subtracting(registers.compactMap { graph.driver[$0.output.index] })
        guard
            logic.allSatisfy({ index in
                guard case .logic(let cell) = design.cells[index] else { return false }
                return [.add, .multiplex].contains(cell.kind) && !design[cell.output].signed
            })
        else { return false }
        let stepCount = steps.count
        var walk: [WalkRegister] = []
        for register in registers {
            guard !isInside(register.enable, cells), !isInside(register.reset, cells), !design[register.output].signed,
                design[register.output].width > 1,
                let way = way(register.data, cells, registers.map(\.output), width: design[register.output].width)
            else {
                // Nets that were made meanwhile stay, without a step and without a reader.
                steps.removeSubrange(stepCount...)
                return false
            }
            let output = number(of: register.output)
            let mask = (Int64(1) << Int64(design[register.output].width)) - 1
            walk.append(
                WalkRegister(
                    output: output, enable: number(register.enable, fallback: 1), reset: number(register.reset),
                    base: way.base, amount: way.amount, initial: register.initial & mask, mask: mask))
        }
        guard walk.allSatisfy({ isBit($0.enable) && isBit($0.reset) }) else {
            steps.removeSubrange(stepCount...)
            return false
        }
        steps.append(BlockStep(kind: .walk, index: walks.count))
        walks.append(walk)
        for register in walk { setPowerUp(register.output, register.initial) }
        return true
    }

    /// The way that an operand stands for, with the steps that find it; nil: it is none. All sums are modulo 2^width.
    private mutating func way(_ operand: Operand, _ cells: Set<Int>, _ registers: [NetID], width: Int) -> Way? {
        guard case .net(let id, nil) = operand, isInside(operand, cells) else {
            return (constant(0), number(operand))
        }
        if let index = registers.firstIndex(of: id) { return (constant(Int64(index + 1)), constant(0)) }
        guard let cell = graph.logic(id), graph.design[id].width >= width else { return nil }
        switch cell.kind {
        case .add:
            for (mine, other) in [(0, 1), (1, 0)] {
                guard !isInside(cell.operands[other], cells),
                    let way = way(cell.operands[mine], cells, registers, width: width), way.amount == constant(0)
                else { continue }
                return (way.base, number(cell.operands[other]))
            }
            return nil
        case .multiplex:
            guard !isInside(cell.operands[0], cells) else { return nil }
            let condition = number(cell.operands[0])
            guard isBit(condition), let yes = way(cell.operands[1], cells, registers, width: width),
                let no = way(cell.operands[2], cells, registers, width: width)
            else { return nil }
            return (choice(condition, yes.base, no.base), choice(condition, yes.amount, no.amount))
        default: return nil
        }
    }

    /// A net that is one or the other.
    private mutating func choice(_ condition: Int, _ yes: Int, _ no: Int) -> Int {
        if yes == no { return yes }
        let output = add(BlockNet(width: 62, isSigned: true))
        addLogic(.multiplex, output, [condition, yes, no])
        return output
    }

    // MARK: circles

    /// A register of one bit: what it takes is computed for both of its values, 64 cycles at a time.
    private mutating func addBitCircle(_ cells: Set<Int>) -> Bool {
        let design = graph.design
        let registers = cells.filter { !design.cells[$0].kind.isLogic }
        guard registers.count == 1, case .register(let register) = design.cells[registers.first!],
            nets[number(of: register.output)].isBit
        else { return false }
        let logic = graph.ordered(cells.subtracting(registers), reads: reads)
        let stepCount = steps.count
        var next: [Int] = []
        for value in Int64(0)...1 {
            guard let result = nextBit(register, from: value, through: logic) else {
                steps.removeSubrange(stepCount...)
                return false
            }
            next.append(result)
        }
        steps.append(BlockStep(kind: .bitCircle, output: number(of: register.output), a: next[0], b: next[1]))
        setPowerUp(number(of: register.output), register.initial)
        return true
    }

    /// What a register of one bit that holds a value takes; nil where more than bits decide it.
    private mutating func nextBit(_ register: RegisterCell, from value: Int64, through logic: [Int]) -> Int? {
        var copies = [register.output: constant(value)]
        for index in logic {
            guard case .logic(let cell) = graph.design.cells[index] else { return nil }
            let net = graph.design[cell.output]
            let operands = cell.operands.map { number($0, copies) }
            let copy = add(BlockNet(width: net.width, isSigned: net.signed))
            addLogic(cell.kind, copy, operands, parameter: cell.parameter)
            copies[cell.output] = copy
        }
        var next = number(register.data, copies)
        guard isBit(next) else { return nil }
        for (condition, yes, no) in [
            (register.enable.map { number($0, copies) }, next, constant(value)),
            (register.reset.map { number($0, copies) }, constant(register.initial & 1), -1),
        ] {
            guard let condition else { continue }
            guard isBit(condition) else { return nil }
            let chosen = add(BlockNet(width: 1, isSigned: false))
            addLogic(.multiplex, chosen, [condition, yes, no < 0 ? next : no])
            next = chosen
        }
        return next
    }

    /// The net of an operand, or the copy that stands for it.
    private mutating func number(_ operand: Operand, _ copies: [NetID: Int]) -> Int {
        guard case .net(let id, let map) = operand, let copy = copies[id] else { return number(operand) }
        return map == nil || map?.source(of: 0) != nil ? copy : constant(0)
    }

    private mutating func addCircle(_ cells: Set<Int>) {
        let design = graph.design
        var circle = Circle()
        var slots: [NetLane: Int] = [:]
        var inside: Set<NetID> = []
        for index in cells { inside.formUnion(design.cells[index].outputs) }
        for operand in cells.sorted().flatMap({ design.cells[$0].operands }) {
            guard case .net(let id, let map) = operand, !inside.contains(id) else { continue }
            guard let lane = map == nil ? 0 : map?.source(of: 0) else { continue }
            let source = NetLane(net: id, lane: lane)
            if slots[source] == nil {
                slots[source] = circle.outside.count
                circle.outside.append(number(source))
            }
        }
        circle.slots = circle.outside.count
        for id in inside.sorted() {
            slots[NetLane(net: id)] = circle.slots
            circle.slots += 1
        }
        func slot(_ operand: Operand?, _ fallback: Int64, _ circle: inout Circle) -> Int {
            var value = fallback
            switch operand {
            case .net(let id, let map):
                if let lane = map == nil ? 0 : map?.source(of: 0) { return slots[NetLane(net: id, lane: lane)]! }
                value = 0
            case .constant(let constant): value = constant
            case .laneIndex, nil: break
            }
            circle.constants.append((circle.slots, value))
            circle.slots += 1
            return circle.slots - 1
        }
        let logic = cells.filter { design.cells[$0].kind.isLogic }
        for index in graph.ordered(logic, reads: reads) {
            guard case .logic(let cell) = design.cells[index] else { continue }
            let net = design[cell.output]
            let operands = (0..<3).map { slot($0 < cell.operands.count ? cell.operands[$0] : nil, 0, &circle) }
            circle.cells.append(
                CircleCell(
                    logic: cell.kind, parameter: cell.parameter, width: net.width, isSigned: net.signed,
                    output: slots[NetLane(net: cell.output)]!, a: operands[0], b: operands[1], c: operands[2]))
        }
        for index in cells.sorted() {
            guard case .register(let register) = design.cells[index] else { continue }
            let net = number(of: register.output)
            setPowerUp(net, register.initial)
            circle.registers.append(
                CircleRegister(
                    net: net, slot: slots[NetLane(net: register.output)]!, data: slot(register.data, 0, &circle),
                    enable: slot(register.enable, 1, &circle), reset: slot(register.reset, 0, &circle),
                    initial: nets[net].canonical(register.initial)))
        }
        steps.append(BlockStep(kind: .circle, index: circles.count))
        circles.append(circle)
    }
}
