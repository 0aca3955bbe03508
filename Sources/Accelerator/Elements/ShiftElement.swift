// `svpe`: the activation is shifted by one or two n-bit power-of-two codes in LUTs, and the two are added. One register
// stage, behind shifter and adder.

import Design
import Fabric

/// A lane that shifts.
struct ShiftElement: LaneKind {
    static let meaning = "a shift by power-of-two codes"
    static let storesPowersOfTwo = true
    static let acceptedWeightBits = [1, 2, 3, 4, 5]
    static let mostTerms = 2
    static let cascades = false

    let weightBits: Int
    let hasSignedWeights = false
    let stages = 1
    let weightDelay = 0
    let sumsInDSP = false

    var powerOfTwoBits: Int? { weightBits }
    /// One bit is a sign alone: +1 or -1.
    var hasZeroWeight: Bool { weightBits > 1 }
    /// The octaves that its codes span.
    var passOctaves: Int { max(1, PowerOfTwoCode.magnitudes(bits: weightBits)) }

    /// One bit more than the largest shift, for -(-2^(a-1)) * 2^k must fit, and one more for the sum of two.
    func productBits(activationBits: Int, terms: Int) -> Int {
        activationBits + PowerOfTwoCode.largestExponent(bits: weightBits) + terms
    }

    func makeProduct(_ x: Signal, _ weights: [Signal], enables: [Signal], _ builder: inout DesignBuilder) -> Signal {
        let product = shiftedSum(x, weights, &builder)
        return builder.register("product", product, enable: enables[0])
    }

    func makeCell(_ cell: ConvolverCell, _ builder: inout DesignBuilder) -> Signal {
        let codes = cell.weights.enumerated().map { term, word in
            let suffix = term == 0 ? "" : "2"
            let next = builder.register("next_weight\(suffix)", word, enable: cell.load)
            return builder.register("weight\(suffix)", next, enable: cell.swap)
        }
        let shifted = shiftedSum(cell.pixel, codes, &builder)
        guard let before = cell.before else { return builder.register("sum", shifted, enable: cell.enables[0]) }
        let sum = builder.logic(.add, [shifted, before], width: cell.sumBits, signed: true)
        return builder.register("sum", sum, enable: cell.enables[0])
    }

    /// The activation times a weight of one or two signed powers of two: `codes` has that of each term.
    private func shiftedSum(_ x: Signal, _ codes: [Signal], _ builder: inout DesignBuilder) -> Signal {
        let width = productBits(activationBits: x.width, terms: 1)
        let shifted = codes.enumerated().map { term, code in
            builder.logic(
                .powerOfTwoShift, [x, code], width: width, signed: true, name: term == 0 ? "shifted" : "shifted2",
                parameter: weightBits)
        }
        if shifted.count == 1 { return shifted[0] }
        return builder.logic(.add, [shifted[0], shifted[1]], width: width + 1, signed: true, name: "term_sum")
    }
}
