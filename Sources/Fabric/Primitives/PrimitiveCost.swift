// LUTs of one lane of each primitive, as functions of its widths. Source: Yosys 0.23, synth_xilinx -family xcup, on the
// text of RTLEmitter (docs/sources.md). Gates and multiplexers share LUTs with their neighbours; Design.resources does
// that packing and takes the rest from here.

#if MUTANTS
    import Mutants
#endif

/// Costs of single primitives on UltraScale+.
public enum PrimitiveCost {
    /// CARRY8 cells of a chain.
    public static func carry8(bits: Int) -> Int { (bits + 7) / 8 }

    /// A sum or difference of two variables: one LUT per bit. With a constant the carry chain takes the variable
    /// directly.
    public static func adder(bits: Int, hasConstant: Bool) -> Int { hasConstant ? 0 : bits }

    /// a == b: three bit pairs per LUT6 (six bits against a constant), then a tree of LUT6.
    public static func equality(bits: Int, hasConstant: Bool) -> Int {
        let perLUT = hasConstant ? 6 : 3
        return tree(inputs: (bits + perLUT - 1) / perLUT) + (bits + perLUT - 1) / perLUT
    }

    /// a < b: a carry chain with one LUT per bit; half of them against a constant.
    public static func comparison(bits: Int, hasConstant: Bool) -> Int { hasConstant ? bits / 2 : bits }

    /// LUT6 that join `inputs` signals into one.
    public static func tree(inputs: Int) -> Int { max(0, (inputs - 1 + 4) / 5) }

    /// A shifter by `amountBits` bits: two levels per LUT6 (a four-way multiplexer).
    public static func shifter(bits: Int, amountBits: Int) -> Int { bits * ((min(amountBits, 6) + 1) / 2) }

    /// A rounding shift by a variable: the shifter, the mask of lost bits and their tree.
    public static func roundShift(bits: Int, amountBits: Int) -> Int {
        shifter(bits: bits + 1, amountBits: amountBits) + bits + tree(inputs: bits)
    }

    /// A rounding shift by a constant: the lost bits' tree.
    public static func roundShiftConstant(lost: Int) -> Int { lost == 0 ? 0 : tree(inputs: lost + 2) }

    /// Clamping `from` bits to `to` bits.
    public static func saturate(from: Int, to: Int) -> Int {
        from <= to ? 0 : 2 * tree(inputs: from - to + 1) + to
    }

    /// The SVPE lane: a times a signed power of two, measured for 16-bit a (n = 1: 17, 2: 16, 3: 18, 4: 41, 5: 81 LUT)
    /// and scaled by its result width.
    public static func powerOfTwoShift(codeBits: Int, resultBits: Int) -> Int {
        let measured: [(lut: Int, bits: Int)] = [(17, 17), (16, 17), (18, 19), (41, 23), (81, 31)]
        #if MUTANTS
            if codeBits == 4, isPlanted("lut-row") { return (45 * resultBits + 11) / 23 }
        #endif
        let row = measured[min(max(codeBits, 1), 5) - 1]
        return (row.lut * resultBits + row.bits / 2) / row.bits
    }

    /// What an SVPE lane adds to the adder that takes its product into the carry chain (Design/ShiftAdd.swift): measured
    /// for 8 and 16-bit a, of the sum's LUTs taken off n = 1 and 2: 0 and 0, 4: 13 and 21, 5: 29 and 67. With n = 3 it
    /// does not.
    public static func shifterBeforeAdder(codeBits: Int, activationBits: Int) -> Int {
        switch codeBits {
        case 4: activationBits + 5
        case 5: max(0, (19 * activationBits - 36) / 4)
        default: 0
        }
    }

    /// A multiplexer of `choices` lanes: four per LUT6.
    public static func laneSelect(bits: Int, choices: Int) -> Int { bits * ((choices - 1 + 2) / 3) }

    /// SRL cells of one bit; chains of one or two stages stay flip-flops.
    public static func shiftRegisterCells(depth: Int) -> Int { depth < 3 ? 0 : (depth + 31) / 32 }
}
