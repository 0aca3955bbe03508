// A loop nest as one number. Seven counters, each of which moves when all inner ones end, are together a position in
// 0 ..< product of (limit + 1), and all that the timing cone asks them is whether the position is the last. Such chains
// are found by their shape; what has another shape stays in the cone as it is.

import Design
import Fabric
import Kernel

#if MUTANTS
    import Mutants
#endif

/// A chain of counters that the cone knows by its end alone.
struct LoopNest {
    /// Where a counter's last value stands: a field of a word of the instruction.
    struct Limit {
        /// The word, and its lane.
        var net: NetID
        var lane: Int
        /// Bits of the field.
        var low: Int
        var width: Int
    }

    /// The register while which the position moves.
    let active: NetID
    /// Sets the position to 0; wins.
    let clear: NetID
    /// High in the last position.
    let end: NetID
    /// Last values of the counters, from the innermost.
    let limits: [Limit]
    /// The cells that the number stands for.
    let cells: Set<Int>

    /// One counter: `value = clear ? 0 : enable ? (isLast ? 0 : value + 1) : value`, isLast = (value == limit).
    private struct Counter {
        var enable: NetID
        var clear: NetID
        var isLast: NetID
        var limit: Limit
        var cells: Set<Int>
    }

    // MARK: finding

    /// The longest chain among some cells of which the others read the end alone; `kept` nets are read from outside.
    static func find(in graph: CellGraph, among cells: Set<Int>, keeping kept: Set<NetID>) -> LoopNest? {
        var counters: [NetID: Counter] = [:]
        for index in cells.sorted() {
            if let counter = counter(index, graph) { counters[counter.enable] = counter }
        }
        var best: LoopNest?
        for first in counters.values.sorted(by: { $0.enable < $1.enable }) where graph.isRegister(first.enable) {
            for nest in chains(from: first, counters, graph)
            where nest.limits.count > best?.limits.count ?? 1 && nest.isClosed(in: graph, among: cells, keeping: kept) {
                best = nest
            }
        }
        return best
    }

    /// The chain from an innermost counter on, and all its beginnings.
    private static func chains(from first: Counter, _ counters: [NetID: Counter], _ graph: CellGraph) -> [LoopNest] {
        var (limits, cells) = ([first.limit], first.cells)
        var end = first.isLast
        func nest() -> LoopNest {
            LoopNest(active: first.enable, clear: first.clear, end: end, limits: limits, cells: cells)
        }
        var result = [nest()]
        while let step = graph.and(first.enable, end), let next = counters[graph.design.cells[step].outputs[0]],
            next.clear == first.clear, let last = graph.and(end, next.isLast)
        {
            limits.append(next.limit)
            cells.formUnion(next.cells.union([step, last]))
            end = graph.design.cells[last].outputs[0]
            result.append(nest())
        }
        return result
    }

    private static func counter(_ index: Int, _ graph: CellGraph) -> Counter? {
        let design = graph.design
        guard case .register(let register) = design.cells[index], design[register.output].lanes == 1,
            !design[register.output].signed, register.initial == 0,
            case .net(let enable, nil) = register.enable, case .net(let clear, nil) = register.reset,
            case .net(let data, nil) = register.data, let chosen = graph.driver[data.index],
            let choice = graph.logic(data), choice.kind == .multiplex, choice.operands[1] == .constant(0),
            case .net(let isLast, nil) = choice.operands[0], let compared = graph.driver[isLast.index],
            let equal = graph.logic(isLast), equal.kind == .equal, equal.operands[0] == .net(register.output, nil),
            case .net(let more, nil) = choice.operands[2], let added = graph.driver[more.index],
            let add = graph.logic(more), add.kind == .add,
            add.operands == [.net(register.output, nil), .constant(1)],
            [data, more].allSatisfy({ design[$0].width == design[register.output].width && !design[$0].signed }),
            let limit = limit(equal.operands[1], graph), limit.width == design[register.output].width
        else { return nil }
        return Counter(
            enable: enable, clear: clear, isLast: isLast, limit: limit, cells: [index, chosen, compared, added])
    }

    /// A field of a word that is a register.
    private static func limit(_ operand: Operand, _ graph: CellGraph) -> Limit? {
        guard case .net(let id, nil) = operand, let slice = graph.logic(id), slice.kind == .slice,
            case .net(let word, let map) = slice.operands[0], graph.isRegister(word), graph.design[word].hasWideLanes,
            !graph.design[word].signed, !graph.design[id].signed, let lane = map == nil ? 0 : map?.source(of: 0)
        else { return nil }
        return Limit(net: word, lane: lane, low: slice.parameter, width: graph.design[id].width)
    }

    /// Whether the others of the cells read nothing of the chain but its end.
    private func isClosed(in graph: CellGraph, among others: Set<Int>, keeping kept: Set<NetID>) -> Bool {
        let inner = cells.flatMap { graph.design.cells[$0].outputs }.filter { $0 != end }
        return inner.allSatisfy { net in
            !kept.contains(net)
                && graph.readers[net.index].allSatisfy { !others.contains($0) || cells.contains($0) }
        }
    }
}

extension CellGraph {
    /// Whether a register drives a net.
    func isRegister(_ id: NetID) -> Bool {
        guard let index = driver[id.index], case .register = design.cells[index] else { return false }
        return true
    }

    /// The cell that is `a AND b`.
    func and(_ a: NetID, _ b: NetID) -> Int? {
        readers[a.index].first { index in
            guard case .logic(let cell) = design.cells[index], cell.kind == .and else { return false }
            return cell.operands == [.net(a, nil), .net(b, nil)] || cell.operands == [.net(b, nil), .net(a, nil)]
        }
    }
}

/// Where a running nest stands; it watches the cone to know when to move.
final class NestPosition: Observer {
    let window = 0..<Int.max
    private let nest: LoopNest
    private let active: UnsafePointer<Int64>
    private let clear: UnsafePointer<Int64>
    private let end: InputSlot
    /// The words that hold limits, and what they held.
    private let words: UnsafeMutableBufferPointer<(place: UnsafePointer<Int64>, seen: Int64)>
    private var position = 0
    private var total = 1
    /// Limits have changed while the nest ran: it is no number.
    private(set) var isBroken = false

    /// At power-up.
    init(_ nest: LoopNest, in state: StateView, _ inputs: InputPorts) {
        self.nest = nest
        end = inputs.slot(nest.end)
        (active, clear) = (state.scalar(nest.active), state.scalar(nest.clear))
        let lanes = Set(nest.limits.map { state.scalar($0.net, lane: $0.lane) }).sorted()
        words = .allocate(capacity: lanes.count)
        _ = words.initialize(from: lanes.map { (place: $0, seen: 0) })
    }

    deinit { words.deallocate() }

    /// Sets the end of the coming cycle.
    @inline(__always) func drive(_ state: StateView) {
        for index in words.indices where words[index].place.pointee != words[index].seen { readLimits(state) }
        end.set(position == total - 1 ? 1 : 0)
    }

    /// Limits may change between two instructions, when no counter has moved.
    private func readLimits(_ state: StateView) {
        if position != 0 { isBroken = true }
        for index in words.indices { words[index].seen = words[index].place.pointee }
        total = nest.limits.reduce(1) { total, limit in
            let word = state.value(limit.net, lane: limit.lane)
            return total * (Int((word >> Int64(limit.low)) & (Int64(1) << Int64(limit.width) - 1)) + 1)
        }
    }

    /// Moves on as the counters do at the end of the cycle.
    func observe(cycle: Int, _ state: StateView) {
        if clear.pointee != 0 {
            position = 0
        } else if active.pointee != 0 {
            position = position == total - 1 ? 0 : position + 1
        }
    }

    /// Moves on by at most `quietCycles`.
    func observe(cycle: Int, count: Int, _ state: StateView) {
        if clear.pointee == 0, active.pointee != 0 { position += count }
    }

    /// Cycles from the coming one on in which the end stays as it is, when the Design stands still.
    var quietCycles: Int {
        if clear.pointee != 0 { return position == 0 ? Int.max : 0 }
        #if MUTANTS
            if isPlanted("nest-jump") { return active.pointee == 0 ? Int.max : total - position }
        #endif
        return active.pointee == 0 ? Int.max : total - 1 - position
    }
}
