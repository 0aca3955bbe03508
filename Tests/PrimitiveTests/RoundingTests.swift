import Fabric
import Testing

@testable import ReferenceModel

/// Do the two definitions of rounding and saturation agree? The oracle's (ReferenceModel) and the hardware's (Fabric) are
/// written apart, so that neither judges itself.
@Suite struct RoundingTests {
    /// Numbers around multiples of 2^shift and half of it, and the ends of the range.
    private func values(shift: Int) -> Set<Int64> {
        let half = shift == 0 ? 0 : Int64(1) << Int64(shift - 1)
        var found: Set<Int64> = [.min, .min + 1, .max, .max - 1]
        for exponent in 0..<63 {
            for sign in [Int64(1), -1] {
                for near in -1...Int64(1) { found.insert(sign * (1 << Int64(exponent)) + near) }
            }
        }
        for multiple in -5...Int64(5) {
            let (whole, overflows) = multiple.multipliedReportingOverflow(by: 1 << Int64(shift))
            for part in [0, half, -half] where !overflows {
                for near in -1...Int64(1) {
                    let (tie, beyond) = whole.addingReportingOverflow(part + near)
                    if !beyond { found.insert(tie) }
                }
            }
        }
        return found
    }

    /// By definition: no other integer is nearer, and of two as near the even one.
    private func isNearest(_ quotient: Int64, to value: Int64, shift: Int) -> Bool {
        let whole = Int128(1) << shift
        let rest: Int128 = Int128(value) - Int128(quotient) * whole
        let twice: Int128 = abs(2 * rest)
        return twice < whole || (twice == whole && quotient & 1 == 0)
    }

    @Test(arguments: 0...62) func roundingAgreesOnAllCorners(shift: Int) {
        var ties = 0
        for value in values(shift: shift) {
            let oracle = roundHalfEvenShift(value, shift)
            let fabric = LogicMeaning.roundHalfEven(value, Int64(shift))
            #expect(oracle == fabric, "\(value) / 2^\(shift)")
            #expect(isNearest(oracle, to: value, shift: shift), "\(value) / 2^\(shift) is not \(oracle)")
            let lost = UInt64(bitPattern: value) & ((1 << UInt64(shift)) - 1)
            if shift > 0, lost == 1 << UInt64(shift - 1) { ties += 1 }
        }
        #expect(shift == 0 || ties >= 2)
    }

    @Test func roundingAgreesOnAllSmallNumbers() {
        for shift in 0...10 {
            for value in Int64(-3000)...3000 {
                #expect(roundHalfEvenShift(value, shift) == LogicMeaning.roundHalfEven(value, Int64(shift)))
            }
        }
    }

    @Test(arguments: 1...62) func saturationAgreesOnAllCorners(bits: Int) {
        let high = (Int64(1) << Int64(bits - 1)) - 1
        for value in values(shift: bits - 1).union([high, high + 1, -high - 1, -high - 2, 0]) {
            let oracle = saturate(value, bits: bits)
            #expect(oracle == LogicMeaning.clamp(value, width: bits), "\(value) in \(bits) bits")
            let low = -high - 1
            let nearest = value > high ? high : value < low ? low : value
            #expect(oracle == nearest, "\(value) in \(bits) bits")
        }
    }
}
