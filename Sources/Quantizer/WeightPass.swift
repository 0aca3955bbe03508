// Second pass: integer weights for every lowered layer.

import Diagnostics
import Networks

struct WeightPass {
    var options: QuantizationOptions
    /// Formats that the model holds, under `asIs`.
    var stored: StoredQuantization?

    /// One entry a layer, nil for poolings.
    func run(_ layers: [LoweredLayer]) throws -> [QuantizedWeights?] {
        let weighted = layers.indices.filter { isWeighted(layers[$0]) }
        let outer =
            options.wideFirstAndLast && !options.scheme.isWide
            ? Set([weighted.first, weighted.last].compactMap { $0 }) : []
        let thresholds = try termThresholds(layers, outer: outer)
        var result = try layers.indices.map { index -> QuantizedWeights? in
            guard case .convolution(let weights, _) = layers[index].operation else { return nil }
            let layer = layers[index]
            try requireFinite(weights, layer)
            var result =
                outer.contains(index)
                ? wide.quantize(weights.values) : try quantize(weights, layer, termThresholds: thresholds)
            result.roundUnit()
            return result
        }
        let format = copyFormat(result)
        for index in layers.indices {
            if case .copy(let codes) = layers[index].operation {
                result[index] = QuantizedWeights(
                    codes: codes, unit: 1, format: stored?.format(of: layers[index].name) ?? format)
            }
        }
        return result
    }

    private func isWeighted(_ layer: LoweredLayer) -> Bool {
        if case .convolution = layer.operation { return true }
        return false
    }

    private var wide: FixedPointQuantizer { FixedPointQuantizer(wideLimit: options.wideWeightLimit) }

    private func requireFinite(_ weights: Weights, _ layer: LoweredLayer) throws {
        guard LargestMagnitude.of(weights.values).isFinite else {
            throw InputError(at: "layer \(layer.name)", "a weight is not a finite number")
        }
    }

    private func quantize(
        _ weights: Weights, _ layer: LoweredLayer, termThresholds: [Double]
    ) throws -> QuantizedWeights {
        let filters = layer.outputShape.channels
        switch options.scheme {
        case .nBQ(let bits):
            let rule = options.thresholds ?? .momentMatching
            return PowerOfTwoQuantizer(bits: bits, rule: rule).quantize(weights.values)
        case .fixed(let bits):
            return FixedPointQuantizer(bits: bits).quantize(weights.values)
        case .lightNN(let terms, let bits):
            return TermQuantizer(bits: bits, terms: terms).quantize(weights.values, filters: filters)
        case .flightNN(let bits):
            return TermQuantizer(bits: bits, terms: 2, thresholds: termThresholds)
                .quantize(weights.values, filters: filters)
        case .asIs:
            guard let codes = weights.codes, let scale = weights.codeScale else { return wide.quantize(weights.values) }
            return try StoredCodes(
                bits: options.weightBits, place: "layer \(layer.name)", format: stored?.format(of: layer.name)
            ).quantize(codes, scale: scale)
        }
    }

    /// FLightNN's t_0 and t_1, the same for all layers in units of each layer's filter norms.
    private func termThresholds(_ layers: [LoweredLayer], outer: Set<Int>) throws -> [Double] {
        guard case .flightNN(let bits) = options.scheme else { return [0, 0] }
        switch options.filterTerms {
        case .thresholds(let first, let second): return [first, second]
        case .mean(let mean):
            let quantizer = TermQuantizer(bits: bits, terms: 1)
            var filters: [TermQuantizer.Filter] = []
            for index in layers.indices where !outer.contains(index) {
                guard case .convolution(let weights, _) = layers[index].operation else { continue }
                try requireFinite(weights, layers[index])
                let count = layers[index].outputShape.channels
                filters += quantizer.residualNorms(weights.values, filters: count).map {
                    TermQuantizer.Filter(residual: $0, weights: weights.values.count / count)
                }
            }
            return [0, TermQuantizer.secondThreshold(filters, mean: mean)]
        }
    }

    /// Copies are stored as the other layers are; one-bit codes have no zero, so there they take two bits.
    private func copyFormat(_ weights: [QuantizedWeights?]) -> WeightFormat {
        switch options.scheme {
        case .nBQ(let bits): return .powerOfTwo(bits: max(bits, 2))
        case .fixed(let bits): return .fixed(bits: bits)
        case .lightNN(_, let bits), .flightNN(let bits): return .powerOfTwo(bits: bits)
        case .asIs:
            let widths = weights.compactMap { weights -> Int? in
                switch weights?.format {
                case .powerOfTwo(let bits), .powerOfTwoSum(let bits, _): return bits
                case .fixed, nil: return nil
                }
            }
            guard let widest = widths.max() else { return .fixed(bits: 8) }
            return .powerOfTwo(bits: max(widest, 2))
        }
    }
}
