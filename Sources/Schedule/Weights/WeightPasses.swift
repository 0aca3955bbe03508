// Weights for the lanes. Where lanes store integers (vpe) a weight is itself. Where they store codes of powers of two
// (svpe) a weight that is one power of two takes one pass; any other integer is a sum of signed powers of two, `terms` per pass into the same accumulator, with a multiplication of
// the accumulator by 2^passOctaves between windows of octaves (Horner's rule). Every decomposition is exact.

import Accelerator
import Fabric
import Networks

/// One layer's weights as the lanes see them.
struct WeightPasses: Sendable, Equatable {
    /// Stored lane values, [pass][term][weight]; without weights where only their number counts.
    var lanes: [[[Int32]]]
    /// Bit p: multiply the accumulator before pass p.
    var shiftMask: Int
    /// The accumulator holds 2^extraShift times the sum.
    var extraShift: Int
    /// Number of passes.
    var count: Int { lanes.count }
}

extension WeightPasses {
    /// Passes over lanes of `terms` terms. Throws `InputError` (unsupported) with the layer's name when the lanes
    /// cannot represent the weights. Lanes need not be kept where only passes are counted.
    init(
        _ weights: [Int32], element: ProcessingElement, terms: Int, layer: String, keepsLanes: Bool = true
    ) throws {
        guard let bits = element.powerOfTwoBits else {
            let limit = Int32(1) << Int32(element.weightBits - 1)
            let range = WeightScan.extremes(weights) ?? 0...0
            if range.lowerBound < -limit || range.upperBound >= limit,
                let wide = weights.first(where: { $0 < -limit || $0 >= limit })
            {
                throw Shortage.weight(wide, element: element.name, bits: element.weightBits).error(layer: layer)
            }
            self.init(lanes: [[weights]], shiftMask: 0, extraShift: 0)
            return
        }
        if bits == 1 && terms == 2 {
            self = try WeightPasses.binaryPairs(weights, layer: layer)
        } else if !keepsLanes, bits > 1, let most = FilterTerms(weights, outputs: 1, bits: bits)?.terms.first, most <= 1
        {
            self.init(lanes: [[[]]], shiftMask: 0, extraShift: 0)
            self = paired(terms: terms)
        } else if let codes = WeightPasses.encode(weights, bits: bits) {
            self.init(lanes: [[codes]], shiftMask: 0, extraShift: 0)
            self = paired(terms: terms)
        } else if let pair = WeightPasses.twoTerms(weights, bits: bits) {
            self = pair.paired(terms: terms)
        } else if bits == 1 {
            self = try WeightPasses.binary(weights, layer: layer)
        } else {
            self = try WeightPasses.signedDigits(weights, bits: bits, layer: layer).paired(terms: terms)
        }
        try check(layer: layer)
    }

    /// Codes when every weight is one power of two of the lane.
    private static func encode(_ weights: [Int32], bits: Int) -> [Int32]? {
        // Codes of all integers that a lane may have, from -limit on; -1 where there is none.
        let limit = Int(1) << PowerOfTwoCode.largestExponent(bits: bits)
        let table = (-limit...limit).map { Int32(PowerOfTwoCode.encode($0, bits: bits) ?? -1) }
        var isComplete = true
        let codes = [Int32](unsafeUninitializedCapacity: weights.count) { codes, initialized in
            table.withUnsafeBufferPointer { table in
                weights.withUnsafeBufferPointer { weights in
                    for index in weights.indices {
                        let place = Int(weights[index]) + limit
                        let code = place >= 0 && place < table.count ? table[place] : -1
                        if code < 0 { isComplete = false }
                        codes[index] = code
                    }
                }
            }
            initialized = weights.count
        }
        return isComplete ? codes : nil
    }

    /// Two passes when every weight is the sum of two codes of the lane (a filter with k = 2 terms; one with k = 1 has
    /// zeros for second codes).
    private static func twoTerms(_ weights: [Int32], bits: Int) -> WeightPasses? {
        var pairs: [Int32: (Int32, Int32)] = [:]
        let codes = (0..<Int64(1 << bits)).map { ($0, PowerOfTwoCode.value($0, bits: bits)) }
        // The second code is zero wherever one suffices.
        for (second, y) in codes {
            for (first, x) in codes where pairs[Int32(x + y)] == nil {
                pairs[Int32(x + y)] = (Int32(first), Int32(second))
            }
        }
        var lanes: [[Int32]] = [[], []]
        for weight in weights {
            guard let (first, second) = pairs[weight] else { return nil }
            lanes[0].append(first)
            lanes[1].append(second)
        }
        return WeightPasses(lanes: lanes.map { [$0] }, shiftMask: 0, extraShift: 0)
    }

    /// Non-adjacent signed digits of `value`, lowest first.
    private static func digits(_ value: Int) -> [Int] {
        var rest = value
        var result: [Int] = []
        while rest != 0 {
            var digit = 0
            if rest & 1 == 1 {
                digit = 2 - (rest & 3)
                rest -= digit
            }
            result.append(digit)
            rest >>= 1
        }
        return result
    }

    /// n >= 2: windows of octaves, highest first; within a window one pass per signed digit.
    private static func signedDigits(_ weights: [Int32], bits: Int, layer: String) throws -> WeightPasses {
        let octaves = PowerOfTwoCode.magnitudes(bits: bits)
        let plain = weights.map { digits(Int($0)) }
        if (plain.map { $0.count }.max() ?? 0) <= octaves {
            return try assemble([weights.map { Int($0) }], octaves: octaves, bits: bits, layer: layer)
        }
        // Balanced digits base 2^octaves.
        var rest = weights.map { Int($0) }
        var windows: [[Int]] = []
        let base = 1 << octaves
        while rest.contains(where: { $0 != 0 }) {
            var window = [Int](repeating: 0, count: rest.count)
            for index in rest.indices {
                var digit = rest[index] & (base - 1)
                // Non-adjacent form of a digit up to base/2 fits the window's exponents.
                if digit > base / 2 || (digit == base / 2 && octaves == 1 && rest[index] < 0) { digit -= base }
                window[index] = digit
                rest[index] = (rest[index] - digit) >> octaves
            }
            windows.append(window)
        }
        return try assemble(windows.reversed(), octaves: octaves, bits: bits, layer: layer)
    }

    private static func assemble(
        _ windows: [[Int]], octaves: Int, bits: Int, layer: String
    ) throws -> WeightPasses {
        var lanes: [[[Int32]]] = []
        var mask = 0
        for (position, window) in windows.enumerated() {
            let terms = window.map { value in
                digits(value).enumerated().filter { $0.element != 0 }.map { $0.element << $0.offset }
            }
            let passes = max(1, terms.map { $0.count }.max() ?? 1)
            if position > 0 { mask |= 1 << lanes.count }
            for pass in 0..<passes {
                let codes = try terms.map { list in
                    let value = pass < list.count ? list[pass] : 0
                    guard let code = PowerOfTwoCode.encode(value, bits: bits) else {
                        throw Shortage.term(value, bits: bits).error(layer: layer)
                    }
                    return Int32(code)
                }
                lanes.append([codes])
            }
        }
        return WeightPasses(lanes: lanes, shiftMask: mask, extraShift: 0)
    }

    /// n = 1 has only +1 and -1: 2w = sum of +-2^j over P octaves, and one more +-1.
    private static func binary(_ weights: [Int32], layer: String) throws -> WeightPasses {
        let largest = weights.map { abs(Int($0)) }.max() ?? 0
        var octaves = 1
        while (1 << octaves) - 1 < 2 * largest - 1 { octaves += 1 }
        var lanes = [[Int32]](
            repeating: [Int32](repeating: 0, count: weights.count), count: octaves + 1)
        for (index, weight) in weights.enumerated() {
            // An odd number in [-(2^P - 1), 2^P - 1]: bit j of (odd + 2^P - 1) / 2 says +.
            let extra = weight > 0 ? 1 : -1
            let odd = 2 * Int(weight) - extra
            let bits = (odd + (1 << octaves) - 1) / 2
            for octave in 0..<octaves {
                let positive = (bits >> octave) & 1 == 1
                lanes[octaves - 1 - octave][index] = positive ? 0 : 1
            }
            lanes[octaves][index] = extra > 0 ? 0 : 1
        }
        var mask = 0
        for pass in 1..<max(2, octaves) where pass < octaves { mask |= 1 << pass }
        return WeightPasses(lanes: lanes.map { [$0] }, shiftMask: mask, extraShift: 1)
    }

    /// n = 1, two terms: +1 +1, +1 -1 and -1 -1 are twice a digit of 1, 0 and -1. 2w = sum of 2 d_j 2^j over the bits
    /// of |w|, one pass each.
    private static func binaryPairs(_ weights: [Int32], layer: String) throws -> WeightPasses {
        let largest = weights.map { $0.magnitude }.max() ?? 0
        let octaves = max(1, UInt32.bitWidth - largest.leadingZeroBitCount)
        let lanes = (0..<octaves).reversed().map { octave in
            let digits = weights.map { ($0.magnitude >> UInt32(octave)) & 1 == 0 ? 0 : $0.signum() }
            return [digits.map { $0 < 0 ? Int32(1) : 0 }, digits.map { $0 > 0 ? Int32(0) : 1 }]
        }
        return WeightPasses(lanes: lanes, shiftMask: (1 << octaves) - 2, extraShift: 1)
    }

    /// The same passes two at a time where the accumulator is not multiplied between them; n >= 2, where a code is
    /// zero.
    private func paired(terms: Int) -> WeightPasses {
        guard terms == 2 else { return self }
        var pairs: [[[Int32]]] = []
        var mask = 0
        for (pass, codes) in lanes.enumerated() {
            let begins = shiftMask >> pass & 1 != 0
            if begins { mask |= 1 << pairs.count }
            if !begins, let last = pairs.last, last.count == 1 {
                pairs[pairs.count - 1].append(codes[0])
            } else {
                pairs.append(codes)
            }
        }
        let zeros = [Int32](repeating: 0, count: lanes[0][0].count)
        return WeightPasses(
            lanes: pairs.map { $0.count == 1 ? [$0[0], zeros] : $0 }, shiftMask: mask, extraShift: extraShift)
    }

    private func check(layer: String) throws {
        guard count <= 255, shiftMask < 256 else {
            throw Shortage.passes(count).error(layer: layer)
        }
    }
}
