// Rules that involve several keys, and the accelerator's parameters that follow from the configuration.

import Accelerator
import Networks

extension Configuration {
    /// Throws `InputError` when keys that are right by themselves do not go together.
    package func validate() throws {
        guard array.lanes <= array.mostLanes else {
            let cells =
                switch array.family {
                case .vector: "\(array.pixels) pixels"
                case .convolver(let convolver): "\(convolver.kernel) x \(convolver.kernel) cells"
                }
            throw error(
                "array.outputs",
                "\(array.outputs) x \(array.inputs) inputs x \(cells) are \(array.lanes) lanes; "
                    + "accepted: up to \(array.mostLanes)")
        }
        switch array.family {
        case .convolver: break
        case .vector:
            guard buffers.psumKiB == nil else {
                throw error("buffers.psum_kib", "is a key of array.family convolver; family vector has no psum buffer")
            }
        }
        if let bits = array.weightBits { try check(weightBits: bits) }
        if let bits = fixedWeightBits { try checkActivations(weightBits: bits) }
        if array.element == .svpe, quantization.scheme == .fixed, array.weightBits == nil {
            throw error("array.weight_bits", "missing; scheme fixed on svpe lanes needs it; accepted: 1...5")
        }
    }

    private func check(weightBits bits: Int) throws {
        guard array.element.acceptedWeightBits.contains(bits) else {
            let widths = array.element.acceptedWeightBits
            let isRange = widths.last! - widths.first! == widths.count - 1
            let list = isRange ? "\(widths.first!)...\(widths.last!)" : widths.map(String.init).joined(separator: ", ")
            let accepted = "\(list) for \(array.element.rawValue)"
            throw error("array.weight_bits", "is \(bits); accepted: \(accepted)")
        }
    }

    private func checkActivations(weightBits bits: Int) throws {
        guard bits <= quantization.activationBits else {
            throw error(
                array.weightBits == nil ? "quantization.weight_bits" : "array.weight_bits",
                "\(bits)-bit weights with quantization.activation_bits \(quantization.activationBits); "
                    + "accepted: weights no wider than activations")
        }
    }

    /// The array's weight width where it does not depend on the model.
    var fixedWeightBits: Int? {
        if let bits = array.weightBits { return bits }
        switch (array.element, quantization.scheme) {
        case (.svpe, .nBQ), (.svpe, .lightNN1), (.svpe, .lightNN2), (.svpe, .flightNN): return quantization.weightBits
        case (.vpe, .fixed): return quantization.wideFirstAndLast ? nil : quantization.weightBits
        case (.svpe, .asIs), (.svpe, .fixed): return nil
        case (.vpe, .nBQ), (.vpe, .lightNN1), (.vpe, .lightNN2), (.vpe, .flightNN), (.vpe, .asIs): return nil
        }
    }

    /// The array's weight width: the configured one, or the smallest that holds the network's weights.
    func weightBits(for network: QuantizedNetwork) throws -> Int {
        let bits = try fixedWeightBits ?? derivedWeightBits(network)
        try checkActivations(weightBits: bits)
        return bits
    }

    private func derivedWeightBits(_ network: QuantizedNetwork) throws -> Int {
        switch array.element {
        case .svpe:
            let widths = network.layers.filter { !$0.isOnHost }.compactMap { layer -> Int? in
                switch layer.operation {
                case .convolution(_, .powerOfTwo(let bits), _), .convolution(_, .powerOfTwoSum(let bits, _), _):
                    return bits
                case .convolution(_, .fixed, _), .maxPool, .sumPool, .localResponseNormalization: return nil
                }
            }
            if let widest = widths.max() { return widest }
            throw error("array.weight_bits", "missing; the model has no power-of-two codes; accepted: 1...5")
        case .vpe:
            let largest = network.layers.filter { !$0.isOnHost }.reduce(UInt32(0)) { largest, layer in
                guard case .convolution(let weights, _, _) = layer.operation else { return largest }
                return weights.reduce(largest) { max($0, $1.magnitude) }
            }
            return [4, 8].first { largest < UInt32(1) << UInt32($0 - 1) } ?? 16
        }
    }

    /// Parameters of the accelerator, for weights of `weightBits` bits. Unless the configuration says how wide the
    /// accumulators are, they hold sums of as many products as an output has weights.
    /// Kernels of family `vector` may have columns that stand apart where `dilates` says so.
    func acceleratorParameters(
        weightBits: Int, weightsPerOutput: Int, dilates: Bool
    ) -> AcceleratorParameters {
        var parameters = AcceleratorParameters(
            element: array.element.element(weightBits: weightBits),
            size: ArraySize(
                pixels: array.pixels, inputs: array.inputs, outputs: array.outputs, terms: array.terms),
            activationBits: quantization.activationBits,
            buffers: BufferSizes(
                ifmapBytes: buffers.ifmapKiB * 1024, weightBytes: buffers.weightKiB * 1024,
                ofmapBytes: buffers.ofmapKiB * 1024))
        if let bits = array.accumulatorBits {
            parameters.accumulatorBits = bits
        } else {
            let bits = Int.bitWidth - max(0, weightsPerOutput - 1).leadingZeroBitCount
            let more = max(0, bits - AcceleratorParameters.accumulationBits)
            parameters.accumulatorBits = min(48, parameters.accumulatorBits + more)
        }
        parameters.family = family(accumulatorBits: parameters.accumulatorBits, dilates: dilates)
        return parameters
    }

    private func family(accumulatorBits: Int, dilates: Bool) -> ArrayFamily {
        switch array.family {
        case .vector: return .vector(VectorParameters(dilates: dilates))
        case .convolver(let convolver):
            let bytes = (buffers.psumKiB ?? BufferSettings.defaultPsumKiB) * 1024
            return .convolver(
                ConvolverParameters(
                    kernel: convolver.kernel, taps: convolver.taps, rowLength: convolver.rowLength,
                    columnAdders: convolver.columnAdders,
                    psumDepth: AcceleratorParameters.depth(bytes, wordBits: array.outputs * accumulatorBits)))
        }
    }

    /// Throws `InputError` when a layer's sums could exceed the accumulators.
    func checkAccumulators(_ parameters: AcceleratorParameters, for network: QuantizedNetwork) throws {
        for layer in network.layers where !layer.isOnHost {
            let needed = Configuration.accumulatorBits(of: layer, activationBits: network.activationBits)
            guard needed <= parameters.accumulatorBits else {
                throw error(
                    "array.accumulator_bits",
                    "is \(parameters.accumulatorBits); layer \(layer.name) needs \(needed) bits; "
                        + "accepted: "
                        + (needed <= 48 ? "\(needed)...48" : "none, for 48 are the most; use fewer bits for weights"))
            }
        }
    }

    /// Bits that hold every sum of a convolution, whatever its input.
    private static func accumulatorBits(of layer: QuantizedLayer, activationBits: Int) -> Int {
        guard case .convolution(let weights, _, _) = layer.operation, layer.outputShape.channels > 0 else { return 0 }
        let perOutput = weights.count / layer.outputShape.channels
        var largest = 0
        for output in 0..<layer.outputShape.channels {
            let sum = weights[output * perOutput..<(output + 1) * perOutput].reduce(0) { $0 + Int($1.magnitude) }
            largest = max(largest, sum)
        }
        return activationBits + (Int.bitWidth - largest.leadingZeroBitCount)
    }
}
