import Design

// Who must look again when a net changes: the segments, groups of scalar registers and banks that read it.

extension PlanBuilder {
    mutating func markDependencies() {
        var producer: [NetID: Int] = [:]
        for (segment, cells) in segmentCells.enumerated() {
            for index in cells { producer[design.cells[index].outputs[0]] = segment }
        }
        var masks = [DirtyBits](repeating: .zero, count: design.nets.count)
        for (segment, cells) in segmentCells.enumerated() {
            let read = cells.flatMap { design.cells[$0].operands.compactMap { $0.netID } }
            for id in Set(read).union(guardNets[segment] ?? []) where producer[id] != segment {
                masks[id.index] |= .segment(segment)
            }
        }
        for (group, cells) in groupCells.enumerated() {
            for id in cells.flatMap({ design.cells[$0].operands.compactMap { $0.netID } }) {
                masks[id.index] |= .group(group)
            }
        }
        for (bank, cell) in bankCells.enumerated() {
            for id in bankOperands(cell).compactMap({ $0.netID }) {
                masks[id.index] |= .bank(bank, perBit: plan.banksPerBit)
            }
        }
        for index in masks.indices { storage.masks[index] = masks[index] }
        for segment in plan.segments.indices { connect(segment, masks) }
        // At first everything must be looked at.
        var all = plan.always
        for segment in plan.segments.indices { all |= .segment(segment) }
        for group in plan.groups.indices { all |= .group(group) }
        for bank in plan.banks.indices { all |= .bank(bank, perBit: plan.banksPerBit) }
        storage.dirty.pointee = all
    }

    /// What a bank reads at commit: its operands and those of the logic computed straight into it.
    func bankOperands(_ index: Int) -> [Operand] {
        design.cells[index].operands + (fusedLogic[index].map { design.cells[$0].operands } ?? [])
    }

    /// Vector logic that only feeds one register of the same shape, by register cell.
    func findFusions() -> [Int: Int] {
        guard !options.countsToggles, !options.evaluatesEverything else { return [:] }
        var driver: [NetID: Int] = [:]
        var uses: [NetID: Int] = [:]
        for (index, cell) in design.cells.enumerated() {
            if case .logic(let logic) = cell { driver[logic.output] = index }
            for id in cell.operands.compactMap({ $0.netID }) { uses[id, default: 0] += 1 }
        }
        var fusions: [Int: Int] = [:]
        for (index, cell) in design.cells.enumerated() {
            guard case .register(let register) = cell, register.reset == nil,
                case .net(let id, nil) = register.data, let source = driver[id], uses[id] == 1,
                !design.outputs.contains(id), design[id].lanes > 1, hasScalarEnable(register)
            else { continue }
            let (net, q) = (design[id], design[register.output])
            guard case .logic(let logic) = design.cells[source], [.add, .powerOfTwoShift].contains(logic.kind),
                net.width == q.width, net.signed == q.signed, net.lanes == q.lanes,
                net.significantBits == q.significantBits
            else { continue }
            fusions[index] = source
        }
        return fusions
    }

    private func hasScalarEnable(_ register: RegisterCell) -> Bool {
        guard case .net(let id, let map) = register.enable else { return register.enable == nil }
        return design[id].lanes == 1 && map == nil
    }

    private mutating func connect(_ segment: Int, _ masks: [DirtyBits]) {
        var exports: [SimulationPlan.Export] = []
        var always = DirtyBits.zero
        for index in segmentCells[segment] {
            let id = design.cells[index].outputs[0]
            let mask = masks[id.index]
            guard mask != .zero else { continue }
            if design[id].lanes > 1 {
                always |= mask
            } else {
                let value = storage.places[id.index].pointer.assumingMemoryBound(to: Int64.self)
                exports.append(.init(value: UnsafePointer(value), last: 0, mask: mask))
            }
        }
        plan.segments[segment].exports = UnsafeMutableBufferPointer(mutating: storage.keep(exports))
        plan.segments[segment].always = always
    }
}
