import Design
import Fabric
import Testing

extension Cell {
    mutating func logic(_ change: (inout LogicCell) -> Void) {
        guard case .logic(var cell) = self else { return }
        change(&cell)
        self = .logic(cell)
    }

    mutating func register(_ change: (inout RegisterCell) -> Void) {
        guard case .register(var cell) = self else { return }
        change(&cell)
        self = .register(cell)
    }

    mutating func shiftRegister(_ change: (inout ShiftRegisterCell) -> Void) {
        guard case .shiftRegister(var cell) = self else { return }
        change(&cell)
        self = .shiftRegister(cell)
    }

    mutating func memory(_ change: (inout MemoryCell) -> Void) {
        guard case .memory(var cell) = self else { return }
        change(&cell)
        self = .memory(cell)
    }

    mutating func dsp(_ change: (inout DSPCell) -> Void) {
        guard case .dsp(var cell) = self else { return }
        change(&cell)
        self = .dsp(cell)
    }
}

/// A way to break the cell of a `OneCellDesign`, and words of the error that says so.
struct BrokenCell: Sendable, CustomTestStringConvertible {
    let kind: PrimitiveKind
    let name: String
    let words: String
    let change: @Sendable (inout OneCellDesign) -> Void

    init(
        _ kind: PrimitiveKind, _ name: String, _ words: String,
        _ change: @escaping @Sendable (inout OneCellDesign) -> Void
    ) {
        self.kind = kind
        self.name = name
        self.words = words
        self.change = change
    }

    var testDescription: String { "\(kind): \(name)" }

    static let all = logic + lanes + state + multipliers

    private static let logic = [
        BrokenCell(.powerOfTwoShift, "wide codes", "codes of 2 bits, not 1") { example in
            example.design.cells[example.cell].logic { $0.parameter = 1 }
        },
        BrokenCell(.powerOfTwoShift, "signed codes", "signed codes") { example in
            let pairs = example.pairs
            example.narrow(example.two, to: 3)
            example.design.cells[example.cell].logic { $0.operands[1] = .net(example.two, pairs) }
        },
        BrokenCell(.unpack, "constant", "unpack reads a constant") { example in
            example.design.cells[example.cell].logic { $0.operands[0] = .constant(3) }
        },
        BrokenCell(.pack, "constant", "pack reads a constant") { example in
            example.design.cells[example.cell].logic { $0.operands[0] = .constant(3) }
        },
        BrokenCell(.laneSelect, "constant", "laneSelect reads a constant") { example in
            example.design.cells[example.cell].logic { $0.operands[0] = .constant(3) }
        },
        BrokenCell(.laneSelect, "negative choice", "laneSelect has no choice -1") { example in
            example.design.cells[example.cell].logic { $0.operands[1] = .constant(-1) }
        },
        BrokenCell(.laneSelect, "signed index", "the index of laneSelect is signed") { example in
            guard let index = example.design.cells[example.cell].operands[1].netID else { return }
            example.design.nets[index.index].signed = true
        },
    ]

    private static let lanes = [
        BrokenCell(.unpack, "map", "unpack takes no lane map") { example in
            let pairs = example.pairs
            example.design.cells[example.cell].logic { $0.operands[0] = .net(example.four, pairs) }
        },
        BrokenCell(.unpack, "too few lanes", "unpack reads past the 2 lanes") { example in
            example.design.cells[example.cell].logic {
                $0.operands[0] = .net(example.two, nil)
                $0.parameter = 1
            }
        },
        BrokenCell(.pack, "too few lanes", "pack reads past the 2 lanes") { example in
            example.design.cells[example.cell].logic { $0.operands[0] = .net(example.two, nil) }
        },
        BrokenCell(.pack, "too many parts", "pack reads past the 4 lanes") { example in
            example.design.cells[example.cell].logic { $0.parameter = .max }
        },
        BrokenCell(.laneSelect, "limit", "laneSelect takes no lane map with a limit") { example in
            example.design.cells[example.cell].logic { $0.operands[0] = .net(example.four, example.limited) }
        },
        BrokenCell(.laneSelect, "too few lanes", "laneSelect reads past the 2 lanes") { example in
            example.design.cells[example.cell].logic { $0.operands[0] = .net(example.two, nil) }
        },
        BrokenCell(.laneSelect, "lane outside", "lane 0 reads lane 4 of 4") { example in
            let outside = LaneMap([.init(1, stride: 0)], offset: 4)
            example.design.cells[example.cell].logic { $0.operands[0] = .net(example.four, outside) }
        },
        BrokenCell(.add, "too few lanes", "4 lanes read 2 without a map") { example in
            example.design.cells[example.cell].logic { $0.operands[0] = .net(example.two, nil) }
        },
        BrokenCell(.add, "lane outside", "lane 2 reads lane 4 of 4") { example in
            let outside = LaneMap([.init(4, stride: 2)])
            example.design.cells[example.cell].logic { $0.operands[0] = .net(example.four, outside) }
        },
        BrokenCell(.add, "no lanes", "a dimension of no lanes") { example in
            let empty = LaneMap([.init(1, stride: 1), .init(0, stride: 1)])
            example.design.cells[example.cell].logic { $0.operands[0] = .net(example.four, empty) }
        },
    ]

    private static let state = [
        BrokenCell(.register, "lane numbers", "enabled by their lane numbers") { example in
            example.design.cells[example.cell].register { $0.enable = .laneIndex }
        },
        BrokenCell(.register, "significant bits", "fewer significant bits than bits") { example in
            example.design.nets[example.design.cells[example.cell].outputs[0].index].significantBits = 5
        },
        BrokenCell(.shiftRegister, "one stage", "a shift register of 1 stages") { example in
            example.design.cells[example.cell].shiftRegister { $0.depth = 1 }
        },
        BrokenCell(.shiftRegister, "other width", "data of its own width and sign") { example in
            example.narrow(example.four, to: 8)
        },
        BrokenCell(.shiftRegister, "other sign", "data of its own width and sign") { example in
            example.design.nets[example.four.index].signed = false
        },
        BrokenCell(.shiftRegister, "wide constant", "a shift register of 9 bits takes 256") { example in
            example.design.cells[example.cell].shiftRegister { $0.data = .constant(256) }
        },
        BrokenCell(.shiftRegister, "lane numbers", "a shift register of lane numbers") { example in
            example.design.cells[example.cell].shiftRegister { $0.data = .laneIndex }
        },
        BrokenCell(.blockMemory, "no words", "a block memory of 0 words, not 1...32768") { example in
            example.design.cells[example.cell].memory { $0.depth = 0 }
        },
        BrokenCell(.blockMemory, "too deep", "a block memory of 32769 words") { example in
            example.design.cells[example.cell].memory { $0.depth = 32769 }
        },
        BrokenCell(.blockMemory, "empty banks", "banks of 0 lanes") { example in
            example.design.cells[example.cell].memory { $0.lanesPerBank = 0 }
        },
        BrokenCell(.blockMemory, "other output", "the output register differs from its latch") { example in
            example.narrow(example.design.cells[example.cell].outputs[1], to: 8)
        },
    ]

    private static let multipliers = [
        BrokenCell(.dsp48e2, "neither A * B nor C", "without A * B and C") { example in
            example.design.cells[example.cell - 2].dsp {
                $0.c = nil
                $0.enableC = nil
            }
        },
        BrokenCell(.dsp48e2, "C without its register", "C and its register, or neither") { example in
            example.design.cells[example.cell].dsp { $0.c = nil }
        },
        BrokenCell(.dsp48e2, "other register", "a register of a DSP48E2 with signed 48 bits in 4 lanes") { example in
            example.narrow(example.design.cells[example.cell].outputs[0], to: 47)
        },
        BrokenCell(.dsp48e2, "narrow M", "17 significant bits, not 18") { example in
            guard case .dsp(let cell) = example.design.cells[example.cell], let m = cell.multiplier?.mRegister else {
                return
            }
            example.design.nets[m.index].significantBits = 17
        },
        BrokenCell(.dsp48e2, "narrow P", "18 significant bits, not 19") { example in
            example.design.nets[example.design.cells[example.cell].outputs[0].index].significantBits = 18
        },
        BrokenCell(.dsp48e2, "four addends", "has no way left for P") { example in
            example.design.cells[example.cell].dsp {
                $0.cascade = $0.p
                $0.starts = .constant(1)
            }
        },
        BrokenCell(.dsp48e2, "start by lane", "the start of dsp48e2 is one scalar for all lanes") { example in
            example.design.cells[example.cell].dsp { $0.starts = .laneIndex }
        },
        BrokenCell(.dsp48e2, "cascade of no DSP48E2", "a cascade joins the P of DSP48E2s") { example in
            example.design.cells[example.cell].dsp { $0.cascade = example.four }
        },
    ]
}

extension OneCellDesign {
    /// A lane map of four lanes over two.
    var pairs: LaneMap { LaneMap([.init(2, stride: 1), .init(2, stride: 0)]) }

    mutating func narrow(_ net: NetID, to width: Int) {
        design.nets[net.index].width = width
        design.nets[net.index].significantBits = width
    }
}
