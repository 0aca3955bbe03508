import Design

// Who must look again when a net changes: the segments, groups of scalar registers and banks that read it.

extension PlanBuilder {
    mutating func markDependencies() {
        var producer = [Int](repeating: -1, count: design.nets.count)
        for (segment, cells) in segmentCells.enumerated() {
            for index in cells { producer[design.cells[index].firstOutput.index] = segment }
        }
        var masks = [DirtyBits](repeating: .zero, count: design.nets.count)
        for (segment, cells) in segmentCells.enumerated() {
            func mark(_ id: NetID) {
                if producer[id.index] != segment { masks[id.index] |= .segment(segment) }
            }
            for index in cells { design.cells[index].forEachNet { mark($0) } }
            for id in guardNets[segment] ?? [] { mark(id) }
        }
        for (group, cells) in groupCells.enumerated() {
            for index in cells { design.cells[index].forEachNet { masks[$0.index] |= .group(group) } }
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

    /// Enable nets below which a vector cell need not be evaluated.
    func findGuards(_ order: [Int]) -> [Int: NetID] {
        // Only vectors have guards.
        var readers = [[(cell: Int, operand: Int)]](repeating: [], count: design.nets.count)
        for index in design.cells.indices {
            for (position, operand) in design.cells[index].operands.enumerated() {
                if let id = operand.netID, design[id].lanes > 1 { readers[id.index].append((index, position)) }
            }
        }
        var position = [Int](repeating: -1, count: design.cells.count)
        var driver = [Int](repeating: -1, count: design.nets.count)
        for (place, index) in order.enumerated() {
            position[index] = place
            driver[design.cells[index].firstOutput.index] = index
        }
        let ports = Set(design.outputs)
        var guards: [Int: NetID] = [:]
        for index in order.reversed() where lanes(index) > 1 {
            let net = design.cells[index].firstOutput
            let uses = readers[net.index]
            guard !ports.contains(net), !uses.isEmpty else { continue }
            let enables = Set(uses.map { enable(of: $0.cell, operand: $0.operand, guards) })
            guard enables.count == 1, let only = enables.first, let enable = only else { continue }
            let source = driver[enable.index]
            if source >= 0, position[source] > position[index] { continue }
            guards[index] = enable
        }
        return guards
    }

    /// The scalar net without which this use of a value has no effect.
    private func enable(of index: Int, operand: Int, _ guards: [Int: NetID]) -> NetID? {
        func scalarNet(_ operand: Operand?) -> NetID? {
            guard case .net(let id, _) = operand, design[id].lanes == 1 else { return nil }
            return id
        }
        switch design.cells[index] {
        case .logic: return guards[index]
        case .register(let cell): return operand == 0 ? scalarNet(cell.enable) : nil
        case .dsp(let cell):
            let data = cell.dataOperands
            return operand < data.count ? scalarNet(data[operand].enable) : nil
        case .memory(let cell): return operand == 2 ? scalarNet(cell.writeEnable) : nil
        case .shiftRegister: return nil
        }
    }

    /// Vector logic that only feeds one register of the same shape, by register cell.
    func findFusions() -> [Int: Int] {
        guard !options.countsToggles, !options.evaluatesEverything else { return [:] }
        var driver = [Int](repeating: -1, count: design.nets.count)
        var uses = [Int](repeating: 0, count: design.nets.count)
        for index in design.cells.indices {
            if case .logic(let logic) = design.cells[index] { driver[logic.output.index] = index }
            design.cells[index].forEachNet { uses[$0.index] += 1 }
        }
        var fusions: [Int: Int] = [:]
        for index in design.cells.indices {
            guard case .register(let register) = design.cells[index], register.reset == nil,
                case .net(let id, nil) = register.data, driver[id.index] >= 0, uses[id.index] == 1,
                !design.outputs.contains(id), design[id].lanes > 1, hasScalarEnable(register)
            else { continue }
            let source = driver[id.index]
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
            let id = design.cells[index].firstOutput
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
        let sections = plan.sections[plan.segments[segment].firstSection..<plan.segments[segment].endSection]
        guard sections.count == 1, let only = sections.first, only.isScalar, always == .zero else { return }
        plan.segments[segment].scalars = only.first..<only.end
    }
}
