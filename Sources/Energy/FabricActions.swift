// From what a Design did in a stretch of a run to actions, module by module. Every primitive is charged for what it is
// made of:
//
//     registers     toggles of each bit that some cell reads, and the clock of every flip-flop
//     DSP slices    per clock the share of operand bits (A and B; C where nothing is multiplied) that change, 1 = all;
//                   the nets behind P; the clock
//     block RAMs    accesses, counted by the clock enables, times the blocks that one access wakes, and the bits of the
//                   word; the nets behind the outputs; the clock
//     logic         toggles of output bits, each a LUT and a net, a CARRY8 bit besides for sums. Where logic nets are not
//                   counted: the LUTs of a module, each toggling as a register bit of that module does
//     wiring        nothing

import Design
import Fabric

/// What a Design did in some cycles, summed or averaged over images.
public struct FabricActivity: Sendable, Equatable {
    /// Accesses of a block memory.
    public struct Accesses: Sendable, Equatable {
        /// Cycles with a read.
        public var reads: Double
        /// Cycles with a write, of one bank where the memory has several with enables of their own.
        public var writes: Double

        /// Reads and writes.
        public init(reads: Double, writes: Double) { (self.reads, self.writes) = (reads, writes) }
    }
    /// Length of the stretch.
    public var cycles: Double
    /// Bits that changed, by net; 0 for nets that are not counted.
    public var toggles: [Double]
    /// In the order of the Design's memory cells.
    public var memories: [Accesses]

    /// An activity as it was counted.
    public init(cycles: Double, toggles: [Double], memories: [Accesses]) {
        (self.cycles, self.toggles, self.memories) = (cycles, toggles, memories)
    }
}

/// What was counted of a Design's toggles.
public enum ToggleBasis: String, Sendable, Hashable, CaseIterable, Codable {
    /// nothing: `assumed_toggle_rate` in the cycles that compute
    case assumed
    /// register bits; logic follows them
    case registers
    /// register bits and outputs of logic
    case nets
}

/// A Design as an account of energy sees it.
public struct FabricActions: Sendable {
    private let design: Design
    private let resources: [ResourceCount]
    private let memories: [MemoryCell]
    /// By net: operands that read it, a slice's cascade and the LUT that a product disappears in left out.
    private let readers: [Int]
    private let absorbed: Set<NetID>

    /// Looks through a Design once.
    public init(_ design: Design) {
        self.design = design
        resources = design.resourcesByScope()
        memories = design.cells.compactMap {
            guard case .memory(let cell) = $0 else { return nil }
            return cell
        }
        var readers = Array(repeating: 0, count: design.nets.count)
        for cell in design.cells {
            cell.forEachNet { readers[$0.index] += 1 }
            if case .dsp(let dsp) = cell, let cascade = dsp.cascade { readers[cascade.index] -= 1 }
        }
        for id in design.outputs { readers[id.index] += 1 }
        self.readers = readers
        absorbed = Set(design.shiftAdds().values.map { design.cells[$0.shift].outputs[0] })
    }

    /// The actions of each scope by itself, in the order of `Design.scopes`.
    public func actions(_ activity: FabricActivity, basis: ToggleBasis) -> [ActionCounts] {
        var result = Array(repeating: ActionCounts(), count: design.scopes.count)
        let rate: [EnergyElement] = basis == .assumed ? [.assumedRate] : []
        for cell in design.cells {
            switch cell {
            case .register(let cell) where readers[cell.output.index] > 0 && cell.data.netID != nil:
                result[design[cell.output].scope].add(.flipFlopToggle, rate, activity.toggles[cell.output.index])
            case .dsp(let cell): addSlices(cell, activity, rate, to: &result)
            case .logic(let cell) where basis == .nets: addLogic(cell, activity, to: &result)
            default: break
            }
        }
        for (cell, accesses) in zip(memories, activity.memories) {
            addMemory(cell, accesses, activity, rate, to: &result[cell.scope])
        }
        for (scope, count) in resources.enumerated() {
            result[scope].add(.flipFlopClock, Double(count.ff) * activity.cycles)
            result[scope].add(.dspClock, Double(count.dsp) * activity.cycles)
            result[scope].add(.memoryClock, count.bram36 * activity.cycles)
            result[scope].add(.shiftRegisterClock, Double(count.srl) * activity.cycles)
        }
        if basis != .nets { addEstimatedLogic(activity, rate, to: &result) }
        return result
    }

    /// Activity where nothing was counted: every register bit at the table's rate (a factor of the actions) in `working`
    /// of the cycles, and every memory read in each of these. Of the bytes that moved, those read from external memory are
    /// written into memories of the Design, those written there are written once more before; all memories take as many
    /// words.
    public func assumedActivity(
        working: Double, cycles: Double, moved: (read: Double, written: Double)
    ) -> FabricActivity {
        let wordBits = memories.reduce(0) { $0 + design[$1.latch].lanes * design[$1.latch].width }
        let words = 8 * (moved.read + moved.written) / Double(max(1, wordBits))
        return FabricActivity(
            cycles: cycles,
            toggles: design.nets.map { $0.isRegister ? Double($0.width * $0.lanes) * working : 0 },
            memories: memories.map { _ in FabricActivity.Accesses(reads: working, writes: words) })
    }

    // MARK: primitives

    private func addSlices(
        _ cell: DSPCell, _ activity: FabricActivity, _ rate: [EnergyElement], to result: inout [ActionCounts]
    ) {
        let scope = design[cell.p].scope
        let operands = cell.multiplier.map { [$0.aRegister, $0.bRegister] } ?? [cell.cRegister].compactMap { $0 }
        let bits = operands.reduce(0) { $0 + design[$1].width }
        if bits > 0 {
            let toggles = operands.reduce(0) { $0 + activity.toggles[$1.index] }
            result[scope].add(.dspToggle, rate, toggles / Double(bits))
        }
        // Copies of the sign leave the slice as one net.
        let p = design[cell.p]
        if readers[cell.p.index] > 0 {
            let shown = Double(min(p.significantBits, p.width)) / Double(p.width)
            result[scope].add(.netToggle, rate, activity.toggles[cell.p.index] * shown)
        }
    }

    private func addMemory(
        _ cell: MemoryCell, _ accesses: FabricActivity.Accesses, _ activity: FabricActivity, _ rate: [EnergyElement],
        to counts: inout ActionCounts
    ) {
        let net = design[cell.latch]
        let banks = (net.lanes + cell.lanesPerBank - 1) / cell.lanesPerBank
        let bankBits = min(cell.lanesPerBank, net.lanes) * net.width
        let blocks =
            BlockMemoryShape(depth: cell.depth, width: bankBits).map {
                Double($0.count36) + Double($0.count18) / 2
            } ?? 0
        let isScalar = cell.writeEnable.netID.map { design[$0].lanes == 1 } ?? true
        let written = isScalar ? banks : 1
        let woken = (accesses.reads * Double(banks) + accesses.writes * Double(written)) * blocks
        let isWide = blocks * Double(banks) > 1
        counts.add(.memoryAccess, isWide ? [.wideMemory] : [], woken)
        let bits = Double(net.lanes * net.width)
        counts.add(
            .memoryBit, accesses.reads * bits + accesses.writes * bits * Double(written) / Double(banks))
        counts.add(.netToggle, rate, activity.toggles[(cell.output ?? cell.latch).index])
    }

    private func addLogic(_ cell: LogicCell, _ activity: FabricActivity, to result: inout [ActionCounts]) {
        guard cell.kind.takesLUTs, !absorbed.contains(cell.output), readers[cell.output.index] > 0 else { return }
        let (scope, toggles) = (design[cell.output].scope, activity.toggles[cell.output.index])
        result[scope].add(.lutToggle, [.glitches], toggles)
        result[scope].add(.netToggle, [.glitches], toggles)
        if cell.kind.hasCarry { result[scope].add(.carryToggle, toggles) }
    }

    /// LUTs that toggle as the register bits of their module do; of a module without registers, as those of the whole
    /// design.
    private func addEstimatedLogic(
        _ activity: FabricActivity, _ rate: [EnergyElement], to result: inout [ActionCounts]
    ) {
        var toggles = Array(repeating: 0.0, count: design.scopes.count)
        var bits = toggles
        for (index, net) in design.nets.enumerated() where net.role == .register {
            toggles[net.scope] += activity.toggles[index]
            bits[net.scope] += Double(net.width * net.lanes)
        }
        let mean = toggles.reduce(0, +) / max(1, bits.reduce(0, +))
        let factors = rate + [.logicRatio, .glitches]
        for (scope, count) in resources.enumerated() {
            let perBit = bits[scope] > 0 ? toggles[scope] / bits[scope] : mean
            result[scope].add(.lutToggle, factors, Double(count.lut) * perBit)
            result[scope].add(.netToggle, factors, Double(count.lut) * perBit)
        }
    }
}

extension PrimitiveKind {
    /// Logic that is more than wires and inverters, which LUTs behind them take in.
    fileprivate var takesLUTs: Bool {
        switch self {
        case .and, .or, .xor, .add, .subtract, .equal, .lessThan, .multiplex, .shiftRight, .shiftLeft, .roundShift,
            .saturate, .maximum, .powerOfTwoShift, .laneSelect:
            true
        case .not, .slice, .shiftLeftConstant, .pack, .unpack, .register, .shiftRegister, .blockMemory, .dsp48e2:
            false
        }
    }

    /// Logic whose output bits leave a carry chain.
    fileprivate var hasCarry: Bool {
        switch self {
        case .add, .subtract, .roundShift, .powerOfTwoShift: true
        default: false
        }
    }
}
