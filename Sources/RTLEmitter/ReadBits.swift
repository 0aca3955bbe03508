import Design
import Fabric

// Which bits a module's text reads. The others are named in its text, so that a linter that looks for forgotten
// connections finds none, and a reader sees what is left over: fields of instruction words that another engine reads,
// address bits beyond a buffer's depth. The rules are those of the texts of cells (LogicText, StateText, MemoryText).

/// Bits of nets that one module reads, lane by lane.
struct ReadBits {
    private let design: Design
    private let shiftAdds: [NetID: ShiftAdd]
    private var masks: [Int: [UInt64]] = [:]

    /// What the cells of `scope` and the ports of its instances read.
    init(_ design: Design, _ routing: Routing, scope: Int) {
        self.design = design
        shiftAdds = routing.shiftAdds
        for index in routing.cells[scope] { read(design.cells[index]) }
        for child in routing.children[scope] {
            for port in routing.ports[child] where port.isInput {
                // Lanes of an input of top are there for whoever looks at them; instances take its bus.
                let net = design.nets[port.net]
                if net.array == nil || net.scope != scope || net.role != .input { readAll(port.net) }
            }
        }
    }

    /// The bits of a lane that nothing reads, as ranges from low to high.
    func unread(_ net: Int, lane: Int = 0) -> [ClosedRange<Int>] {
        let mask = masks[net]?[lane] ?? 0
        let width = design.nets[net].width
        var ranges: [ClosedRange<Int>] = []
        for bit in 0..<width where mask >> UInt64(bit) & 1 == 0 {
            if let last = ranges.last, last.upperBound == bit - 1 {
                ranges[ranges.count - 1] = last.lowerBound...bit
            } else {
                ranges.append(bit...bit)
            }
        }
        return ranges
    }

    /// The bits of the packed bus of a vector net that nothing reads.
    func unreadOfBus(_ net: Int) -> [ClosedRange<Int>] {
        let width = design.nets[net].width
        var ranges: [ClosedRange<Int>] = []
        for lane in 0..<design.nets[net].lanes {
            for part in unread(net, lane: lane) {
                let (low, high) = (lane * width + part.lowerBound, lane * width + part.upperBound)
                if let last = ranges.last, last.upperBound == low - 1 {
                    ranges[ranges.count - 1] = last.lowerBound...high
                } else {
                    ranges.append(low...high)
                }
            }
        }
        return ranges
    }

    /// Whether some bit of some lane is not read.
    func isPartlyUnread(_ net: Int) -> Bool {
        (0..<design.nets[net].lanes).contains { !unread(net, lane: $0).isEmpty }
    }

    // MARK: reading

    private static let all = UInt64.max

    /// The lowest `count` bits.
    private static func low(_ count: Int) -> UInt64 { count >= 64 ? all : count <= 0 ? 0 : (1 << UInt64(count)) - 1 }

    private mutating func mark(_ net: Int, lane: Int, _ mask: UInt64) {
        let value = design.nets[net]
        let place = value.lanes == 1 ? 0 : lane
        guard (0..<value.lanes).contains(place) else { return }
        masks[net, default: Array(repeating: 0, count: value.lanes)][place] |= mask
    }

    private mutating func readAll(_ net: Int) {
        for lane in 0..<design.nets[net].lanes { mark(net, lane: lane, ReadBits.all) }
    }

    /// Bits `from` ... `from + count - 1` of the endlessly extended value, as `BitSource.bits` reads them.
    private func range(_ operand: Operand, from: Int, count: Int) -> UInt64 {
        guard let id = operand.netID else { return 0 }
        let net = design[id]
        var mask = ReadBits.low(min(net.width, from + count)) & ~ReadBits.low(from)
        if net.signed, from + count > net.width { mask |= 1 << UInt64(net.width - 1) }
        return mask
    }

    private mutating func read(_ operand: Operand?, lane: Int, _ mask: UInt64) {
        guard case .net(let id, let map)? = operand else { return }
        guard let source = map == nil ? lane : map?.source(of: lane) else { return }
        mark(id.index, lane: source, mask)
    }

    private mutating func read(_ cell: Cell) {
        switch cell {
        case .logic(let cell):
            for lane in 0..<design[cell.output].lanes { read(cell, lane: lane) }
        case .register(let cell):
            let net = design[cell.output]
            for lane in 0..<net.lanes {
                read(cell.data, lane: lane, ReadBits.low(net.width))
                read(cell.enable, lane: lane, ReadBits.all)
                read(cell.reset, lane: lane, ReadBits.all)
            }
        case .shiftRegister(let cell):
            let net = design[cell.output]
            for lane in 0..<net.lanes {
                read(cell.data, lane: lane, ReadBits.low(net.width))
                read(cell.enable, lane: lane, ReadBits.all)
            }
        case .memory(let cell): read(cell)
        case .dsp(let cell): read(cell)
        }
    }

    private mutating func read(_ cell: MemoryCell) {
        let net = design[cell.latch]
        let address = ReadBits.low(BlockMemoryShape.addressBits(depth: cell.depth))
        read(cell.writeAddress, lane: 0, address)
        read(cell.readAddress, lane: 0, address)
        read(cell.readEnable, lane: 0, ReadBits.all)
        if cell.output != nil { read(cell.outputEnable, lane: 0, ReadBits.all) }
        for lane in 0..<net.lanes { read(cell.writeData, lane: lane, ReadBits.low(net.width)) }
        for lane in stride(from: 0, to: net.lanes, by: cell.lanesPerBank) {
            read(cell.writeEnable, lane: lane, ReadBits.all)
        }
    }

    private mutating func read(_ cell: DSPCell) {
        for lane in 0..<design[cell.p].lanes {
            for control in cell.controls { read(control, lane: lane, ReadBits.all) }
            read(cell.multiplier?.a, lane: lane, ReadBits.low(27))
            read(cell.multiplier?.b, lane: lane, ReadBits.low(18))
            read(cell.c, lane: lane, ReadBits.low(48))
        }
    }

    private mutating func read(_ cell: LogicCell, lane: Int) {
        let width = design[cell.output].width
        let a = cell.operands[0]
        switch cell.kind {
        case .not, .and, .or, .xor, .add, .subtract:
            // A product in the carry chain is not read as a net.
            let product = shiftAdds[cell.output]?.operand
            for (position, operand) in cell.operands.enumerated() where position != product {
                read(operand, lane: lane, ReadBits.low(width))
            }
        case .multiplex:
            read(a, lane: lane, ReadBits.all)
            for operand in cell.operands.dropFirst() { read(operand, lane: lane, ReadBits.low(width)) }
        case .slice: read(a, lane: lane, range(a, from: cell.parameter, count: width))
        case .shiftLeftConstant: read(a, lane: lane, ReadBits.low(width - cell.parameter))
        case .shiftRight, .shiftLeft, .roundShift: readShift(cell, lane: lane, width)
        case .powerOfTwoShift:
            let needed = (a.netID.map { design[$0].width } ?? 64) + 1
            let work = min(width, needed + PowerOfTwoCode.largestExponent(bits: cell.parameter))
            read(a, lane: lane, ReadBits.low(work))
            read(cell.operands[1], lane: lane, ReadBits.low(cell.parameter))
        case .unpack:
            let first = lane % cell.parameter * width
            read(a, lane: lane / cell.parameter, range(a, from: first, count: width))
        case .pack:
            for part in 0..<cell.parameter { read(a, lane: lane * cell.parameter + part, ReadBits.all) }
        case .laneSelect: readChoices(cell, lane: lane)
        case .equal, .lessThan, .maximum, .saturate:
            for operand in cell.operands { read(operand, lane: lane, ReadBits.all) }
        case .register, .shiftRegister, .blockMemory, .dsp48e2: break
        }
    }

    private mutating func readShift(_ cell: LogicCell, lane: Int, _ width: Int) {
        let (a, b) = (cell.operands[0], cell.operands[1])
        read(b, lane: lane, ReadBits.low(6))
        guard case .constant(let value) = b else {
            return read(a, lane: lane, cell.kind == .shiftLeft ? ReadBits.low(width) : ReadBits.all)
        }
        let amount = Int(value & 63)
        switch cell.kind {
        case .shiftLeft: read(a, lane: lane, ReadBits.low(width - amount))
        case .roundShift: read(a, lane: lane, ReadBits.low(amount) | range(a, from: amount, count: width))
        default: read(a, lane: lane, range(a, from: amount, count: width))
        }
    }

    /// The lanes that an index can choose (`LogicText.laneSelect`).
    private mutating func readChoices(_ cell: LogicCell, lane: Int) {
        read(cell.operands[1], lane: lane, ReadBits.all)
        guard case .net(let id, let map) = cell.operands[0] else { return }
        let lanes = design[cell.output].lanes
        let largest = (0..<lanes).compactMap { map == nil ? $0 : map?.source(of: $0) }.max() ?? 0
        let choices = (design[id].lanes - 1 - largest) / max(1, cell.parameter) + 1
        let indices = cell.operands[1].netID.map { 1 << min(design[$0].width, 20) } ?? choices
        guard let base = map == nil ? lane : map?.source(of: lane) else { return }
        for choice in 0..<min(choices, indices) { mark(id.index, lane: base + choice * cell.parameter, ReadBits.all) }
    }
}
