// The closed list of primitives. One kind = one meaning (PrimitiveMeaning.swift), one kernel step, one text in the
// emitted RTL and one cost row; PrimitiveTests walk `allCases` through meaning = step = Verilator.

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
    /// c ? a : b; operands (c, a, b), c is one bit
    case multiplex
    /// a >> parameter: wiring
    case slice
    /// a << parameter: wiring
    case shiftLeftConstant
    /// a >> b, arithmetic when a is signed; b in 0 ... 63
    case shiftRight
    /// a << b; b in 0 ... 63
    case shiftLeft
    /// a / 2^b rounded to nearest, halves to even (the one rounding rule); b in 0 ... 62
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
    /// (a, index): lane i = a[map(i) + index * parameter]: a multiplexer over lanes
    case laneSelect
    // State.
    /// FDRE: enable, synchronous reset, initial value
    case register
    /// SRL16E/SRL32: `parameter` cycles of delay with a common enable
    case shiftRegister
    /// RAMB36E2/RAMB18E2, simple dual port, read-first, optional output register
    case blockMemory
    /// DSP48E2: A, B, M, P (and C) registers; P = A * B or A * B + C
    case dsp48e2

    /// Whether the cell has no state.
    public var isLogic: Bool {
        switch self {
        case .register, .shiftRegister, .blockMemory, .dsp48e2: false
        default: true
        }
    }
}
