// Scheme as-is: the codes that a model file already holds.

import Diagnostics
import Foundation
import Networks

struct StoredCodes {
    /// Width asked for, or nil for the smallest.
    var bits: Int?
    var place: String
    /// Format that the model's notes state; the codes then stay as they are.
    var format: WeightFormat?

    /// Power-of-two codes are divided by their largest common power of two and stored in `.powerOfTwo`; other
    /// codes keep their values in the smallest fixed format of 4, 8 or 16 bits.
    func quantize(_ codes: [Int32], scale: Float) throws -> QuantizedWeights {
        if let format { return try kept(codes, scale: scale, format: format) }
        let union = codes.reduce(UInt32(0)) { $0 | $1.magnitude }
        let shift = union == 0 ? 0 : union.trailingZeroBitCount
        let reduced = codes.map { $0 >> Int32(shift) }
        let unit = scalbn(Double(scale), shift)
        guard reduced.allSatisfy({ $0.magnitude & ($0.magnitude &- 1) == 0 }) else {
            return QuantizedWeights(codes: codes, unit: Double(scale), format: try fixedFormat(codes))
        }
        return QuantizedWeights(codes: reduced, unit: unit, format: try powerOfTwoFormat(reduced))
    }

    private func kept(_ codes: [Int32], scale: Float, format: WeightFormat) throws -> QuantizedWeights {
        guard codes.allSatisfy(format.holds) else {
            throw InputError(at: place, "a code is not of the format that the model's metadata states")
        }
        switch format {
        case .powerOfTwo(let found), .powerOfTwoSum(let found, _):
            if let bits, bits < found {
                throw InputError(at: place, "its codes need \(found) bits, quantization.weight_bits is \(bits)")
            }
        case .fixed: break
        }
        return QuantizedWeights(codes: codes, unit: Double(scale), format: format)
    }

    private func powerOfTwoFormat(_ codes: [Int32]) throws -> WeightFormat {
        let smallest = (1...5).first { bits in codes.allSatisfy(WeightFormat.powerOfTwo(bits: bits).holds) }
        guard let smallest else {
            throw InputError(.unsupported, at: place, "power-of-two codes span more than the 15 octaves of 5 bits")
        }
        guard let bits else { return .powerOfTwo(bits: smallest) }
        guard codes.allSatisfy(WeightFormat.powerOfTwo(bits: bits).holds) else {
            throw InputError(at: place, "its codes need \(smallest) bits, quantization.weight_bits is \(bits)")
        }
        return .powerOfTwo(bits: bits)
    }

    private func fixedFormat(_ codes: [Int32]) throws -> WeightFormat {
        guard let bits = [4, 8, 16].first(where: { codes.allSatisfy(WeightFormat.fixed(bits: $0).holds) }) else {
            throw InputError(.unsupported, at: place, "codes do not fit 16 bits (accepted: -32767...32767)")
        }
        return .fixed(bits: bits)
    }
}
