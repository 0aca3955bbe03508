// Counts what a Design does on the plain kernel, layer by layer: the definition that counts of the streams are held to.

import Design
import Kernel

/// Takes the counts at the end of each layer.
public final class ActivityObserver: Observer {
    /// Every cycle counts.
    public let window = 0..<Int.max
    private unowned let simulation: Simulation
    private unowned let monitor: RunMonitor
    private let design: Design
    private let memories: [MemoryCell]
    private let registers: [NetID]
    private var logic: [LogicToggles]
    private var count: ActivityCount
    /// Up to the end of each layer that has ended.
    private var ended: [ActivityCount] = []

    /// To be attached before the monitor, which finds where layers end. With `countsNets`, outputs of logic are counted,
    /// too; all nets must be evaluated then.
    public init(_ simulation: Simulation, _ monitor: RunMonitor, countsNets: Bool) {
        (self.simulation, self.monitor, design) = (simulation, monitor, simulation.design)
        memories = design.memoryCells
        registers = design.nets.indices.map { NetID($0) }.filter { simulation.design[$0].isRegister }
        logic = countsNets ? LogicToggles.all(of: design) : []
        count = ActivityCount(none: design)
    }

    /// Counts the accesses of a cycle, and its changes of logic since the cycle before.
    public func observe(cycle: Int, _ state: StateView) {
        while ended.count < monitor.ends.count { ended.append(current) }
        for (index, memory) in memories.enumerated() {
            if value(memory.readEnable, 0, state) != 0 { count.reads[index] += 1 }
            count.writes[index] += writes(memory, state)
        }
        for index in logic.indices { logic[index].look(state) }
    }

    /// The counts up to now.
    private var current: ActivityCount {
        var result = count
        for net in registers { result.toggles[net.index] = simulation.toggleCount(net) }
        for net in logic { result.toggles[net.net.index] = net.toggles }
        return result
    }

    /// The counts of each layer, so many; what came after the last one's end is the last one's.
    public func layers(_ count: Int) -> [ActivityCount] {
        var ends = ended
        while ends.count < count { ends.append(current) }
        if count > 0 { ends[count - 1] = current }
        return ends.prefix(count).map { $0 }.steps
    }

    private func writes(_ memory: MemoryCell, _ state: StateView) -> UInt64 {
        guard case .net(let id, _) = memory.writeEnable, design[id].lanes > 1 else {
            return value(memory.writeEnable, 0, state) != 0 ? 1 : 0
        }
        let banks = stride(from: 0, to: design[memory.latch].lanes, by: memory.lanesPerBank)
        return UInt64(banks.count { value(memory.writeEnable, $0, state) != 0 })
    }

    private func value(_ operand: Operand, _ lane: Int, _ state: StateView) -> Int64 {
        switch operand {
        case .constant(let value): return value
        case .laneIndex: return Int64(lane)
        case .net(let id, let map):
            if design[id].lanes == 1 { return state.value(id) }
            guard let source = map.map({ $0.source(of: lane) }) ?? lane else { return 0 }
            return state.value(id, lane: source)
        }
    }
}

/// Changes of one output of logic.
private struct LogicToggles {
    let net: NetID
    private(set) var toggles: UInt64 = 0
    private let lanes: Int
    private let mask: UInt64
    private var last: [Int64] = []

    private init(_ net: NetID, _ design: Design) {
        self.net = net
        lanes = design[net].lanes
        mask = (1 << UInt64(design[net].width)) - 1
    }

    /// Of every cell without state, wires included: who charges energy knows which are none.
    static func all(of design: Design) -> [LogicToggles] {
        design.cells.compactMap {
            guard case .logic(let cell) = $0 else { return nil }
            return LogicToggles(cell.output, design)
        }
    }

    mutating func look(_ state: StateView) {
        let isFirst = last.isEmpty
        if isFirst { last = Array(repeating: 0, count: lanes) }
        var changes = 0
        state.withLanes(net) { pointer, isNarrow in
            for lane in 0..<lanes {
                let value =
                    isNarrow
                    ? Int64(pointer.load(fromByteOffset: 4 * lane, as: Int32.self))
                    : pointer.load(fromByteOffset: 8 * lane, as: Int64.self)
                changes &+= (UInt64(bitPattern: value ^ last[lane]) & mask).nonzeroBitCount
                last[lane] = value
            }
        }
        if !isFirst { toggles &+= UInt64(changes) }
    }
}
