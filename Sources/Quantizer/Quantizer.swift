// Float network to integer network, in five passes:
//   1. lower      chains of float layers become array passes             Lowering
//   2. weights    integer codes and their unit, layer by layer           WeightPass
//   3. ranges     largest activations over the calibration images        ActivationRanges, FloatExecutor
//   4. exponents  a power of two per tensor                              ExponentPlan
//   5. constants  multipliers, biases and shifts that cannot overflow    RequantizationSolver
// docs/Numerics.md has the formulas.

import Networks

/// Post-training quantization.
public enum Quantizer {
    /// Quantizes a network. `calibration` holds normalised images, channel-major; at least one.
    /// Throws `InputError` for options, images or graphs that do not fit. Cost: that of running the float
    /// network on every calibration image, and of sorting each layer's weights.
    public static func quantize(
        _ network: Network, options: QuantizationOptions, calibration: [[Float]]
    ) throws -> (QuantizedNetwork, QuantizationReport) {
        try options.validate()
        let layers = try Lowering.lower(network)
        let weights = try WeightPass(options: options).run(layers)
        let ranges = try ActivationRanges(network: network, images: calibration)
        var exponents = ExponentPlan(layers: layers, ranges: ranges, bits: options.activationBits)
        let constants = try solveConstants(layers, weights, &exponents, options)
        let quantized = assemble(network, layers, weights, constants, exponents, options)
        let report = report(quantized, layers, weights, options, images: calibration.count)
        return (quantized, report)
    }

    /// Constants of every layer. A layer without any makes one of its tensors coarser, and all are solved again;
    /// in practice the first round succeeds.
    private static func solveConstants(
        _ layers: [LoweredLayer], _ weights: [QuantizedWeights?], _ exponents: inout ExponentPlan,
        _ options: QuantizationOptions
    ) throws -> [Requantization] {
        var index = 0
        var constants: [Requantization] = []
        var raises = 0
        while index < layers.count {
            let layer = layers[index]
            let solver = RequantizationSolver(
                layer: layer, weights: weights[index], activationBits: options.activationBits,
                inputExponent: exponents[layer.input], residualExponent: layer.residual.map { exponents[$0] },
                outputExponent: exponents[layer.tensor])
            do {
                constants.append(try solver.solve())
                index += 1
            } catch let obstacle as RequantizationSolver.Obstacle {
                raises += 1
                guard raises <= 1000 else {
                    throw InputError(
                        .unsupported, at: "layer \(layer.name)", "the ranges of its operands are too far apart")
                }
                exponents.raise(obstacle == .residualTooFine ? layer.residual ?? layer.tensor : layer.tensor)
                constants = []
                index = 0
            }
        }
        return constants
    }

    private static func assemble(
        _ network: Network, _ layers: [LoweredLayer], _ weights: [QuantizedWeights?],
        _ constants: [Requantization], _ exponents: ExponentPlan, _ options: QuantizationOptions
    ) -> QuantizedNetwork {
        var names = [Network.inputName: Network.inputName]
        for layer in layers { names[layer.tensor] = layer.name }
        let quantized = layers.indices.map { index in
            let layer = layers[index]
            return QuantizedLayer(
                name: layer.name, kind: layer.kind, operation: operation(layer, weights[index]),
                window: layer.window, input: names[layer.input] ?? layer.input,
                residual: layer.residual.map { names[$0] ?? $0 }, inputShape: layer.inputShape,
                outputShape: layer.outputShape, requantization: constants[index],
                outputExponent: exponents[layer.tensor], macs: layer.macs)
        }
        return QuantizedNetwork(
            name: network.name, input: network.input, inputExponent: exponents[Network.inputName],
            activationBits: options.activationBits, layers: quantized, parameters: network.parameters)
    }

    private static func operation(_ layer: LoweredLayer, _ weights: QuantizedWeights?) -> QuantizedOperation {
        let codes = weights?.codes ?? []
        let format = weights?.format ?? .fixed(bits: 8)
        return switch layer.operation {
        case .convolution(_, let groups): .convolution(weights: codes, format: format, groups: groups)
        case .copy: .convolution(weights: codes, format: format, groups: 1)
        case .maxPool: .maxPool
        case .sumPool: .sumPool
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
            return LayerQuantizationReport(
                name: layer.name, kind: layer.kind, tensor: layers[index].tensor, format: codes?.format,
                weightScale: codes?.unit, topLevel: topLevel(codes), thresholds: codes?.thresholds ?? [],
                weightSQNR: floats.flatMap { codes?.sqnr(against: $0) },
                weightCosine: floats.flatMap { codes?.cosine(against: $0) },
                inputExponent: network.exponent(of: layer.input) ?? 0, outputExponent: layer.outputExponent,
                preShift: layer.requantization.preShift, shift: layer.requantization.shift)
        }
        return QuantizationReport(
            network: network.name, options: options, calibrationImages: images,
            inputExponent: network.inputExponent, layers: entries)
    }

    private static func topLevel(_ weights: QuantizedWeights?) -> Double? {
        guard let weights, case .powerOfTwo = weights.format else { return nil }
        return weights.unit * Double(weights.codes.reduce(UInt32(0)) { max($0, $1.magnitude) })
    }
}
