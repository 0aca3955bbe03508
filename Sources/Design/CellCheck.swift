import Fabric

// What each primitive's cells must be, so that the scalar meaning (Fabric/Primitives), the kernel and the emitted text
// agree on them. The kernel has one clock enable and one address for all lanes of a cell, except the write enables of
// registers and memories; the vendor's primitives have fixed widths; wiring must stay inside its operand.

/// Judges cells of a Design whose nets are legal and have one driver each.
struct CellCheck {
    private let design: Design
    /// P of every DSP48E2.
    private let sums: Set<NetID>

    init(_ design: Design) {
        self.design = design
        sums = Set(
            design.cells.compactMap {
                if case .dsp(let cell) = $0 { return cell.p }
                return nil
            })
    }

    /// Throws the first rule that the cell breaks.
    func check(_ cell: Cell) throws {
        switch cell {
        case .logic(let logic): try check(logic)
        case .register(let register): try check(register)
        case .shiftRegister(let shift): try check(shift)
        case .memory(let memory): try check(memory)
        case .dsp(let dsp): try check(dsp)
        }
    }

    // MARK: logic

    private func check(_ cell: LogicCell) throws {
        guard let count = cell.kind.operandCount else { throw error(cell.output, "\(cell.kind) is not logic") }
        guard cell.operands.count == count else {
            throw error(cell.output, "\(cell.kind) takes \(count) operands, not \(cell.operands.count)")
        }
        if let range = cell.kind.parameterRange, !range.contains(cell.parameter) {
            throw error(cell.output, "\(cell.kind) has no parameter \(cell.parameter)")
        }
        switch cell.kind {
        case .unpack, .pack: try checkPacking(cell)
        case .laneSelect: try checkSelection(cell)
        case .powerOfTwoShift:
            try checkCode(cell)
            try checkLanes(cell.operands, readBy: cell.output)
        case .not, .and, .or, .xor, .add, .subtract, .equal, .lessThan, .multiplex, .slice, .shiftLeftConstant,
            .shiftRight, .shiftLeft, .roundShift, .saturate, .maximum, .register, .shiftRegister, .blockMemory,
            .dsp48e2:
            try checkLanes(cell.operands, readBy: cell.output)
        }
    }

    private func checkCode(_ cell: LogicCell) throws {
        guard let code = cell.operands[1].netID.map({ design[$0] }) else { return }
        guard code.width <= cell.parameter else {
            throw error(cell.output, "codes of \(code.width) bits, not \(cell.parameter)")
        }
        guard !code.signed else { throw error(cell.output, "signed codes") }
    }

    private func checkPacking(_ cell: LogicCell) throws {
        guard case .net(let id, let map) = cell.operands[0] else {
            throw error(cell.output, "\(cell.kind) reads a constant")
        }
        guard map == nil else { throw error(cell.output, "\(cell.kind) takes no lane map") }
        let (lanes, sources) = (design[cell.output].lanes, design[id].lanes)
        let isInside = cell.kind == .pack ? lanes <= sources / cell.parameter : (lanes - 1) / cell.parameter < sources
        guard isInside else {
            throw error(cell.output, "\(cell.kind) reads past the \(sources) lanes of \(design.path(of: id))")
        }
    }

    private func checkSelection(_ cell: LogicCell) throws {
        guard case .net(let id, let map) = cell.operands[0] else {
            throw error(cell.output, "laneSelect reads a constant")
        }
        if let map, map.dimensions.contains(where: { $0.limit != nil }) {
            throw error(cell.output, "laneSelect takes no lane map with a limit")
        }
        guard map != nil || design[cell.output].lanes <= design[id].lanes else {
            throw error(cell.output, "laneSelect reads past the \(design[id].lanes) lanes of \(design.path(of: id))")
        }
        try checkLanes([cell.operands[0]], readBy: cell.output)
        try checkShared(cell.operands[1], "index", of: cell.output, .laneSelect)
        if case .constant(let value) = cell.operands[1], value < 0 {
            throw error(cell.output, "laneSelect has no choice \(value)")
        }
        if let index = cell.operands[1].netID, design[index].signed {
            throw error(cell.output, "the index of laneSelect is signed")
        }
    }

    // MARK: state

    private func check(_ cell: RegisterCell) throws {
        try checkShared(cell.reset, "reset", of: cell.output, .register)
        if design[cell.output].lanes == 1 {
            try checkShared(cell.enable, "enable", of: cell.output, .register)
        } else if cell.enable == .laneIndex {
            throw error(cell.output, "registers enabled by their lane numbers")
        }
        try checkLanes([cell.data] + [cell.enable].compactMap { $0 }, readBy: cell.output)
    }

    private func check(_ cell: ShiftRegisterCell) throws {
        let net = design[cell.output]
        guard cell.depth >= 2 else { throw error(cell.output, "a shift register of \(cell.depth) stages") }
        try checkShared(cell.enable, "enable", of: cell.output, .shiftRegister)
        switch cell.data {
        case .constant(let value):
            guard LogicMeaning.canonical(value, width: net.width, signed: net.signed) == value else {
                throw error(cell.output, "a shift register of \(net.width) bits takes \(value)")
            }
        case .laneIndex: throw error(cell.output, "a shift register of lane numbers")
        case .net(let id, _):
            guard design[id].width == net.width, design[id].signed == net.signed else {
                throw error(cell.output, "a shift register takes data of its own width and sign")
            }
        }
        try checkLanes([cell.data], readBy: cell.output)
    }

    private func check(_ cell: MemoryCell) throws {
        let depths = 1...BlockMemoryShape.maximumDepth
        guard depths.contains(cell.depth) else {
            throw error(cell.latch, "a block memory of \(cell.depth) words, not \(depths)")
        }
        guard cell.lanesPerBank >= 1 else { throw error(cell.latch, "banks of \(cell.lanesPerBank) lanes") }
        let shared = [
            ("read enable", cell.readEnable), ("read address", cell.readAddress), ("write address", cell.writeAddress),
            ("output enable", cell.outputEnable),
        ]
        for (port, operand) in shared { try checkShared(operand, port, of: cell.latch, .blockMemory) }
        if let output = cell.output {
            let (q, latch) = (design[output], design[cell.latch])
            guard q.lanes == latch.lanes, q.width == latch.width, q.signed == latch.signed else {
                throw error(output, "the output register differs from its latch in lanes, width or sign")
            }
        }
        try checkLanes([cell.writeEnable, cell.writeData], readBy: cell.latch)
    }

    // MARK: DSP48E2

    private func check(_ cell: DSPCell) throws {
        guard cell.multiplier != nil || cell.c != nil else { throw error(cell.p, "a DSP48E2 without A * B and C") }
        guard (cell.c == nil) == (cell.cRegister == nil) else {
            throw error(cell.p, "a DSP48E2 has C and its register, or neither")
        }
        for enable in cell.enables { try checkShared(enable, "enable", of: cell.p, .dsp48e2) }
        try checkShared(cell.starts, "start", of: cell.p, .dsp48e2)
        if cell.starts != nil, cell.multiplier != nil, cell.c != nil, cell.cascade != nil {
            throw error(cell.p, "a DSP48E2 that adds A * B, C and PCIN has no way left for P")
        }
        try checkRegister(cell.p, width: 48, of: cell, needed: 1)
        var addends: [Int] = []
        if let multiplier = cell.multiplier { addends.append(try checkMultiplier(multiplier, of: cell)) }
        if let c = cell.c, let register = cell.cRegister {
            try checkRegister(register, width: 48, of: cell, needed: bits(c))
            addends.append(design[register].significantBits)
        }
        if let cascade = cell.cascade {
            guard sums.contains(cascade), design[cascade].scope == design[cell.p].scope,
                design[cascade].lanes == design[cell.p].lanes
            else {
                throw error(cell.p, "a cascade joins the P of DSP48E2s of one module, lane by lane")
            }
        }
        // How far the sums of a chain reach is the elaborator's to know; one product or one C is never cut.
        let isSum = addends.count > 1 && cell.cascade == nil
        try checkRegister(cell.p, width: 48, of: cell, needed: (addends.max() ?? 1) + (isSum ? 1 : 0))
        try checkLanes(cell.dataOperands.map(\.operand), readBy: cell.p)
    }

    /// Returns the bits of the product.
    private func checkMultiplier(_ multiplier: DSPCell.Multiplier, of cell: DSPCell) throws -> Int {
        try checkRegister(multiplier.aRegister, width: 27, of: cell, needed: bits(multiplier.a))
        try checkRegister(multiplier.bRegister, width: 18, of: cell, needed: bits(multiplier.b))
        if let stage = multiplier.staged {
            try checkRegister(stage.register, width: 18, of: cell, needed: bits(multiplier.b))
        }
        let factors = [multiplier.aRegister, multiplier.bRegister].map { design[$0].significantBits }
        try checkRegister(multiplier.mRegister, width: 45, of: cell, needed: factors[0] + factors[1])
        return design[multiplier.mRegister].significantBits
    }

    /// A register inside a DSP48E2: the vendor's width, as many lanes as P, and room for what it takes.
    private func checkRegister(_ id: NetID, width: Int, of cell: DSPCell, needed: Int) throws {
        let net = design[id]
        guard net.width == width, net.signed, net.lanes == design[cell.p].lanes else {
            throw error(id, "a register of a DSP48E2 with signed \(width) bits in \(design[cell.p].lanes) lanes")
        }
        guard net.significantBits >= min(width, needed) else {
            throw error(id, "\(net.significantBits) significant bits, not \(min(width, needed))")
        }
    }

    /// Bits that hold every value of an operand in two's complement.
    private func bits(_ operand: Operand) -> Int {
        switch operand {
        case .constant(let value): return 65 - (value < 0 ? ~value : value).leadingZeroBitCount
        case .laneIndex: return 64
        case .net(let id, _): return design[id].signed ? design[id].significantBits : design[id].width + 1
        }
    }

    // MARK: operands

    /// Every lane of the reader finds a lane of its operands.
    private func checkLanes(_ operands: [Operand], readBy reader: NetID) throws {
        let count = design[reader].lanes
        for case .net(let id, let map) in operands {
            let lanes = design[id].lanes
            guard let map else {
                if lanes != 1 && lanes < count {
                    throw error(reader, "\(count) lanes read \(lanes) without a map")
                }
                continue
            }
            guard map.dimensions.allSatisfy({ $0.count >= 1 }) else {
                throw error(reader, "a lane map with a dimension of no lanes")
            }
            for lane in 0..<count {
                if let source = map.source(of: lane), !(0..<lanes).contains(source) {
                    throw error(reader, "lane \(lane) reads lane \(source) of \(lanes)")
                }
            }
        }
    }

    /// A port that the kernel reads once for all lanes of a cell: a constant or a scalar net, wired to every lane.
    private func checkShared(_ operand: Operand?, _ port: String, of reader: NetID, _ kind: PrimitiveKind) throws {
        let isShared: Bool
        switch operand {
        case nil, .constant: isShared = true
        case .laneIndex: isShared = design[reader].lanes == 1
        case .net(let id, let map):
            isShared = design[id].lanes == 1 && (map?.dimensions.allSatisfy { $0.limit == nil } ?? true)
        }
        guard isShared else {
            throw error(reader, "the \(port) of \(kind) is one scalar for all lanes; by lane it is not modelled")
        }
        try checkLanes([operand].compactMap { $0 }, readBy: reader)
    }

    private func error(_ id: NetID, _ text: String) -> DesignError {
        DesignError(description: "\(design.path(of: id)): \(text)")
    }
}
