import Design
import Fabric

/// A Design of one cell of a kind in four lanes, and nets to connect it to wrongly.
struct OneCellDesign {
    static let lanes = 4

    var design: Design
    /// Position of the cell in `design.cells`.
    let cell: Int
    /// One bit of each lane.
    let bits: NetID
    /// One bit of all lanes.
    let bit: Operand
    /// A lane map that leaves the last lane without a source.
    let limited: LaneMap
    /// Four signed lanes of 9 bits, and two.
    let four, two: NetID

    init(_ kind: PrimitiveKind) throws {
        var builder = DesignBuilder(name: "\(kind)")
        let bit = builder.input("bit", width: 1)
        let scalar = builder.input("scalar", width: 2)
        let (bits, x) = builder.inArray("source", lanes: Self.lanes) {
            ($0.input("bits", width: 1), $0.input("x", width: 9, signed: true))
        }
        let pair = builder.inArray("pair", lanes: 2) { $0.input("pair", width: 9, signed: true) }
        self.bits = bits.id
        self.bit = bit.asOperand
        limited = LaneMap([.init(Self.lanes, stride: 0, limit: Self.lanes - 1)])
        (four, two) = (x.id, pair.id)
        let result = builder.inArray("cell", lanes: kind == .pack ? 2 : Self.lanes) { builder in
            Self.make(kind, &builder, bit: bit, bits: bits, x: x, scalar: scalar)
        }
        builder.output(result)
        design = try builder.build()
        cell = design.cells.count - 1
    }

    private static func make(
        _ kind: PrimitiveKind, _ builder: inout DesignBuilder, bit: Signal, bits: Signal, x: Signal, scalar: Signal
    ) -> Signal {
        func logic(_ operands: [any Readable], parameter: Int = 0) -> Signal {
            builder.logic(kind, operands, width: 9, signed: true, name: "y", parameter: parameter)
        }
        switch kind {
        case .not, .saturate: return logic([x])
        case .slice, .shiftLeftConstant: return logic([x], parameter: 3)
        case .and, .or, .xor, .add, .subtract, .equal, .lessThan, .maximum: return logic([x, x])
        case .shiftRight, .shiftLeft, .roundShift: return logic([x, scalar])
        case .multiplex: return logic([bit, x, x])
        case .powerOfTwoShift: return logic([x, scalar], parameter: 3)
        case .unpack, .pack: return logic([x], parameter: 2)
        case .laneSelect: return logic([x.mapped([.init(Self.lanes, stride: 0)]), scalar], parameter: 1)
        case .register: return builder.register("q", x, enable: bits, reset: bit)
        case .shiftRegister: return builder.delayed("q", x, by: 5, enable: bit)
        case .blockMemory:
            return builder.memory(
                "m", depth: 16, width: 9, signed: true, lanesPerBank: 2,
                .init(
                    writeEnable: bits, writeAddress: scalar, writeData: x, readEnable: bit, readAddress: scalar,
                    outputEnable: bit))
        case .dsp48e2:
            let enables = DesignBuilder.CascadeEnables(a: bit, b1: bit, b2: bit, m: bit, p: bit)
            let first = builder.dspAdder("adder", c: x, cascade: nil, bits: 48, enables: (c: bit, p: bit))
            let second = builder.dspCascade("cascade", a: x, b: x, cascade: first, bits: 48, enables: enables)
            builder.output(second)
            return builder.dsp("dsp", a: x, b: x, c: x, enables: .init(operands: bit, m: bit, c: bit, p: bit))
        }
    }
}
