// The closed list of primitives. One kind = one meaning (LogicMeaning.swift, StateMeaning.swift), one kernel step, one
// text in the emitted RTL and one cost (PrimitiveCost.swift, Design/Resources.swift); PrimitiveTests walk `allCases`
// through meaning = step = Verilator, and DesignRefusalTests through what no reading models.

/// What a cell of a Design is made of on UltraScale+.
public enum PrimitiveKind: String, CaseIterable, Sendable, Codable {
    // Logic in LUTs. Operands are integers (sign- or zero-extended as their nets say); the result is taken modulo
    // 2^width of the output net.
    /// ~a
    case not
    /// a & b
    case and
    /// a | b
    case or
    /// a ^ b
    case xor
    /// a + b (CARRY8)
    case add
    /// a - b (CARRY8)
    case subtract
    /// a == b, one bit
    case equal
    /// a < b as integers, one bit (CARRY8)
    case lessThan
    /// c != 0 ? a : b; operands (c, a, b)
    case multiplex
    /// a >> parameter: wiring
    case slice
    /// a << parameter: wiring
    case shiftLeftConstant
    /// a >> b, arithmetic when a is signed; of b the low six bits
    case shiftRight
    /// a << b; of b the low six bits
    case shiftLeft
    /// a / 2^b rounded to nearest, halves to even (the one rounding rule); of b the low six bits
    case roundShift
    /// a clamped to the signed range of the output width
    case saturate
    /// the larger of a and b
    case maximum
    /// (a, code) -> a * weight(code): the SVPE lane; `parameter` = n, the code's bits. See `PowerOfTwoCode`.
    case powerOfTwoShift
    /// lane i = bits [(i % parameter) * width +: width] of operand lane i / parameter: wiring
    case unpack
    /// lane i = concatenation of operand lanes i*parameter ..< (i+1)*parameter, the first lowest: wiring
    case pack
    /// (a, index): lane i = a[map(i) + index * parameter]: a multiplexer over lanes. One index for all lanes; an index
    /// past the last choice that every lane has reads that last choice.
    case laneSelect
    // State. Ports, latencies and what has priority: StateMeaning.swift.
    /// FDRE: enable by lane, one synchronous reset, initial value. See `RegisterMeaning`.
    case register
    /// SRL16E/SRLC32E: two or more cycles of delay (`ShiftRegisterCell.depth`), one enable for all lanes, no reset. See
    /// `ShiftRegisterMeaning`.
    case shiftRegister
    /// RAMB36E2/RAMB18E2: simple dual port, read-first, optional output register. See `BlockMemoryMeaning`.
    case blockMemory
    /// DSP48E2: P = A * B + C + PCIN + P, each term where the cell has it, through registers A, B (or B1 and B), C, M and
    /// P; one set of enables for all lanes. Of the slice's other functions none is modelled: no pre-adder (D), no A and
    /// B cascades, no SIMD, no pattern detector. See `DSP48E2Meaning`.
    case dsp48e2

    /// Whether the cell has no state.
    public var isLogic: Bool { operandCount != nil }

    /// How many operands a logic cell has; nil for primitives with state, whose ports have names.
    public var operandCount: Int? {
        switch self {
        case .not, .slice, .shiftLeftConstant, .saturate, .unpack, .pack: 1
        case .and, .or, .xor, .add, .subtract, .equal, .lessThan, .shiftRight, .shiftLeft, .roundShift, .maximum,
            .powerOfTwoShift, .laneSelect:
            2
        case .multiplex: 3
        case .register, .shiftRegister, .blockMemory, .dsp48e2: nil
        }
    }

    /// Values of a logic cell's `parameter` that every reading of a Design models; nil where it is not read.
    public var parameterRange: ClosedRange<Int>? {
        switch self {
        case .slice, .shiftLeftConstant: 0...63
        case .powerOfTwoShift: PowerOfTwoCode.bits
        case .unpack, .pack, .laneSelect: 1...Int.max
        case .not, .and, .or, .xor, .add, .subtract, .equal, .lessThan, .multiplex, .shiftRight, .shiftLeft,
            .roundShift, .saturate, .maximum, .register, .shiftRegister, .blockMemory, .dsp48e2:
            nil
        }
    }
}
