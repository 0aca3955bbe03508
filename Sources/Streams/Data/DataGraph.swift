// The data path as a graph of rows: every net of it is a row of lanes, every cell a node that makes the rows of one net.
// Cells with inner registers are taken apart: a DSP48E2 is registers, a product and sums; a block RAM is a latch and an
// output register; an SRL is as many registers as it is deep. Copies that change nothing are read through.

import Design
import Fabric

/// What a row of one net holds.
struct RowShape: Sendable, Hashable {
    var lanes: Int
    var width: Int
    var signed: Bool
    /// Bits that suffice for every value, the sign included.
    var significantBits: Int

    /// Bits of the narrowest two's complement number that holds every value.
    var bits: Int { signed ? significantBits : width + 1 }

    init(_ net: Net) {
        (lanes, width, signed, significantBits) = (net.lanes, net.width, net.signed, net.significantBits)
    }
}

/// Where a node's operand comes from.
enum RowOperand: Sendable, Hashable {
    /// rows of another net (an index in `DataGraph.nets`), through a map of its lanes
    case rows(Int, LaneMap?)
    /// the same, lane by lane as they are stored
    case stored(Int)
    /// a scalar of control (an index in `Separation.boundary`)
    case scalar(Int)
    case constant(Int64)

    var net: Int? {
        switch self {
        case .rows(let net, _), .stored(let net): net
        case .scalar, .constant: nil
        }
    }
}

/// When a register takes its data: the scalars of which one at least is high; nil: in every cycle.
typealias EnableSet = Set<Int>

/// Makes the rows of one net.
struct DataNode: Sendable {
    enum Kind: Sendable {
        case logic(PrimitiveKind, parameter: Int)
        /// of a DSP48E2
        case product
        /// `enable` nil: always; `reset` takes priority
        case register(enable: Int?, reset: Int?, initial: Int64)
        /// the latch of a memory, an index in `DataGraph.memories`
        case latch(Int)
    }
    var kind: Kind
    /// Index in `DataGraph.nets`.
    var output: Int
    /// Of a latch: what the memory writes.
    var operands: [RowOperand]

    /// Whether its operands may be stored in other lanes than they have: what moves lanes itself counts them.
    var takesMaps: Bool {
        switch kind {
        case .logic(.pack, _), .logic(.unpack, _), .logic(.laneSelect, _): false
        case .logic, .product, .register, .latch: true
        }
    }

    /// Whether the net holds its value until the node takes the next one.
    var isState: Bool {
        switch kind {
        case .logic, .product: false
        case .register, .latch: true
        }
    }
}

/// The data path of a Design.
struct DataGraph: Sendable {
    /// One net: its rows, and the Design's net if it has one.
    struct RowNetInfo: Sendable {
        /// Of the lanes that are stored.
        var shape: RowShape
        var id: NetID?
        /// Stored lane of each lane of the net, each as often as every other; nil: all lanes are stored.
        var table: [Int]?
        /// A trace looks at its rows.
        var isWatched = false
    }
    struct Memory: Sendable {
        var cell: MemoryCell
        /// Boundary indices.
        var writeBit: Int
        var bank: Int?
        var readEnable: Int?
        var readAddress: Int
        var writeAddress: Int
        /// Where several memories are read as one: what its lanes read, and where they lie.
        var joined: Joined?
    }
    /// Memories whose reads are the first one's, each some cycles later.
    struct Joined: Sendable {
        /// By lane: the lane of the written data, and the number of the bank.
        var dataLanes: [Int]
        var bankNumbers: [Int]
        /// Cycles from the first memory's read of a word to the last one's: it must stay the same for so long.
        var skew: Int
    }
    var nets: [RowNetInfo] = []
    var nodes: [DataNode] = []
    /// Nets of products of slices that were taken apart.
    var splitProducts: Set<Int> = []
    private(set) var memories: [Memory] = []
    /// The read port's data.
    private(set) var source = 0
    /// The write port's data.
    private(set) var sink = 0
    /// Bits of two's complement that each scalar of the boundary needs.
    let scalarBits: [Int]

    private let separation: Separation
    private var netIndex: [NetID: Int] = [:]
    private var boundaryIndex: [NetID: Int] = [:]

    /// Takes packed products apart where `splits` says so. Throws `Separation.Obstacle` for what rows cannot say.
    init(_ separation: Separation, splits: Bool) throws {
        self.separation = separation
        scalarBits = separation.boundary.map { RowShape(separation.design[$0]).bits }
        for (index, id) in separation.boundary.enumerated() { boundaryIndex[id] = index }
        source = net(separation.source)
        for (index, cell) in separation.design.cells.enumerated() where separation.isData[index] {
            try add(cell, index)
        }
        sink = net(separation.sink)
        readThroughCopies()
        if splits { splitPackedProducts() }
        narrowSpreads()
    }

    // MARK: nets and operands

    private mutating func net(_ id: NetID) -> Int {
        if let known = netIndex[id] { return known }
        nets.append(
            RowNetInfo(
                shape: RowShape(separation.design[id]), id: id, isWatched: separation.watchedRows.contains(id)))
        netIndex[id] = nets.count - 1
        return nets.count - 1
    }

    private mutating func hiddenNet(like id: NetID) -> Int {
        nets.append(RowNetInfo(shape: RowShape(separation.design[id]), id: nil))
        return nets.count - 1
    }

    private func isData(_ id: NetID) -> Bool {
        id == separation.source || boundaryIndex[id] == nil
    }

    private mutating func operand(_ operand: Operand) -> RowOperand {
        switch operand {
        case .constant(let value): return .constant(value)
        case .laneIndex: preconditionFailure("Separation refuses lane numbers")
        case .net(let id, let map):
            if let index = boundaryIndex[id] { return .scalar(index) }
            return .rows(net(id), map)
        }
    }

    /// The scalar that an enable or a reset is; nil where the register always takes its data.
    private func enable(_ operand: Operand?, of id: NetID) throws -> Int? {
        switch operand {
        case nil: return nil
        case .constant(let value)?:
            guard value != 0 else {
                throw Separation.Obstacle(description: "\(separation.design.named.path(of: id)) is never enabled")
            }
            return nil
        case .laneIndex?: preconditionFailure("Separation refuses lane numbers")
        case .net(let enable, _)?:
            let net = separation.design[enable]
            guard net.width == 1, !net.signed, let index = boundaryIndex[enable] else {
                throw Separation.Obstacle(
                    description: "\(separation.design.named.path(of: enable)) enables with more than one bit")
            }
            return index
        }
    }

    /// What a scalar of the boundary is: the net that it was `delay` cycles ago, through registers that always take it and
    /// are 0 at power-up. So two scalars of one origin are the same bits, as many cycles apart as their delays are.
    func origin(_ scalar: Int) -> (net: NetID, delay: Int) { origin(of: separation.boundary[scalar]) }

    private func origin(of id: NetID) -> (net: NetID, delay: Int) {
        let design = separation.design
        var (id, delay) = (id, 0)
        while delay < design.cells.count, let index = separation.graph.driver[id.index],
            case .register(let cell) = design.cells[index], cell.enable == nil, cell.reset == nil, cell.initial == 0,
            case .net(let from, nil) = cell.data, design[from].lanes == 1, design[id].lanes == 1,
            design[from].width == design[id].width, design[from].signed == design[id].signed
        {
            (id, delay) = (from, delay + 1)
        }
        return (id, delay)
    }

    /// The address that a memory of a joined read had `cycles` earlier, through registers that took it then because
    /// `enable`, the read's, was high: each takes it always or by the same bit, a cycle earlier than the one behind it.
    func address(_ memory: Memory, before cycles: Int, enable: (net: NetID, delay: Int)) -> NetID? {
        let design = separation.design
        var id = separation.boundary[memory.readAddress]
        let bits = BlockMemoryShape.addressBits(depth: memory.cell.depth)
        for step in 0..<cycles {
            guard let index = separation.graph.driver[id.index], case .register(let cell) = design.cells[index],
                cell.reset == nil, case .net(let from, nil) = cell.data, design[from].lanes == 1,
                design[id].width >= bits, design[from].width >= bits
            else { return nil }
            if let operand = cell.enable {
                guard case .net(let bit, nil) = operand else { return nil }
                let mine = origin(of: bit)
                guard mine.net == enable.net, mine.delay == enable.delay - step - 1 else { return nil }
            }
            id = from
        }
        return id
    }

    /// Reads memories as one, whose lanes are theirs one after the other, in the cycle in which the first of them reads.
    /// Returns the net of its words; the nodes of the others stay and drive what nobody reads any more.
    mutating func join(_ latches: [Int], skew: Int) -> Int? {
        guard case .latch(let first)? = latches.first.map({ nodes[$0].kind }) else { return nil }
        var joined = Joined(dataLanes: [], bankNumbers: [], skew: skew)
        for index in latches {
            guard case .latch(let memory) = nodes[index].kind else { return nil }
            let lanes = nets[nodes[index].output].shape.lanes
            joined.dataLanes += sources(nodes[index].operands[0], lanes: lanes).compactMap { $0 }
            joined.bankNumbers += bankNumbers(memories[memory], lanes: lanes)
        }
        var info = nets[nodes[latches[0]].output]
        info.shape.lanes = joined.bankNumbers.count
        (info.id, info.table) = (nil, nil)
        guard joined.dataLanes.count == info.shape.lanes else { return nil }
        nets.append(info)
        memories[first].joined = joined
        nodes[latches[0]].output = nets.count - 1
        return nets.count - 1
    }

    /// The number of each lane's bank; all 0 where there is none.
    func bankNumbers(_ memory: Memory, lanes: Int) -> [Int] {
        guard memory.bank != nil, case .net(_, let map) = memory.cell.writeEnable else {
            return [Int](repeating: 0, count: lanes)
        }
        return (0..<lanes).map { lane in map?.source(of: lane) ?? lane }
    }

    private func scalar(_ operand: Operand, of name: String) throws -> Int {
        guard let id = operand.netID, let index = boundaryIndex[id] else {
            throw Separation.Obstacle(description: "\(name) has a constant address")
        }
        return index
    }

    // MARK: nodes

    private mutating func register(
        _ output: Int, _ data: RowOperand, enable: Int?, reset: Int? = nil, initial: Int64 = 0
    ) {
        nodes.append(
            DataNode(kind: .register(enable: enable, reset: reset, initial: initial), output: output, operands: [data]))
    }

    private mutating func add(_ cell: Cell, _ index: Int) throws {
        switch cell {
        case .logic(let logic):
            let operands = logic.operands.map { operand($0) }
            nodes.append(
                DataNode(
                    kind: .logic(logic.kind, parameter: logic.parameter), output: net(logic.output), operands: operands)
            )
        case .register(let cell):
            let data = operand(cell.data)
            let reset = cell.reset == nil || cell.reset == .constant(0) ? nil : try enable(cell.reset, of: cell.output)
            register(
                net(cell.output), data, enable: try enable(cell.enable, of: cell.output), reset: reset,
                initial: LogicMeaning.canonical(
                    cell.initial, width: separation.design[cell.output].width,
                    signed: separation.design[cell.output].signed))
        case .shiftRegister(let cell):
            var data = operand(cell.data)
            let enable = try enable(cell.enable, of: cell.output)
            for stage in 1...cell.depth {
                let output = stage == cell.depth ? net(cell.output) : hiddenNet(like: cell.output)
                register(output, data, enable: enable)
                data = .rows(output, nil)
            }
        case .memory(let cell): try add(cell, index)
        case .dsp(let cell): try add(cell)
        }
    }

    private mutating func add(_ cell: MemoryCell, _ index: Int) throws {
        let write = separation.writeEnables[index]!
        let latch = net(cell.latch)
        let data = operand(cell.writeData)
        guard case .rows = data, separation.design[write.bit].width == 1, !separation.design[write.bit].signed else {
            throw Separation.Obstacle(description: "the memory \(cell.name) writes what is no data")
        }
        memories.append(
            Memory(
                cell: cell, writeBit: boundaryIndex[write.bit]!, bank: write.bank.map { boundaryIndex[$0]! },
                readEnable: try enable(cell.readEnable, of: cell.latch),
                readAddress: try scalar(cell.readAddress, of: cell.name),
                writeAddress: try scalar(cell.writeAddress, of: cell.name)))
        nodes.append(DataNode(kind: .latch(memories.count - 1), output: latch, operands: [data]))
        guard let output = cell.output else { return }
        register(net(output), .rows(latch, nil), enable: try enable(cell.outputEnable, of: output))
    }

    private mutating func add(_ cell: DSPCell) throws {
        var terms: [RowOperand] = []
        if let multiplier = cell.multiplier {
            let (a, b, m) = (net(multiplier.aRegister), net(multiplier.bRegister), net(multiplier.mRegister))
            register(a, operand(multiplier.a), enable: try enable(multiplier.enableA, of: multiplier.aRegister))
            var second = operand(multiplier.b)
            if let stage = multiplier.staged {
                register(net(stage.register), second, enable: try enable(stage.enable, of: stage.register))
                second = .rows(net(stage.register), nil)
            }
            register(b, second, enable: try enable(multiplier.enableB, of: multiplier.bRegister))
            let product = hiddenNet(like: multiplier.mRegister)
            nodes.append(DataNode(kind: .product, output: product, operands: [.rows(a, nil), .rows(b, nil)]))
            register(m, .rows(product, nil), enable: try enable(multiplier.enableM, of: multiplier.mRegister))
            terms.append(.rows(m, nil))
        }
        if let c = cell.c, let register = cell.cRegister {
            self.register(net(register), operand(c), enable: try enable(cell.enableC, of: register))
            terms.append(.rows(net(register), nil))
        }
        if let cascade = cell.cascade { terms.append(operand(.net(cascade, nil))) }
        var sum = terms[0]
        for term in terms.dropFirst() {
            let output = hiddenNet(like: cell.p)
            nodes.append(DataNode(kind: .logic(.add, parameter: 0), output: output, operands: [sum, term]))
            sum = .rows(output, nil)
        }
        // 0 or P first, as every accumulator has it.
        if let starts = cell.starts {
            let (addend, total) = (hiddenNet(like: cell.p), hiddenNet(like: cell.p))
            let choice: [RowOperand] = [operand(starts), .constant(0), .rows(net(cell.p), nil)]
            nodes.append(DataNode(kind: .logic(.multiplex, parameter: 0), output: addend, operands: choice))
            nodes.append(
                DataNode(kind: .logic(.add, parameter: 0), output: total, operands: [.rows(addend, nil), sum]))
            sum = .rows(total, nil)
        }
        register(net(cell.p), sum, enable: try enable(cell.enableP, of: cell.p))
    }

    // MARK: copies

    /// Slices that keep every value: their readers read what they slice.
    private mutating func readThroughCopies() {
        var original: [Int: RowOperand] = [:]
        var removed: Set<Int> = []
        for (index, node) in nodes.enumerated() where node.output != netIndex[separation.sink] {
            guard case .logic(.slice, parameter: 0) = node.kind, case .rows(let from, _) = node.operands[0],
                nets[node.output].shape.signed, keepsValues(node.output, from),
                isIdentity(node.operands[0], lanes: nets[node.output].shape.lanes)
            else { continue }
            original[node.output] = node.operands[0]
            removed.insert(index)
        }
        for index in nodes.indices {
            // A pack takes the width of its pieces from its operand.
            if case .logic(.pack, _) = nodes[index].kind, let net = nodes[index].operands[0].net, original[net] != nil {
                if let node = nodes.firstIndex(where: { $0.output == net }) { removed.remove(node) }
                continue
            }
            for position in nodes[index].operands.indices {
                guard case .rows(var net, let map) = nodes[index].operands[position] else { continue }
                while case .rows(let from, _)? = original[net] { net = from }
                nodes[index].operands[position] = .rows(net, map)
            }
        }
        nodes = nodes.enumerated().filter { !removed.contains($0.offset) }.map(\.element)
    }

}

extension DataGraph {
    /// Registers that only spread a narrower row over more lanes are stored as narrow: their readers know which lane is
    /// which.
    private mutating func narrowSpreads() {
        let readers = drivers().readers
        for (index, node) in nodes.enumerated() {
            guard case .register(_, nil, 0) = node.kind, case .rows(let from, _) = node.operands[0],
                keepsValues(node.output, from),
                readers[node.output].allSatisfy({ nodes[$0].takesMaps })
            else { continue }
            let table = sources(node.operands[0], lanes: nets[node.output].shape.lanes).compactMap { $0 }
            let stored = nets[from].shape.lanes
            let times = Dictionary(grouping: table) { $0 }.mapValues(\.count)
            guard table.count == nets[node.output].shape.lanes, stored < table.count, times.count == stored,
                Set(times.values).count == 1
            else { continue }
            nets[node.output].table = table
            nets[node.output].shape.lanes = stored
            nodes[index].operands = [.stored(from)]
        }
    }

    /// Stored source lane of each of `lanes` lanes of an operand that has rows; nil: wired to 0.
    func sources(_ operand: RowOperand, lanes: Int) -> [Int?] {
        switch operand {
        case .scalar, .constant: return []
        case .stored: return (0..<lanes).map { $0 }
        case .rows(let net, let map):
            let table = nets[net].table
            let isScalar = (table?.count ?? nets[net].shape.lanes) == 1
            return (0..<lanes).map { lane in
                let source = map.map { $0.source(of: lane) } ?? (isScalar ? 0 : lane)
                return source.map { table?[$0] ?? $0 }
            }
        }
    }

    /// Every lane reads its own, and there are no others.
    func isIdentity(_ operand: RowOperand, lanes: Int) -> Bool {
        guard let net = operand.net, nets[net].shape.lanes == lanes else { return false }
        return sources(operand, lanes: lanes).enumerated().allSatisfy { $0.offset == $0.element }
    }
}

/// Lanes in which every operand keeps its stride.
struct LaneRun: Sendable, Hashable {
    /// Lanes; the first one of the result.
    var count: Int
    var first: Int
    /// First lane and stride of each operand.
    var offsets: [Int]
    var strides: [Int]
    /// The operand is wired to 0.
    var isZero: [Bool]

    /// The runs of a row of `lanes` lanes whose operands read `sources`; an operand without lanes has none.
    static func join(_ sources: [[Int?]?], lanes: Int) -> [LaneRun] {
        var result: [LaneRun] = []
        var start = 0
        while start < lanes {
            var strides = sources.map { _ in 1 }
            var count = 1
            func continues(_ lane: Int) -> Bool {
                for (position, table) in sources.enumerated() {
                    guard let table else { continue }
                    switch (table[start], table[lane]) {
                    case (nil, nil): continue
                    case (let a?, let b?):
                        if lane == start + 1 { strides[position] = b - a }
                        if strides[position] < 0 || b != a + strides[position] * (lane - start) { return false }
                    case (nil, _?), (_?, nil): return false
                    }
                }
                return true
            }
            while start + count < lanes, continues(start + count) { count += 1 }
            if count == 1 { strides = sources.map { _ in 1 } }
            result.append(
                LaneRun(
                    count: count, first: start, offsets: sources.map { table in table.flatMap { $0[start] } ?? 0 },
                    strides: strides,
                    isZero: sources.map { table in table.map { $0[start] == nil } ?? false }))
            start += count
        }
        return result
    }
}
