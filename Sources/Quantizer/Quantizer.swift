// Float network to integer network, in five passes:
//   1. lower      chains of float layers become array passes             Network+Clips, Lowering
//   2. weights    integer codes and their unit, layer by layer           WeightPass
//   3. ranges     ranges of the activations over the calibration images  ActivationRanges, FloatExecutor
//   4. scales     a power of two per tensor, times a mantissa if asked   ActivationScales, ExponentPlan
//   5. constants  multipliers, biases and shifts that cannot overflow    RequantizationSolver
// docs/internals/Numerics.md has the formulas.

import Diagnostics
import Networks

/// Post-training quantization.
public enum Quantizer {
    /// Quantizes a network. `calibration` holds normalised images, channel-major; at least one,
    /// but for a model that `shiftsim quantize` wrote, which holds its exponents (`usesStoredExponents`).
    /// Throws `InputError` for options, images or graphs that do not fit. Cost: that of running the float
    /// network on every calibration image, and of sorting each layer's weights.
    public static func quantize(
        _ source: Network, options: QuantizationOptions, calibration: [[Float]]
    ) throws -> (QuantizedNetwork, QuantizationReport) {
        try options.validate()
        let network = try applyingSaturations(source, calibration: calibration).withoutClips
        var lowered = try Lowering.lower(network)
        let stored = options.scheme == .asIs ? try StoredQuantization(metadata: network.metadata) : nil
        let weights = try WeightPass(options: options, stored: stored).run(lowered.layers)
        let kept = options.usesStoredExponents && stored?.activationBits == options.activationBits ? stored : nil
        var (scales, exponents) = try scales(network, lowered, options, kept, calibration)
        lowered = scales.applied(to: lowered)
        let layers = lowered.layers
        let constants = try solveConstants(layers, weights, &exponents, options)
        var quantized = assemble(network, lowered, weights, constants, (scales, exponents), options)
        quantized.parameters = stored?.parameters ?? source.parameters
        let report = report(quantized, layers, weights, options, images: kept == nil ? calibration.count : 0)
        return (quantized, report)
    }

    /// The integer network as far as its schedule and its cycles follow from it: with the layers, windows and weights that
    /// `quantize` would give it, and without scales and constants, which follow from images. Nil where layers do, too: a
    /// saturation of the model becomes a clip where images reach it. Throws `InputError` as `quantize`, but for what is
    /// wrong with images or with ranges. Cost: that of sorting each layer's weights.
    public static func outline(_ source: Network, options: QuantizationOptions) throws -> QuantizedNetwork? {
        try options.validate()
        guard source.saturations.isEmpty || source.metadata[StoredQuantization.key] != nil else { return nil }
        let network = try applyingSaturations(source, calibration: []).withoutClips
        let lowered = try Lowering.lower(network)
        let stored = options.scheme == .asIs ? try StoredQuantization(metadata: network.metadata) : nil
        let weights = try WeightPass(options: options, stored: stored).run(lowered.layers)
        let constants = lowered.layers.map { LayerConstants(ofNothing: $0) }
        var outline = assemble(network, lowered, weights, constants, (ActivationScales(), ExponentPlan()), options)
        outline.parameters = stored?.parameters ?? source.parameters
        return outline
    }

    private static func scales(
        _ network: Network, _ lowered: LoweredNetwork, _ options: QuantizationOptions,
        _ stored: StoredQuantization?, _ calibration: [[Float]]
    ) throws -> (ActivationScales, ExponentPlan) {
        if let stored {
            return (ActivationScales(lowered, stored: stored), try ExponentPlan(lowered, stored: stored))
        }
        let ranges = try ActivationRanges(
            network: network, images: calibration, method: options.calibration, percentile: options.percentile)
        let bits = options.activationBits
        let scales =
            options.activationScale == .multiplier
            ? ActivationScales(lowered, ranges: ranges, bits: bits) : ActivationScales()
        return (scales, ExponentPlan(lowered, ranges: ranges, scales: scales, bits: bits))
    }

    /// Constants of every layer. A layer without any makes one of its tensors coarser, and all are solved again;
    /// in practice the first round succeeds.
    private static func solveConstants(
        _ layers: [LoweredLayer], _ weights: [QuantizedWeights?], _ exponents: inout ExponentPlan,
        _ options: QuantizationOptions
    ) throws -> [LayerConstants] {
        var index = 0
        var constants: [LayerConstants] = []
        var raises = 0
        while index < layers.count {
            let layer = layers[index]
            let solver = RequantizationSolver(
                layer: layer, weights: weights[index], activationBits: options.activationBits,
                inputExponent: exponents[layer.operand], residualExponent: layer.residual.map { exponents[$0] },
                outputExponent: exponents[layer.tensor])
            do {
                constants.append(try LayerConstants(solver, sourceExponent: exponents[layer.input]))
                index += 1
            } catch let obstacle as RequantizationSolver.Obstacle {
                raises += 1
                guard raises <= 1000 else {
                    throw InputError(
                        .unsupported, at: "layer \(layer.name)", "the ranges of its operands are too far apart")
                }
                switch obstacle {
                case .outputTooFine: exponents.raise(layer.tensor)
                case .residualTooFine: exponents.raise(layer.residual ?? layer.tensor)
                case .preActivationTooFine: exponents.raise(layer.operand)
                }
                constants = []
                index = 0
            }
        }
        return constants
    }

    private static func assemble(
        _ network: Network, _ lowered: LoweredNetwork, _ weights: [QuantizedWeights?],
        _ constants: [LayerConstants], _ plan: (scales: ActivationScales, exponents: ExponentPlan),
        _ options: QuantizationOptions
    ) -> QuantizedNetwork {
        let (scales, exponents) = plan
        let layers = lowered.layers
        var names = [Network.inputName: Network.inputName]
        for layer in layers { names[layer.tensor] = layer.name }
        let quantized = layers.indices.map { index in
            let layer = layers[index]
            var before = constants[index].preActivation
            before?.mantissa = scales[layer.operand]
            return QuantizedLayer(
                name: layer.name, kind: layer.kind,
                operation: operation(layer, weights[index], inputExponent: exponents[layer.input]),
                window: layer.window, input: names[layer.input] ?? layer.input,
                residual: layer.residual.map { names[$0] ?? $0 }, inputShape: layer.inputShape,
                outputShape: layer.outputShape, requantization: constants[index].requantization,
                outputExponent: exponents[layer.tensor], macs: layer.macs,
                preActivation: before, regions: constants[index].regions, runsOnHost: layer.runsOnHost,
                outputMantissa: scales[layer.tensor])
        }
        return QuantizedNetwork(
            name: network.name, input: network.input, inputExponent: exponents[Network.inputName],
            activationBits: options.activationBits, layers: quantized, parameters: network.parameters,
            concatenations: lowered.concatenations.map {
                Concatenation(name: $0.name, parts: $0.parts.map { names[$0] ?? $0 })
            }, inputMantissa: scales[Network.inputName])
    }

    private static func operation(
        _ layer: LoweredLayer, _ weights: QuantizedWeights?, inputExponent: Int
    ) -> QuantizedOperation {
        let codes = weights?.codes ?? []
        let format = weights?.format ?? .fixed(bits: 8)
        return switch layer.operation {
        case .convolution(_, let groups): .convolution(weights: codes, format: format, groups: groups)
        case .copy: .convolution(weights: codes, format: format, groups: 1)
        case .maxPool: .maxPool
        case .sumPool: .sumPool
        case .host(let function): .host(function, inputExponent: inputExponent)
        }
    }

    private static func report(
        _ network: QuantizedNetwork, _ layers: [LoweredLayer], _ weights: [QuantizedWeights?],
        _ options: QuantizationOptions, images: Int
    ) -> QuantizationReport {
        let entries = layers.indices.map { index -> LayerQuantizationReport in
            let layer = network.layers[index]
            let codes = weights[index]
            var floats: [Float]?
            if case .convolution(let weights, _) = layers[index].operation { floats = weights.values }
            let fidelity = floats.flatMap { codes?.fidelity(to: $0) }
            return LayerQuantizationReport(
                name: layer.name, kind: layer.kind, tensor: layers[index].tensor,
                preActivation: layers[index].preActivation?.tensor, format: codes?.format,
                weights: floats?.count ?? 0, filters: floats == nil ? nil : filterCounts(layer),
                storedBits: floats == nil ? 0 : storedBits(layer, options.scheme), weightScale: codes?.unit,
                topLevel: topLevel(codes), thresholds: codes?.thresholds ?? [],
                termThresholds: codes?.termThresholds ?? [],
                weightSQNR: fidelity?.sqnr, weightCosine: fidelity?.cosine,
                inputExponent: layer.preActivation?.exponent ?? network.exponent(of: layer.input) ?? 0,
                outputExponent: layer.outputExponent, outputMantissa: layer.outputMantissa,
                preShift: layer.requantization.preShift, shift: layer.requantization.shift)
        }
        return QuantizationReport(
            network: network.name, options: options, calibrationImages: images,
            inputExponent: network.inputExponent, layers: entries)
    }

    /// Filters of 0, 1, 2, ... terms; nil for fixed point.
    private static func filterCounts(_ layer: QuantizedLayer) -> [Int]? {
        let terms = layer.filterTerms
        guard let most = terms.max() else { return nil }
        return (0...max(most, 2)).map { count in terms.count { $0 == count } }
    }

    /// Bits of the layer's weights as the papers count them (docs/internals/Numerics.md, 2.5).
    private static func storedBits(_ layer: QuantizedLayer, _ scheme: QuantizationScheme) -> Int {
        guard case .convolution(let weights, let format, _) = layer.operation else { return 0 }
        switch format {
        case .powerOfTwo(let bits):
            if case .flightNN = scheme { return flightBits(layer, weights: weights.count, bits: bits) }
            return weights.count * bits
        case .powerOfTwoSum(let bits, let terms):
            if case .lightNN = scheme { return weights.count * bits * terms }
            return flightBits(layer, weights: weights.count, bits: bits)
        case .fixed(let bits): return weights.count * bits
        }
    }

    /// n bits for each term of each filter, and two bits a filter that say how many terms it has.
    private static func flightBits(_ layer: QuantizedLayer, weights: Int, bits: Int) -> Int {
        let terms = layer.filterTerms
        return weights / max(terms.count, 1) * bits * terms.reduce(0, +) + 2 * terms.count
    }

    private static func topLevel(_ weights: QuantizedWeights?) -> Double? {
        guard let weights else { return nil }
        if case .fixed = weights.format { return nil }
        return weights.unit * Double(weights.codes.reduce(UInt32(0)) { max($0, $1.magnitude) })
    }
}
