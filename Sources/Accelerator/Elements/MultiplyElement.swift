// `vpe`: a fixed-point multiply in a DSP48E2. Three register stages: A and B, M, P.

import Design

/// A lane that multiplies.
struct MultiplyElement: LaneKind {
    static let meaning = "a DSP multiplier"
    static let storesPowersOfTwo = false
    static let acceptedWeightBits = [4, 8, 16]
    static let mostTerms = 1
    static let cascades = true

    let weightBits: Int
    let hasSignedWeights = true
    let stages = 3
    /// B2 takes the weight beside the pixel's A register.
    let weightDelay = 1
    let sumsInDSP = true

    var powerOfTwoBits: Int? { nil }
    var hasZeroWeight: Bool { true }
    /// Every weight takes one pass.
    var passOctaves: Int { 0 }

    func productBits(activationBits: Int, terms: Int) -> Int { activationBits + weightBits }

    func makeProduct(_ x: Signal, _ weights: [Signal], enables: [Signal], _ builder: inout DesignBuilder) -> Signal {
        let result = builder.dsp(
            "dsp", a: x, b: weights[0], enables: .init(operands: enables[0], m: enables[1], p: enables[2]))
        return builder.logic(
            .slice, [result], width: productBits(activationBits: x.width, terms: 1), signed: true, name: "product")
    }

    /// B1 is the shadow register, B2 the active one, which takes it beside the first pixel's A.
    func makeCell(_ cell: ConvolverCell, _ builder: inout DesignBuilder) -> Signal {
        builder.dspCascade(
            "dsp", a: cell.pixel, b: cell.weights[0], cascade: cell.before, bits: cell.sumBits,
            enables: .init(
                a: cell.enables[0], b1: cell.load, b2: cell.swap, m: cell.enables[1], p: cell.enables[2]))
    }
}
