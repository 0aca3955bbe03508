import Design
import Fabric

#if MUTANTS
    import Mutants
#endif

// Steps of cells with state.

extension PlanBuilder {
    mutating func addState(_ index: Int) {
        switch design.cells[index] {
        case .logic: preconditionFailure("logic has no state")
        case .register(let register):
            if design[register.output].lanes == 1 {
                addScalarRegister(register, cell: index)
            } else if let logic = fusedLogic[index] {
                addFused(register, design.cells[logic])
            } else {
                addRegister(register)
            }
        case .shiftRegister(let shift): addShiftRegister(shift)
        case .memory(let memory): addMemory(memory)
        case .dsp(let dsp): addDSP(dsp)
        }
        if !isScalarRegister(design.cells[index]) { bankCells.append(index) }
    }

    /// `enable` nil: the bank decides for itself.
    private mutating func appendBank(_ kind: SimulationPlan.BankKind, _ index: Int, enable: Operand? = nil) {
        plan.banks.append(
            .init(
                kind: kind, index: index, enable: scalar(enable, fallback: 1),
                bit: .bank(plan.banks.count, perBit: plan.banksPerBit)))
    }

    private mutating func addScalarRegister(_ cell: RegisterCell, cell index: Int) {
        let net = design[cell.output]
        let q = storage.places[cell.output.index].pointer.assumingMemoryBound(to: Int64.self)
        let initial = LogicMeaning.canonical(cell.initial, width: net.width, signed: net.signed)
        q.pointee = initial
        let widthMask = (Int64(1) << Int64(net.width)) - 1
        let (element, pointers) = sources(cell.data, lanes: 1)
        // A lane of a 32-bit vector is read through a slot of its own.
        let data: UnsafePointer<Int64>
        if element == .int32 {
            let slot = storage.allocate(bytes: 8)
            let place = Place(pointer: slot, element: .int64, lanes: 1)
            let now = sources(cell.data, lanes: 1, atCommit: false)
            let runs = PlanBuilder.runs(destination: place, lanes: 1, operands: [now])
            appendVector(
                VectorStep(
                    kind: .slice, parameter: 0, width: 62, signed: true, fits: true, destination: .int64, a: element,
                    b: .int64, c: .int64, runs: storage.keep(runs), scratch: nil,
                    merged: storage.keep([]), runsOfEight: false, guardPointer: nil, index: nil, indexBytes: 0,
                    choices: 1))
            data = UnsafePointer(slot.assumingMemoryBound(to: Int64.self))
        } else {
            data = pointers[0].assumingMemoryBound(to: Int64.self)
        }
        plan.scalarRegisters.append(
            ScalarRegisterStep(
                q: q, data: data, enable: scalar(cell.enable, fallback: 1), reset: scalar(cell.reset, fallback: 0),
                initial: initial, unused: net.signed ? UInt8(64 - net.width) : 0,
                mask: net.signed ? -1 : widthMask, widthMask: widthMask, activity: cell.output.index))
        let last = plan.scalarRegisters.count
        let waits = twoPhase.contains(index)
        if let group = plan.groups.last, group.scope == net.scope, group.isTwoPhase == waits,
            group.end - group.first < groupSize
        {
            plan.groups[plan.groups.count - 1].end = last
            groupCells[groupCells.count - 1].append(index)
        } else {
            plan.groups.append(.init(scope: net.scope, isTwoPhase: waits, first: last - 1, end: last))
            groupCells.append([index])
        }
    }

    /// A step outside any logic cell: it has a segment of its own, which runs in every cycle.
    private mutating func appendVector(_ step: VectorStep) {
        plan.segments.append(
            .init(
                firstSection: plan.sections.count, endSection: plan.sections.count,
                exports: .init(start: nil, count: 0), always: .zero))
        segmentCells.append([])
        plan.always |= .segment(plan.segments.count - 1)
        plan.vectors.append(step)
        extend(scalar: false)
    }

    /// A copy of an operand into a register bank.
    private mutating func bankCopy(_ id: NetID, _ operand: Operand) -> BankCopy {
        let net = design[id]
        let place = storage.places[id.index]
        let source = sources(operand, lanes: net.lanes)
        let runs = storage.keep(PlanBuilder.runs(destination: place, lanes: net.lanes, operands: [source]))
        var fits = false
        if case .net(let from, _) = operand {
            let bits = design[from].signed ? design[from].significantBits : design[from].width + 1
            fits = net.signed ? net.width >= bits : !design[from].signed && net.width >= design[from].width
        }
        return BankCopy(net: net, place: place, runs: runs, source: source.element, fits: fits)
    }

    private mutating func addRegister(_ cell: RegisterCell) {
        let net = design[cell.output]
        let initial = LogicMeaning.canonical(cell.initial, width: net.width, signed: net.signed)
        for lane in 0..<net.lanes { storage.store(initial, cell.output, lane: lane) }
        var laneEnables: [UnsafeRawPointer] = []
        var laneEnableElement = Element.int64
        var enable = scalar(nil, fallback: 1)
        if case .net(let id, let map) = cell.enable, design[id].lanes > 1 || map != nil {
            let source = sources(.net(id, map), lanes: net.lanes)
            laneEnables = source.pointers
            laneEnableElement = source.element
        } else {
            enable = scalar(cell.enable, fallback: 1)
        }
        plan.registers.append(
            VectorRegisterStep(
                copy: bankCopy(cell.output, cell.data), enable: enable, reset: scalar(cell.reset, fallback: 0),
                initial: initial, laneEnables: storage.keep(laneEnables),
                laneEnableElement: laneEnableElement, lanes: net.lanes, activity: cell.output.index))
        let decides = cell.reset != nil || !laneEnables.isEmpty
        appendBank(.register, plan.registers.count - 1, enable: decides ? nil : cell.enable)
    }

    private mutating func addFused(_ cell: RegisterCell, _ logic: Cell) {
        guard case .logic(let logic) = logic else { preconditionFailure("only logic is fused") }
        let net = design[cell.output]
        let initial = LogicMeaning.canonical(cell.initial, width: net.width, signed: net.signed)
        for lane in 0..<net.lanes { storage.store(initial, cell.output, lane: lane) }
        plan.vectors.append(vectorStep(logic, design[logic.output], into: storage.places[cell.output.index]))
        plan.fused.append(
            .init(
                step: plan.vectors.count - 1, activity: cell.output.index))
        appendBank(.fused, plan.fused.count - 1, enable: cell.enable)
    }

    private mutating func addShiftRegister(_ cell: ShiftRegisterCell) {
        let net = design[cell.output]
        let source = sources(cell.data, lanes: net.lanes)
        let words = max(1, cell.depth - 1)
        let ring = storage.allocate(bytes: 8 * words * net.lanes).assumingMemoryBound(to: Int64.self)
        let position = storage.allocate(bytes: 8).assumingMemoryBound(to: Int.self)
        plan.shiftRegisters.append(
            ShiftRegisterStep(
                q: storage.places[cell.output.index].pointer, element: storage.places[cell.output.index].element,
                width: net.width, signed: net.signed, enable: scalar(cell.enable, fallback: 1), ring: ring,
                position: position, still: storage.allocate(bytes: 8).assumingMemoryBound(to: Int.self),
                depth: cell.depth, lanes: net.lanes, data: storage.keep(source.pointers),
                dataElement: source.element, activity: cell.output.index))
        appendBank(.shiftRegister, plan.shiftRegisters.count - 1, enable: cell.enable)
    }

    private mutating func addMemory(_ cell: MemoryCell) {
        let net = design[cell.latch]
        let words = 1 << BlockMemoryShape.addressBits(depth: cell.depth)
        let stored = MemoryElement(net)
        let place = storage.places[cell.latch.index]
        let data = sources(cell.writeData, lanes: net.lanes)
        var banks: [MemoryBank] = []
        for first in stride(from: 0, to: net.lanes, by: cell.lanesPerBank) {
            let lanes = min(cell.lanesPerBank, net.lanes - first)
            let enables = sources(cell.writeEnable, lanes: net.lanes)
            let bank = MemoryBank(
                enable: enables.pointers[first], enableElement: enables.element, firstLane: first, lanes: lanes,
                data: storage.keep(Array(data.pointers[first..<first + lanes])), dataElement: data.element)
            banks.append(bank)
        }
        plan.memories.append(
            MemoryStep(
                cells: storage.allocate(bytes: words * net.lanes * stored.bytes), stored: stored,
                depthMask: words - 1, lanes: net.lanes, width: net.width, signed: net.signed,
                element: place.element, latch: place.pointer,
                output: cell.output.map { storage.places[$0.index].pointer },
                outputEnable: scalar(cell.outputEnable, fallback: 1), readEnable: scalar(cell.readEnable, fallback: 1),
                readAddress: scalar(cell.readAddress, fallback: 0),
                writeAddress: scalar(cell.writeAddress, fallback: 0), banks: storage.keep(banks),
                latchActivity: cell.latch.index, outputActivity: (cell.output ?? cell.latch).index))
        appendBank(.memory, plan.memories.count - 1)
    }

    private mutating func addDSP(_ cell: DSPCell) {
        let p = design[cell.p]
        let pPlace = storage.places[cell.p.index]
        var addends: [DSPStep.Addend] = []
        func addend(_ id: NetID) {
            // The cascade may be cut by a snapshot.
            let (element, pointers) = sources(.net(id, nil), lanes: p.lanes)
            addends.append(.init(pointer: pointers[0], element: element))
        }
        if let multiplier = cell.multiplier { addend(multiplier.mRegister) }
        if let register = cell.cRegister { addend(register) }
        if let cascade = cell.cascade { addend(cascade) }
        var c: UnsafePointer<BankCopy>?
        if let register = cell.cRegister, let operand = cell.c {
            c = storage.keep([bankCopy(register, operand)]).baseAddress
        }
        #if MUTANTS
            let pBits = isPlanted("dsp-wrap") ? min(47, p.significantBits) : p.significantBits
        #else
            let pBits = p.significantBits
        #endif
        plan.dsps.append(
            DSPStep(
                multiplier: cell.multiplier.flatMap { storage.keep([dspMultiplier($0)]).baseAddress }, c: c,
                first: addends[0],
                second: addends.count > 1 ? addends[1] : nil, third: addends.count > 2 ? addends[2] : nil,
                starts: cell.starts.map { scalar($0, fallback: 0) },
                p: pPlace.pointer, pElement: pPlace.element, pBits: pBits, lanes: p.lanes,
                enableC: c == nil ? nil : scalar(cell.enableC, fallback: 1),
                enableP: scalar(cell.enableP, fallback: 1), cActivity: (cell.cRegister ?? cell.p).index,
                pActivity: cell.p.index))
        appendBank(.dsp, plan.dsps.count - 1)
    }

    private mutating func dspMultiplier(_ cell: DSPCell.Multiplier) -> DSPStep.Multiplier {
        let m = design[cell.mRegister]
        let mPlace = storage.places[cell.mRegister.index]
        var b1: UnsafePointer<BankCopy>?
        if let stage = cell.staged { b1 = storage.keep([bankCopy(stage.register, cell.b)]).baseAddress }
        return DSPStep.Multiplier(
            a: bankCopy(cell.aRegister, cell.a),
            b: bankCopy(cell.bRegister, cell.staged.map { .net($0.register, nil) } ?? cell.b), b1: b1,
            m: mPlace.pointer, mElement: mPlace.element, mBits: m.significantBits, lanes: m.lanes,
            enableA: scalar(cell.enableA, fallback: 1), enableB: scalar(cell.enableB, fallback: 1),
            enableB1: scalar(cell.staged?.enable, fallback: 0), enableM: scalar(cell.enableM, fallback: 1),
            aActivity: cell.aRegister.index, bActivity: cell.bRegister.index,
            b1Activity: (cell.staged?.register ?? cell.bRegister).index, mActivity: cell.mRegister.index)
    }
}
