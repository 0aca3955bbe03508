// The scalar meaning of every logic primitive: the definition that the kernel's vector steps and the emitted
// SystemVerilog are tested against. Primitives with state have theirs in StateMeaning.swift.

/// Integer meaning of logic primitives on operands in canonical form (sign- or zero-extended to 64 bits).
public enum LogicMeaning {
    /// Truncates to `width` bits and sign- or zero-extends: the canonical form of a net's value. width is 1...62.
    @inlinable public static func canonical(_ value: Int64, width: Int, signed: Bool) -> Int64 {
        let unused = Int64(64 - width)
        return signed
            ? (value << unused) >> unused
            : Int64(bitPattern: (UInt64(bitPattern: value) << UInt64(unused)) >> UInt64(unused))
    }

    /// The unbounded result of a lane-wise logic primitive; the caller makes it canonical.
    /// `pack`, `unpack` and `laneSelect` move lanes: theirs are the functions below.
    @inlinable public static func evaluate(
        _ kind: PrimitiveKind, _ a: Int64, _ b: Int64, _ c: Int64, parameter: Int, width: Int
    ) -> Int64 {
        switch kind {
        case .not: ~a
        case .and: a & b
        case .or: a | b
        case .xor: a ^ b
        case .add: a &+ b
        case .subtract: a &- b
        case .equal: a == b ? 1 : 0
        case .lessThan: a < b ? 1 : 0
        case .multiplex: a != 0 ? b : c
        case .slice: a >> Int64(parameter)
        case .shiftLeftConstant: a << Int64(parameter)
        case .shiftRight: a >> (b & 63)
        case .shiftLeft: a << (b & 63)
        case .roundShift: roundHalfEven(a, b & 63)
        case .saturate: clamp(a, width: width)
        case .maximum: max(a, b)
        case .powerOfTwoShift: a &* PowerOfTwoCode.value(b, bits: parameter)
        case .unpack, .pack, .laneSelect, .register, .shiftRegister, .blockMemory, .dsp48e2:
            preconditionFailure("\(kind) is not a lane-wise logic primitive")
        }
    }

    /// One lane of `unpack`: the piece of `width` bits number `part` of an operand's lane, the lowest first.
    public static func unpacked(_ word: Int64, part: Int, width: Int) -> Int64 { word >> Int64(part * width) }

    /// One lane of `pack`: pieces of `width` bits, the first lowest.
    public static func packed(_ pieces: [Int64], width: Int) -> Int64 {
        let mask = (Int64(1) << Int64(width)) - 1
        return pieces.enumerated().reduce(0) { $0 | ($1.element & mask) << Int64($1.offset * width) }
    }

    /// The choice of `laneSelect`, 0 ..< choices: an index past the last choice is the last one.
    public static func choice(_ index: Int64, of choices: Int) -> Int { Int(min(index, Int64(choices - 1))) }

    /// a / 2^shift, halves to even: the one rounding rule. Written apart from `roundHalfEvenShift` of ReferenceModel on purpose:
    /// the reference model, which judges machines made of this one, shares nothing with them. RoundingTests compare the
    /// two on all corners.
    @inlinable public static func roundHalfEven(_ a: Int64, _ shift: Int64) -> Int64 {
        if shift == 0 { return a }
        let floor = a >> shift
        let remainder = a &- (floor << shift)
        let half = Int64(1) << (shift - 1)
        return remainder > half || (remainder == half && floor & 1 == 1) ? floor &+ 1 : floor
    }

    /// The nearest value of a signed number of `width` bits. Written apart from `saturate` of ReferenceModel, as
    /// `roundHalfEven` is from its twin.
    @inlinable public static func clamp(_ a: Int64, width: Int) -> Int64 {
        let high = (Int64(1) << Int64(width - 1)) - 1
        return min(max(a, -high - 1), high)
    }
}
