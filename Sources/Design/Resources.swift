import Fabric

// Resources of a Design, cell by cell (Fabric/Primitives/PrimitiveCost.swift). Gates, inverters and two-way multiplexers are
// packed as a LUT mapper packs them: a gate with one reader joins that reader's LUT while both have at most six inputs.
// DSP48E2, RAMB36E2 and RAMB18E2 are exact; LUT and FF are estimates of Yosys's synth_xilinx -family xcup.

extension Design {
    /// Fabric that the whole design takes.
    public func resources() -> ResourceCount { resourcesByScope().reduce(ResourceCount(), +) }

    /// Fabric of each scope by itself, without the scopes inside it; in the order of `scopes`. A DSP slice whose
    /// multiplier takes less than an operand has counts as two: `slice` is what the part has.
    public func resourcesByScope(slice: DSPSlice = .dsp48e2) -> [ResourceCount] {
        var counter = ResourceCounter(self, slice)
        return counter.count()
    }
}

extension Design {
    /// DSP slices whose product does not fit the multiplier of `slice`.
    public func productsWider(than slice: DSPSlice) -> Int {
        cells.reduce(0) { sum, cell in
            guard case .dsp(let dsp) = cell, isWider(dsp, than: slice) else { return sum }
            return sum + self[dsp.p].lanes
        }
    }

    fileprivate func isWider(_ cell: DSPCell, than slice: DSPSlice) -> Bool {
        cell.multiplier.map { self[$0.aRegister].significantBits > slice.multiplierBits } ?? false
    }
}

/// Counts one Design.
private struct ResourceCounter {
    let design: Design
    let slice: DSPSlice
    /// Per net: the logic cell that drives it.
    private var driver: [Int?]
    /// Per net: how many operands read it, ports included.
    private var readers: [Int]
    /// Per net: bits that some reader needs.
    private var used: [Int]
    /// Additions that take a product into their carry chain, and the products.
    private let shiftAdds: [NetID: ShiftAdd]
    private let absorbed: Set<Int>
    /// Per net of a gate: inputs of the LUT that makes one bit of it, by net; negative ones are inner results.
    private var leaves: [Set<Int>]

    init(_ design: Design, _ slice: DSPSlice) {
        self.design = design
        self.slice = slice
        shiftAdds = design.shiftAdds()
        absorbed = Set(shiftAdds.values.map { design.cells[$0.shift].outputs[0].index })
        driver = Array(repeating: nil, count: design.nets.count)
        readers = Array(repeating: 0, count: design.nets.count)
        used = Array(repeating: 0, count: design.nets.count)
        leaves = Array(repeating: [], count: design.nets.count)
        for (index, cell) in design.cells.enumerated() {
            if case .logic(let logic) = cell { driver[logic.output.index] = index }
            for operand in cell.operands {
                if let id = operand.netID { readers[id.index] += 1 }
            }
        }
        for id in design.outputs {
            readers[id.index] += 1
            used[id.index] = design[id].width
        }
    }

    mutating func count() -> [ResourceCount] {
        findUsedBits()
        var result = Array(repeating: ResourceCount(), count: design.scopes.count)
        let order = (try? design.combinationalOrder()) ?? []
        for index in order {
            guard case .logic(let cell) = design.cells[index] else { continue }
            let net = design[cell.output]
            let cost = logicCost(cell)
            result[net.scope] = result[net.scope] + cost * net.lanes
        }
        for cell in design.cells {
            let scope = design[cell.outputs[0]].scope
            result[scope] = result[scope] + stateCost(cell)
        }
        return result
    }

    // MARK: bits in use

    /// From readers to drivers, until nothing changes: bits that no reader needs are removed by synthesis.
    private mutating func findUsedBits() {
        var changed = true
        while changed {
            changed = false
            for cell in design.cells.reversed() {
                for (position, operand) in cell.operands.enumerated() {
                    guard let id = operand.netID else { continue }
                    let need = min(design[id].width, bitsNeeded(cell, operand: position, of: design[id].width))
                    if need > used[id.index] {
                        used[id.index] = need
                        changed = true
                    }
                }
            }
        }
    }

    private func bitsNeeded(_ cell: Cell, operand: Int, of width: Int) -> Int {
        let needed = used[cell.outputs[0].index]
        switch cell {
        case .logic(let logic):
            switch logic.kind {
            case .not, .and, .or, .xor, .add, .subtract: return needed
            case .multiplex: return needed == 0 ? 0 : operand == 0 ? 1 : needed
            case .slice: return needed == 0 ? 0 : needed + logic.parameter
            case .shiftLeftConstant: return max(0, needed - logic.parameter)
            default: return needed == 0 ? 0 : width
            }
        case .register(let register): return operand == 0 ? min(needed, design[register.output].width) : 1
        case .shiftRegister: return operand == 0 ? needed : 1
        case .memory, .dsp: return width
        }
    }

    // MARK: logic

    private func isConstant(_ operand: Operand) -> Bool { operand.netID == nil }

    private func bits(_ operand: Operand) -> Int { operand.netID.map { design[$0].width } ?? 1 }

    private mutating func logicCost(_ cell: LogicCell) -> ResourceCount {
        var cost = ResourceCount()
        let width = used[cell.output.index]
        if width == 0 { return cost }
        let hasConstant = cell.operands.contains(where: isConstant)
        let widest = cell.operands.map(bits).max() ?? 1
        switch cell.kind {
        case .not, .and, .or, .xor, .multiplex:
            cost.lut = gate(cell, width)
        case .add, .subtract:
            let chain = max(0, min(width, widest + 1) - zeros(below: cell))
            cost.lut = PrimitiveCost.adder(bits: chain, hasConstant: hasConstant) + shifter(before: cell)
            cost.carry8 = PrimitiveCost.carry8(bits: chain)
        case .equal:
            cost.lut = PrimitiveCost.equality(bits: widest, hasConstant: hasConstant)
        case .lessThan:
            cost.lut = PrimitiveCost.comparison(bits: widest, hasConstant: hasConstant)
            cost.carry8 = PrimitiveCost.carry8(bits: widest)
        case .maximum:
            cost.lut = PrimitiveCost.comparison(bits: widest, hasConstant: hasConstant) + gate(cell, width)
            cost.carry8 = PrimitiveCost.carry8(bits: widest)
        case .shiftRight, .shiftLeft, .roundShift: cost = shiftCost(cell, width)
        case .saturate: cost.lut = PrimitiveCost.saturate(from: widest, to: width)
        case .powerOfTwoShift where absorbed.contains(cell.output.index): break
        case .powerOfTwoShift:
            if case .constant = cell.operands[1] { break }
            let result = min(
                width, bits(cell.operands[0]) + 1 + PowerOfTwoCode.largestExponent(bits: cell.parameter))
            cost.lut = PrimitiveCost.powerOfTwoShift(codeBits: cell.parameter, resultBits: result)
            cost.carry8 = PrimitiveCost.carry8(bits: result)
        case .laneSelect: cost.lut = PrimitiveCost.laneSelect(bits: width, choices: choices(cell))
        case .slice, .shiftLeftConstant, .pack, .unpack, .register, .shiftRegister, .blockMemory, .dsp48e2: break
        }
        return cost
    }

    /// Low bits of a sum in which one operand is shifted by a constant and the other passes.
    private func zeros(below cell: LogicCell) -> Int {
        guard cell.kind == .add else { return 0 }
        return cell.operands.reduce(0) { most, operand in
            guard let id = operand.netID, let index = driver[id.index], case .logic(let shift) = design.cells[index],
                shift.kind == .shiftLeftConstant
            else { return most }
            return max(most, shift.parameter)
        }
    }

    /// LUTs of the product that an addition takes into its carry chain.
    private func shifter(before cell: LogicCell) -> Int {
        guard let known = shiftAdds[cell.output], case .logic(let shift) = design.cells[known.shift] else { return 0 }
        return PrimitiveCost.shifterBeforeAdder(codeBits: shift.parameter, activationBits: bits(shift.operands[0]))
    }

    private func shiftCost(_ cell: LogicCell, _ width: Int) -> ResourceCount {
        var cost = ResourceCount()
        let from = bits(cell.operands[0])
        if case .constant(let amount) = cell.operands[1] {
            guard cell.kind == .roundShift, amount > 0 else { return cost }
            cost.lut = PrimitiveCost.roundShiftConstant(lost: Int(amount) - 1)
            cost.carry8 = PrimitiveCost.carry8(bits: width)
            return cost
        }
        let amountBits = bits(cell.operands[1])
        if cell.kind == .roundShift {
            cost.lut = PrimitiveCost.roundShift(bits: from, amountBits: amountBits)
            cost.carry8 = PrimitiveCost.carry8(bits: min(width, from))
        } else {
            cost.lut = PrimitiveCost.shifter(bits: cell.kind == .shiftRight ? from : width, amountBits: amountBits)
        }
        return cost
    }

    private func choices(_ cell: LogicCell) -> Int {
        guard let id = cell.operands[0].netID else { return 1 }
        return (design[id].lanes + cell.parameter - 1) / max(1, cell.parameter)
    }

    /// LUTs of a gate of `width` bits, less those of operands that have no other reader and join its LUT.
    private mutating func gate(_ cell: LogicCell, _ width: Int) -> Int {
        var all: Set<Int> = cell.kind == .maximum ? [-1 - cell.output.index] : []
        var saved = 0
        for id in cell.operands.compactMap(\.netID) {
            let isSingle = readers[id.index] == 1 && design[id].lanes >= design[cell.output].lanes
            let joined = all.union(leaves[id.index])
            if isGate(id), isSingle, joined.count <= 6 {
                saved += used[id.index]
                all = joined
            } else {
                all.insert(id.index)
            }
        }
        leaves[cell.output.index] = all
        return (all.count <= 1 ? 0 : width) - saved
    }

    private func isGate(_ id: NetID) -> Bool { leaves[id.index].count > 1 }

    // MARK: state

    private func stateCost(_ cell: Cell) -> ResourceCount {
        var cost = ResourceCount()
        switch cell {
        case .logic: break
        case .register(let register):
            cost.ff = isConstant(register.data) ? 0 : registerBits(register) * design[register.output].lanes
        case .shiftRegister(let shift):
            let bits = used[shift.output.index] * design[shift.output].lanes
            cost.srl = PrimitiveCost.shiftRegisterCells(depth: shift.depth) * bits
            if cost.srl == 0 { cost.ff = shift.depth * bits }
        case .memory(let memory): cost = memoryCost(memory)
        case .dsp(let dsp): cost.dsp = design[dsp.p].lanes * (design.isWider(dsp, than: slice) ? 2 : 1)
        }
        return cost
    }

    /// Copies of the sign and unread bits have no flip-flop of their own.
    private func registerBits(_ cell: RegisterCell) -> Int {
        min(used[cell.output.index], max(1, bits(cell.data)))
    }

    private func memoryCost(_ cell: MemoryCell) -> ResourceCount {
        var cost = ResourceCount()
        let net = design[cell.latch]
        var lane = 0
        while lane < net.lanes {
            let lanes = min(cell.lanesPerBank, net.lanes - lane)
            if let shape = BlockMemoryShape(depth: cell.depth, width: lanes * net.width) {
                cost.ramb36 += shape.count36
                cost.ramb18 += shape.count18
            }
            lane += lanes
        }
        return cost
    }
}
