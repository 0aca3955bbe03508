// Second pass: integer weights for every lowered layer.

import Networks

struct WeightPass {
    var options: QuantizationOptions

    /// One entry a layer, nil for poolings.
    func run(_ layers: [LoweredLayer]) throws -> [QuantizedWeights?] {
        let weighted = layers.indices.filter { isWeighted(layers[$0]) }
        var result = try layers.indices.map { index -> QuantizedWeights? in
            guard case .convolution(let weights, _) = layers[index].operation else { return nil }
            let isOuter = index == weighted.first || index == weighted.last
            return try quantize(weights, isOuter: isOuter, place: "layer \(layers[index].name)")
        }
        let format = copyFormat(result)
        for index in layers.indices {
            if case .copy(let codes) = layers[index].operation {
                result[index] = QuantizedWeights(codes: codes, unit: 1, format: format)
            }
        }
        return result
    }

    private func isWeighted(_ layer: LoweredLayer) -> Bool {
        if case .convolution = layer.operation { return true }
        return false
    }

    private func quantize(_ weights: Weights, isOuter: Bool, place: String) throws -> QuantizedWeights {
        guard weights.values.allSatisfy(\.isFinite) else {
            throw InputError(at: place, "a weight is not a finite number")
        }
        let wide = FixedPointQuantizer(wideLimit: options.wideWeightLimit)
        switch options.scheme {
        case .nBQ(let bits):
            if isOuter && options.wideFirstAndLast { return wide.quantize(weights.values) }
            let rule = options.thresholds ?? .momentMatching
            return PowerOfTwoQuantizer(bits: bits, rule: rule).quantize(weights.values)
        case .fixed(let bits):
            return FixedPointQuantizer(bits: bits).quantize(weights.values)
        case .asIs:
            guard let codes = weights.codes, let scale = weights.codeScale else {
                return wide.quantize(weights.values)
            }
            return try StoredCodes(bits: options.weightBits, place: place).quantize(codes, scale: scale)
        }
    }

    /// Copies are stored as the other layers are; one-bit codes have no zero, so there they take two bits.
    private func copyFormat(_ weights: [QuantizedWeights?]) -> WeightFormat {
        switch options.scheme {
        case .nBQ(let bits): return .powerOfTwo(bits: max(bits, 2))
        case .fixed(let bits): return .fixed(bits: bits)
        case .asIs:
            let widths = weights.compactMap { weights -> Int? in
                guard case .powerOfTwo(let bits) = weights?.format else { return nil }
                return bits
            }
            guard let widest = widths.max() else { return .fixed(bits: 8) }
            return .powerOfTwo(bits: max(widest, 2))
        }
    }
}
