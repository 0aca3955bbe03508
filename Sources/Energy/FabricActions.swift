// From what a Design did in a stretch of a run to actions, module by module. Every primitive is charged for what it is
// made of:
//
//     registers     toggles of each bit that some cell reads, and the clock of every flip-flop
//     DSP slices    per clock the share of operand bits (A and B; C where nothing is multiplied) that change, 1 = all;
//                   the nets behind P; the clock
//     block RAMs    accesses, counted by the clock enables, times the blocks that one access wakes, and the bits of the
//                   word, both with a factor where it wakes several; the nets behind the outputs; the clock
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

/// A Design as an account of energy sees it: what each primitive is charged for, found once.
public struct FabricActions: Sendable {
    private struct Slice: Sendable {
        var scope: Int
        var operands: [Int]
        var bits: Int
        /// P, where fabric reads it, and the share of its bits that are no copies of the sign.
        var output: (net: Int, share: Double)?
    }
    private struct Memory: Sendable {
        var scope: Int
        var output: Int
        var bits: Double
        var banks: Double
        /// Banks that a write wakes.
        var written: Double
        /// Block RAMs in a bank, whole ones or halves: each has its own word lines.
        var blocks: Double
    }
    private struct Logic: Sendable {
        var scope: Int
        var net: Int
        var hasCarry: Bool
    }
    private let resources: [ResourceCount]
    private let registers: [(scope: Int, net: Int)]
    /// Outputs of LUTs used as shift registers.
    private let delays: [(scope: Int, net: Int)]
    private let slices: [Slice]
    private let memories: [Memory]
    private let logic: [Logic]
    /// Bits of each net where it is a register, else 0.
    private let registerBits: [Double]
    /// Register bits of each scope.
    private let bitsByScope: [Double]

    /// Looks through a Design once; `resources` are those of its scopes, each by itself.
    public init(_ design: Design, resources: [ResourceCount]) {
        self.resources = resources
        let readers = Self.readers(of: design)
        let absorbed = Set(design.shiftAdds().values.map { design.cells[$0.shift].outputs[0] })
        var (registers, delays): ([(scope: Int, net: Int)], [(scope: Int, net: Int)]) = ([], [])
        var (slices, memories, logic): ([Slice], [Memory], [Logic]) = ([], [], [])
        for cell in design.cells {
            switch cell {
            case .register(let cell) where readers[cell.output.index] > 0 && cell.data.netID != nil:
                registers.append((design[cell.output].scope, cell.output.index))
            case .shiftRegister(let cell) where readers[cell.output.index] > 0:
                let isLUT = PrimitiveCost.shiftRegisterCells(depth: cell.depth) > 0
                let place = (design[cell.output].scope, cell.output.index)
                if isLUT { delays.append(place) } else { registers.append(place) }
            case .dsp(let cell): slices.append(Self.slice(cell, design, readers))
            case .memory(let cell): memories.append(Self.memory(cell, design))
            case .logic(let cell)
            where cell.kind.takesLUTs && !absorbed.contains(cell.output) && readers[cell.output.index] > 0:
                logic.append(
                    Logic(
                        scope: design[cell.output].scope, net: cell.output.index, hasCarry: cell.kind.hasCarry))
            default: break
            }
        }
        (self.registers, self.delays, self.slices) = (registers, delays, slices)
        (self.memories, self.logic) = (memories, logic)
        registerBits = design.nets.map { $0.isRegister ? Double($0.width * $0.lanes) : 0 }
        var bits = Array(repeating: 0.0, count: design.scopes.count)
        for (scope, net) in registers + delays {
            bits[scope] += Double(design.nets[net].width * design.nets[net].lanes)
        }
        bitsByScope = bits
    }

    /// By net: operands that read it, a slice's cascade left out, and ports.
    private static func readers(of design: Design) -> [Int] {
        var readers = Array(repeating: 0, count: design.nets.count)
        for cell in design.cells {
            cell.forEachNet { readers[$0.index] += 1 }
            if case .dsp(let dsp) = cell, let cascade = dsp.cascade { readers[cascade.index] -= 1 }
        }
        for id in design.outputs { readers[id.index] += 1 }
        return readers
    }

    private static func slice(_ cell: DSPCell, _ design: Design, _ readers: [Int]) -> Slice {
        let operands = cell.multiplier.map { [$0.aRegister, $0.bRegister] } ?? [cell.cRegister].compactMap { $0 }
        let p = design[cell.p]
        let share = Double(min(p.significantBits, p.width)) / Double(p.width)
        return Slice(
            scope: p.scope, operands: operands.map(\.index), bits: operands.reduce(0) { $0 + design[$1].width },
            output: readers[cell.p.index] > 0 ? (cell.p.index, share) : nil)
    }

    private static func memory(_ cell: MemoryCell, _ design: Design) -> Memory {
        let net = design[cell.latch]
        let banks = (net.lanes + cell.lanesPerBank - 1) / cell.lanesPerBank
        let shape = BlockMemoryShape(depth: cell.depth, width: min(cell.lanesPerBank, net.lanes) * net.width)
        let isScalar = cell.writeEnable.netID.map { design[$0].lanes == 1 } ?? true
        return Memory(
            scope: cell.scope, output: (cell.output ?? cell.latch).index, bits: Double(net.lanes * net.width),
            banks: Double(banks), written: isScalar ? Double(banks) : 1,
            blocks: shape.map { Double($0.count36 + $0.count18) } ?? 0)
    }

    /// The actions of each scope by itself, in the order of `Design.scopes`.
    public func actions(_ activity: FabricActivity, basis: ToggleBasis) -> [ActionCounts] {
        var result = Array(repeating: ActionCounts(), count: resources.count)
        let rate: [EnergyElement] = basis == .assumed ? [.assumedRate] : []
        var changed = Array(repeating: 0.0, count: resources.count)
        for (scope, net) in registers { changed[scope] += activity.toggles[net] }
        for scope in changed.indices { result[scope].add(.flipFlopToggle, rate, changed[scope]) }
        for (scope, net) in delays { result[scope].add(.netToggle, rate, activity.toggles[net]) }
        for slice in slices {
            if slice.bits > 0 {
                let toggles = slice.operands.reduce(0) { $0 + activity.toggles[$1] }
                result[slice.scope].add(.dspToggle, rate, toggles / Double(slice.bits))
            }
            if let output = slice.output {
                result[slice.scope].add(.netToggle, rate, activity.toggles[output.net] * output.share)
            }
        }
        for (memory, accesses) in zip(memories, activity.memories) {
            for (count, banks) in [(accesses.reads, memory.banks), (accesses.writes, memory.written)] {
                let factors: [EnergyElement] = memory.blocks * banks > 1 ? [.wideMemory] : []
                result[memory.scope].add(.memoryAccess, factors, count * memory.blocks * banks)
                result[memory.scope].add(.memoryBit, factors, count * memory.bits * banks / memory.banks)
            }
            result[memory.scope].add(.netToggle, rate, activity.toggles[memory.output])
        }
        for (scope, count) in resources.enumerated() {
            result[scope].add(.flipFlopClock, Double(count.ff) * activity.cycles)
            result[scope].add(.dspClock, Double(count.dsp) * activity.cycles)
            result[scope].add(.memoryClock, count.bram36 * activity.cycles)
            result[scope].add(.shiftRegisterClock, Double(count.srl) * activity.cycles)
        }
        switch basis {
        case .nets: addLogic(activity, to: &result)
        case .assumed, .registers: addEstimatedLogic(activity, rate, to: &result)
        }
        return result
    }

    /// Activity where nothing was counted: every register bit at the table's rate (a factor of the actions) in `working`
    /// of the cycles, and every memory read in each of these. Of the bytes that moved, those read from external memory are
    /// written into memories of the Design, those written there are written once more before; all memories take as many
    /// words.
    public func assumedActivity(
        working: Double, cycles: Double, moved: (read: Double, written: Double)
    ) -> FabricActivity {
        let words = 8 * (moved.read + moved.written) / max(1, memories.reduce(0) { $0 + $1.bits })
        return FabricActivity(
            cycles: cycles,
            toggles: registerBits.map { $0 * working },
            memories: memories.map { _ in FabricActivity.Accesses(reads: working, writes: words) })
    }

    // MARK: logic

    private func addLogic(_ activity: FabricActivity, to result: inout [ActionCounts]) {
        for cell in logic {
            let toggles = activity.toggles[cell.net]
            result[cell.scope].add(.lutToggle, [.glitches], toggles)
            result[cell.scope].add(.netToggle, [.glitches], toggles)
            if cell.hasCarry { result[cell.scope].add(.carryToggle, toggles) }
        }
    }

    /// LUTs that toggle as the register bits of their module do; of a module without registers, as those of the whole
    /// design.
    private func addEstimatedLogic(
        _ activity: FabricActivity, _ rate: [EnergyElement], to result: inout [ActionCounts]
    ) {
        var toggles = Array(repeating: 0.0, count: resources.count)
        for (scope, net) in registers + delays { toggles[scope] += activity.toggles[net] }
        let mean = toggles.reduce(0, +) / max(1, bitsByScope.reduce(0, +))
        let factors = rate + [.logicRatio, .glitches]
        for (scope, count) in resources.enumerated() {
            let perBit = bitsByScope[scope] > 0 ? toggles[scope] / bitsByScope[scope] : mean
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
