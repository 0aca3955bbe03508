import Design
import Fabric

#if MUTANTS
    import Mutants
#endif

// Design -> plan: places for nets, steps in level order, commit order. Built once per simulation.
//
// Evaluate: logic cells in topological order, cut into short segments. A segment runs only when one of its sources has
// changed since it last ran; a vector cell whose result only feeds registers of one enable is skipped while that
// enable is low, unless someone observes the nets.
// Commit: banks so that a bank is read before it is overwritten, then scalar registers in small groups, readers before
// what they read; those that read banks or each other in a circle have their next values taken first. Groups and banks run only when something they read has changed, or while they are under way.
// Without toggles and observers, a vector cell that only feeds one register is computed straight into it at commit.
// All of this leaves every value as it would be without them.

/// What the plan must provide besides bits and cycles.
public struct PlanOptions: Sendable {
    /// Count toggles of every register.
    public var countsToggles: Bool
    /// Every net has its value in every cycle (needed when nets are traced).
    public var evaluatesEverything: Bool

    /// Bits and cycles are the same whatever is asked for; only speed differs.
    public init(countsToggles: Bool, evaluatesEverything: Bool = false) {
        self.countsToggles = countsToggles
        self.evaluatesEverything = evaluatesEverything
    }
}

/// The steps of one cycle.
struct SimulationPlan {
    /// A stretch of scalar or of vector steps.
    struct Section {
        var isScalar: Bool
        var first: Int
        var end: Int
    }
    /// Cells that change at different rates run in different segments.
    enum StepClass: Int {
        /// fields of an instruction register
        case field
        case scalar, vector
    }
    /// A scalar that later segments or other modules' registers read.
    struct Export {
        var value: UnsafePointer<Int64>
        var last: Int64
        var mask: DirtyBits
    }
    struct Segment {
        /// Sections of this segment, in order.
        var firstSection: Int
        var endSection: Int
        var exports: UnsafeMutableBufferPointer<Export>
        /// Bits to set whenever the segment has run.
        var always: DirtyBits
        /// The steps of a segment that is one scalar section and sets no bits of its own; else empty.
        var scalars = 0..<0
    }
    enum BankKind {
        case register
        /// a register whose data is computed straight into it
        case fused
        case shiftRegister, memory, dsp
    }
    struct FusedRegister {
        /// Index of the step in `vectors`.
        var step: Int
        var activity: Int
    }
    /// A few scalar registers of one module. Those of a two-phase group read banks or each other in a circle: their
    /// next values are taken before anything commits.
    struct CommitGroup {
        var scope: Int
        var isTwoPhase: Bool
        var first: Int
        var end: Int
    }
    struct Bank {
        var kind: BankKind
        var index: Int
        /// The bank changes nothing while this is zero.
        var enable: UnsafePointer<Int64>
        /// The bank's own bit, set again while it is under way.
        var bit: DirtyBits
    }
    struct Snapshot {
        var from: UnsafeRawPointer
        var to: UnsafeMutableRawPointer
        var bytes: Int
    }
    var scalars: [ScalarStep] = []
    var vectors: [VectorStep] = []
    var sections: [Section] = []
    var segments: [Segment] = []
    /// Copies taken at the end of evaluate, for banks that read each other in a circle.
    var snapshots: [Snapshot] = []
    var scalarRegisters: [ScalarRegisterStep] = []
    var groups: [CommitGroup] = []
    var registers: [VectorRegisterStep] = []
    var fused: [FusedRegister] = []
    var shiftRegisters: [ShiftRegisterStep] = []
    var memories: [MemoryStep] = []
    var dsps: [DSPStep] = []
    var banks: [Bank] = []
    /// Banks that share a dirty bit.
    var banksPerBit = 1
    /// Bits that are set again in every cycle.
    var always = DirtyBits.zero
}

/// Builds a plan over a storage.
struct PlanBuilder {
    let design: Design
    /// Copies that nothing reads.
    private let unread: Set<Int>
    let storage: Storage
    let options: PlanOptions
    var plan = SimulationPlan()
    private var constants: [Int64: UnsafeMutableRawPointer] = [:]
    private var snapshotPlaces: [NetID: Place] = [:]
    /// Cells of each segment, and the enables that guard some of them.
    var segmentCells: [[Int]] = []
    var guardNets: [Int: Set<NetID>] = [:]
    /// State cells of each group of scalar registers, and of each bank.
    var groupCells: [[Int]] = []
    private(set) var twoPhase: Set<Int> = []
    var bankCells: [Int] = []
    /// Register cell -> the logic cell computed straight into it.
    var fusedLogic: [Int: Int] = [:]
    /// Scalar registers of one group.
    let groupSize: Int

    init(design: Design, storage: Storage, options: PlanOptions) {
        (self.design, unread) = options.evaluatesEverything ? (design, []) : design.withoutCopies()
        self.storage = storage
        self.options = options
        let registers = design.cells.count { design[$0.firstOutput].lanes == 1 && !$0.kind.isLogic }
        groupSize = max(4, registers / 48)
    }

    mutating func build() throws -> SimulationPlan {
        let order = try levelOrder()
        fusedLogic = findFusions()
        try addLogic(order)
        let state = design.cells.indices.filter { !design.cells[$0].kind.isLogic }
        let banks = state.count { !isScalarRegister(design.cells[$0]) }
        plan.banksPerBit = max(1, (banks + DirtyBits.banks - 1) / DirtyBits.banks)
        for index in commitOrder(state) { addState(index) }
        markDependencies()
        return plan
    }

    // MARK: operands

    private mutating func constant(_ value: Int64) -> UnsafeMutableRawPointer {
        if let pointer = constants[value] { return pointer }
        let pointer = storage.allocate(bytes: 8)
        pointer.storeBytes(of: value, as: Int64.self)
        constants[value] = pointer
        return pointer
    }

    /// Element type and address of the operand of each of `lanes` lanes; at commit those of a snapshot where there is one.
    mutating func sources(
        _ operand: Operand, lanes: Int, atCommit: Bool = true
    ) -> (element: Element, pointers: [UnsafeRawPointer]) {
        switch operand {
        case .constant(let value):
            return (.int64, [UnsafeRawPointer](repeating: UnsafeRawPointer(constant(value)), count: lanes))
        case .laneIndex:
            return (.int64, (0..<lanes).map { UnsafeRawPointer(constant(Int64($0))) })
        case .net(let id, let map):
            let place = (atCommit ? snapshotPlaces[id] : nil) ?? storage.places[id.index]
            let pointers = (0..<lanes).map { lane -> UnsafeRawPointer in
                let source: Int?
                if let map { source = map.source(of: lane) } else { source = place.lanes == 1 ? 0 : lane }
                guard let source else { return UnsafeRawPointer(storage.zero) }
                precondition(source >= 0 && source < place.lanes)
                return UnsafeRawPointer(place.pointer + source * place.element.bytes)
            }
            return (place.element, pointers)
        }
    }

    /// A scalar operand, `fallback` when there is none.
    mutating func scalar(_ operand: Operand?, fallback: Int64) -> UnsafePointer<Int64> {
        guard let operand else { return UnsafePointer(constant(fallback).assumingMemoryBound(to: Int64.self)) }
        let (element, pointers) = sources(operand, lanes: 1)
        precondition(element == .int64 || operand.netID.map { design[$0].lanes } == 1)
        return pointers[0].assumingMemoryBound(to: Int64.self)
    }

    /// Joins lanes into runs in which every operand keeps its stride.
    static func runs(
        destination: Place, lanes: Int, operands: [(element: Element, pointers: [UnsafeRawPointer])]
    ) -> [Run] {
        var result: [Run] = []
        var start = 0
        while start < lanes {
            var strides = [Int](repeating: 0, count: operands.count)
            var count = 1
            if start + 1 < lanes {
                for (position, operand) in operands.enumerated() {
                    strides[position] = operand.pointers[start + 1] - operand.pointers[start]
                }
                let usable = zip(strides, operands).allSatisfy { stride, operand in
                    stride >= 0 && stride % operand.element.bytes == 0 && stride <= 1 << 20
                }
                if usable {
                    count = 2
                    while start + count < lanes,
                        zip(strides, operands).allSatisfy({ stride, operand in
                            operand.pointers[start + count] - operand.pointers[start + count - 1] == stride
                        })
                    { count += 1 }
                }
            }
            func pointer(_ position: Int) -> UnsafeRawPointer {
                position < operands.count ? operands[position].pointers[start] : UnsafeRawPointer(destination.pointer)
            }
            func stride(_ position: Int) -> Int {
                guard position < operands.count else { return 0 }
                return count == 1 ? 1 : strides[position] / operands[position].element.bytes
            }
            result.append(
                Run(
                    count: count, destination: destination.pointer + start * destination.element.bytes, a: pointer(0),
                    b: pointer(1), c: pointer(2), strideA: stride(0), strideB: stride(1), strideC: stride(2)))
            start += count
        }
        return result
    }

    // MARK: logic

    private mutating func addLogic(_ order: [Int]) throws {
        let guards = options.evaluatesEverything ? [:] : findGuards(order)
        let left = unread.union(fusedLogic.values)
        for cells in cutSegments(order.filter { !left.contains($0) }) {
            plan.segments.append(
                .init(
                    firstSection: plan.sections.count, endSection: plan.sections.count,
                    exports: .init(start: nil, count: 0), always: .zero))
            segmentCells.append(cells)
            for index in cells { addLogic(index, guardedBy: guards[index]) }
        }
    }

    private mutating func addLogic(_ index: Int, guardedBy enable: NetID?) {
        guard case .logic(let cell) = design.cells[index] else { preconditionFailure("only logic is evaluated") }
        let net = design[cell.output]
        if isScalar(cell) {
            plan.scalars.append(scalarStep(cell, net))
            extend(scalar: true)
        } else {
            var step = vectorStep(cell, net)
            if let enable {
                step.guardPointer = scalar(.net(enable, nil), fallback: 1)
                guardNets[segmentCells.count - 1, default: []].insert(enable)
            }
            plan.vectors.append(step)
            extend(scalar: false)
        }
    }

    mutating func extend(scalar: Bool) {
        let segment = plan.segments.count - 1
        let end = scalar ? plan.scalars.count : plan.vectors.count
        if plan.segments[segment].endSection > plan.segments[segment].firstSection,
            plan.sections[plan.sections.count - 1].isScalar == scalar
        {
            plan.sections[plan.sections.count - 1].end = end
        } else {
            plan.sections.append(.init(isScalar: scalar, first: end - 1, end: end))
            plan.segments[segment].endSection = plan.sections.count
        }
    }

    /// `target` nil: the cell's own output.
    mutating func vectorStep(_ cell: LogicCell, _ net: Net, into target: Place? = nil) -> VectorStep {
        let place = target ?? storage.places[cell.output.index]
        let lanes = net.lanes
        var operands: [(element: Element, pointers: [UnsafeRawPointer])] = []
        switch cell.kind {
        case .pack, .unpack:
            guard case .net(let id, _) = cell.operands[0] else { preconditionFailure("\(cell.kind) of a constant") }
            let source = storage.places[id.index]
            let run = Run(
                count: lanes, destination: place.pointer, a: UnsafeRawPointer(source.pointer),
                b: UnsafeRawPointer(place.pointer), c: UnsafeRawPointer(place.pointer), strideA: 1,
                strideB: design[id].width, strideC: 0)
            return makeStep(cell, net, [source.element], [run], place.element)
        case .laneSelect: operands = [sources(cell.operands[0], lanes: lanes)]
        default: operands = cell.operands.map { sources($0, lanes: lanes) }
        }
        let runs = PlanBuilder.runs(destination: place, lanes: lanes, operands: operands)
        var step = makeStep(cell, net, operands.map { $0.element }, runs, place.element)
        if cell.kind == .laneSelect, case .net(let id, let map) = cell.operands[0] {
            step.index = scalar(cell.operands[1], fallback: 0)
            step.indexBytes = cell.parameter * operands[0].element.bytes
            step.choices = selectChoices(design[id].lanes, map: map, lanes: lanes, step: cell.parameter)
        }
        return step
    }

    /// How many index values stay inside the operand.
    private func selectChoices(_ sourceLanes: Int, map: LaneMap?, lanes: Int, step: Int) -> Int {
        let largest = (0..<lanes).compactMap { map == nil ? $0 : map?.source(of: $0) }.max() ?? 0
        return (sourceLanes - 1 - largest) / step + 1
    }

    /// Runs with one activation each, joined where destination and codes continue; nil for any other shape.
    private static func merged(_ runs: [Run], _ elements: [Element], destination lanes: Int) -> [Run]? {
        guard elements[0] == .int32, elements[1] == .int32 else { return nil }
        guard runs.allSatisfy({ ($0.strideA == 0 || $0.count == 1) && $0.strideB == 1 }) else { return nil }
        let width = runs.count > 1 ? (runs[1].destination - runs[0].destination) / runs[0].count : 4
        var result: [Run] = []
        for run in runs {
            if let last = result.last, last.destination + last.count * width == run.destination,
                last.b + last.count * 4 == run.b
            {
                result[result.count - 1].count += run.count
            } else {
                result.append(run)
            }
        }
        return result
    }

    private func makeStep(
        _ cell: LogicCell, _ net: Net, _ elements: [Element], _ runs: [Run], _ destination: Element
    ) -> VectorStep {
        let joined = cell.kind == .powerOfTwoShift ? PlanBuilder.merged(runs, elements, destination: net.lanes) : nil
        let areEights = joined != nil && runs.allSatisfy { $0.count % 8 == 0 }
        let runs = storage.keep(runs)
        #if MUTANTS
            let kind = cell.kind == .roundShift && isPlanted("kernel-rounding") ? PrimitiveKind.shiftRight : cell.kind
        #else
            let kind = cell.kind
        #endif
        return VectorStep(
            kind: kind, parameter: cell.parameter, width: net.width, signed: net.signed,
            fits: resultFits(cell, net), destination: destination, a: elements[0],
            b: elements.count > 1 ? elements[1] : .int64, c: elements.count > 2 ? elements[2] : .int64, runs: runs,
            scratch: joined == nil ? nil : storage.allocate(bytes: 4 * net.lanes + 64),
            merged: storage.keep(joined ?? []), runsOfEight: areEights, guardPointer: nil, index: nil, indexBytes: 0,
            choices: 1)
    }

    /// Whether no result can need truncation.
    private func resultFits(_ cell: LogicCell, _ net: Net) -> Bool {
        guard net.signed else { return false }
        func bits(_ position: Int) -> Int {
            switch cell.operands[position] {
            case .constant(let value): return 64 - (value < 0 ? (~value) : value).leadingZeroBitCount + 1
            case .laneIndex: return 64
            case .net(let id, _): return design[id].signed ? design[id].significantBits : design[id].width + 1
            }
        }
        switch cell.kind {
        case .add, .subtract: return net.width > max(bits(0), bits(1))
        case .powerOfTwoShift:
            return net.width > bits(0) + PowerOfTwoCode.largestExponent(bits: cell.parameter)
        case .multiplex: return net.width >= max(bits(1), bits(2))
        case .maximum: return net.width >= max(bits(0), bits(1))
        case .slice, .laneSelect, .shiftRight: return net.width >= bits(0)
        case .saturate: return true
        default: return false
        }
    }

    // MARK: state

    /// Order in which banks commit: readers of a bank before the bank. Circles are cut by snapshots.
    private mutating func commitOrder(_ cells: [Int]) -> [Int] {
        let banks = cells.filter { !isScalarRegister(design.cells[$0]) }
        var driver: [NetID: Int] = [:]
        for index in banks { for id in design.cells[index].outputs { driver[id] = index } }
        var readers: [Int: [(reader: Int, net: NetID)]] = [:]
        for index in banks {
            for id in Set(bankOperands(index).compactMap { $0.netID }) {
                if let source = driver[id], source != index { readers[source, default: []].append((index, id)) }
            }
        }
        var state: [Int: Int] = [:]
        var order: [Int] = []
        var cut: Set<NetID> = []
        func visit(_ index: Int) {
            state[index] = 1
            for (reader, net) in (readers[index] ?? []).sorted(by: { ($0.reader, $0.net) < ($1.reader, $1.net) }) {
                if state[reader] == nil { visit(reader) } else if state[reader] == 1 { cut.insert(net) }
            }
            state[index] = 2
            order.append(index)
        }
        for index in banks where state[index] == nil { visit(index) }
        for index in banks { cut.formUnion(selfRead(index)) }
        for net in cut.sorted() { snapshot(net) }
        let registers = scalarOrder(cells.filter { isScalarRegister(design.cells[$0]) }, banks: Set(driver.keys))
        twoPhase = registers.twoPhase
        return registers.order + order
    }

    /// Outputs that a bank must read as they were: through a lane map, where lanes read others that may be written
    /// already; in memories and DSPs at all, whose outputs are written before their inputs are read.
    private func selfRead(_ index: Int) -> [NetID] {
        let outputs = Set(design.cells[index].outputs)
        return bankOperands(index).compactMap { operand in
            guard case .net(let id, let map) = operand, outputs.contains(id) else { return nil }
            switch design.cells[index] {
            case .memory, .dsp: return id
            case .logic, .register, .shiftRegister: return map == nil ? nil : id
            }
        }
    }

    /// Order in which scalar registers commit after the banks: readers of a register before the register. Two-phase
    /// are those that read a bank's output or each other in a circle.
    private func scalarOrder(_ cells: [Int], banks: Set<NetID>) -> (order: [Int], twoPhase: Set<Int>) {
        var driver: [NetID: Int] = [:]
        for index in cells { driver[design.cells[index].outputs[0]] = index }
        var readers: [Int: [Int]] = [:]
        var twoPhase: Set<Int> = []
        for index in cells {
            for id in Set(design.cells[index].operands.compactMap { $0.netID }) {
                if banks.contains(id) { twoPhase.insert(index) }
                if let source = driver[id], source != index { readers[source, default: []].append(index) }
            }
        }
        var state: [Int: Int] = [:]
        var order: [Int] = []
        func visit(_ index: Int) {
            state[index] = 1
            for reader in readers[index] ?? [] where !twoPhase.contains(reader) {
                if state[reader] == nil { visit(reader) } else if state[reader] == 1 { twoPhase.insert(reader) }
            }
            state[index] = 2
            order.append(index)
        }
        for index in cells where state[index] == nil { visit(index) }
        return (order, twoPhase)
    }

    private mutating func snapshot(_ id: NetID) {
        let place = storage.places[id.index]
        let bytes = place.lanes * place.element.bytes
        let copy = storage.allocate(bytes: bytes)
        snapshotPlaces[id] = Place(pointer: copy, element: place.element, lanes: place.lanes)
        plan.snapshots.append(.init(from: UnsafeRawPointer(place.pointer), to: copy, bytes: bytes))
    }

    func isScalarRegister(_ cell: Cell) -> Bool {
        guard case .register(let register) = cell else { return false }
        return design[register.output].lanes == 1
    }
}
