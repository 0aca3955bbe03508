// From a configuration and its quantized network to the parameters of the accelerator: what the configuration leaves
// open follows from the network. Hardware that only some networks need (the pre-activation on the read path, the step
// of the kernel's columns) is there where the network needs it.

import Accelerator
import Configuration
import Diagnostics
import Networks
import Schedule

private enum AcceleratorChoice {
    /// Words of a RAMB36E2 at its widest: fewer take as many block memories.
    static let smallestDepth = 512
}

extension Configuration {
    /// Parameters of the accelerator that runs a network, whose host layers are marked. Throws `InputError` where the
    /// two do not go together.
    package func acceleratorParameters(for network: QuantizedNetwork) throws -> AcceleratorParameters {
        var parameters = try acceleratorParameters(
            weightBits: try weightBits(for: network), weightsPerOutput: network.weightsPerOutput,
            dilates: dilates(for: network))
        parameters.weightBeatRatio = try weightBeatBytes(parameters) / parameters.beatBytes
        parameters.preActivationDepth = try preActivationDepth(parameters, for: network)
        try checkAccumulators(parameters, for: network)
        return parameters
    }

    /// The array's weight width: the configured one, or the smallest that holds the network's weights.
    private func weightBits(for network: QuantizedNetwork) throws -> Int {
        let bits = try fixedWeightBits ?? derivedWeightBits(network)
        try checkActivations(weightBits: bits)
        if array.packing == .int8, bits != PackedProducts.operandBits {
            throw error("array.packing", packingNeedsBytes(weightBits: bits))
        }
        return bits
    }

    private func derivedWeightBits(_ network: QuantizedNetwork) throws -> Int {
        let element = array.element
        guard element.storesPowersOfTwo else {
            let largest = network.layers.filter { !$0.isOnHost }.reduce(UInt32(0)) { largest, layer in
                guard case .convolution(let weights, _, _) = layer.operation else { return largest }
                guard let range = WeightScan.extremes(weights) else { return largest }
                return max(largest, range.lowerBound.magnitude, range.upperBound.magnitude)
            }
            let widths = element.acceptedWeightBits
            return widths.first { largest < UInt32(1) << UInt32($0 - 1) } ?? widths.last!
        }
        let widths = network.layers.filter { !$0.isOnHost }.compactMap { layer -> Int? in
            switch layer.operation {
            case .convolution(_, .powerOfTwo(let bits), _), .convolution(_, .powerOfTwoSum(let bits, _), _):
                return bits
            case .convolution(_, .fixed, _), .maxPool, .sumPool, .host: return nil
            }
        }
        if let widest = widths.max() { return widest }
        throw error(
            "array.weight_bits",
            "missing; the model has no power-of-two codes; accepted: \(element.acceptedWidths)")
    }

    /// Parameters of the accelerator, for weights of `weightBits` bits. Unless the configuration says how wide the
    /// accumulators are, they hold sums of as many products as an output has weights. Kernels of family `vector` may
    /// have columns that stand apart where `dilates` says so.
    private func acceleratorParameters(
        weightBits: Int, weightsPerOutput: Int, dilates: Bool
    ) throws -> AcceleratorParameters {
        let activations = quantization.activationBits * array.pixels
        let weights = array.inputs * array.outputs * array.terms * weightBits
        var parameters = AcceleratorParameters(
            element: array.element.element(weightBits: weightBits),
            size: ArraySize(
                pixels: array.pixels, inputs: array.inputs, outputs: array.outputs, terms: array.terms),
            activationBits: quantization.activationBits,
            buffers: BufferSizes(
                ifmapBytes: try kib(of: .ifmap, wordBits: activations * array.inputs) * 1024,
                weightBytes: try kib(of: .weight, wordBits: weights) * 1024,
                ofmapBytes: try kib(of: .ofmap, wordBits: activations * array.outputs) * 1024))
        if let bits = array.accumulatorBits {
            parameters.accumulatorBits = bits
        } else {
            let bits = Int.bitWidth - max(0, weightsPerOutput - 1).leadingZeroBitCount
            let more = max(0, bits - AcceleratorParameters.accumulationBits)
            parameters.accumulatorBits = min(48, parameters.accumulatorBits + more)
        }
        parameters.family = try family(accumulatorBits: parameters.accumulatorBits, dilates: dilates)
        return parameters
    }

    /// Bytes of a beat of weights: as configured, else as many as the ports bring in a cycle, in the bounds that the array
    /// has. Throws `InputError` for a configured number out of them.
    private func weightBeatBytes(_ parameters: AcceleratorParameters) throws -> Int {
        let word = parameters.weightBeats * parameters.beatBytes
        // Two packed weights are written at once.
        let isOdd = parameters.packsProducts && !parameters.weightsPerBeat.isMultiple(of: 2)
        let least = isOdd ? 2 * parameters.beatBytes : parameters.beatBytes
        let most = MemorySettings.weightBeats.last { $0 <= word } ?? least
        guard let asked = memory.weightBeatBytes else {
            return max(least, min(most, memory.fullWeightBeatBytes(clockMHz: clockMHz) ?? least))
        }
        guard (least...most).contains(asked) else {
            let accepted = MemorySettings.weightBeats.filter((least...most).contains).map(String.init)
            throw error(
                "memory.weight_beat_bytes",
                "is \(asked); a beat of activations has \(parameters.beatBytes) bytes and a word of weights \(word)"
                    + (isOdd ? ", and packed weights come in pairs; " : "; ")
                    + "accepted: auto, \(accepted.joined(separator: ", "))")
        }
        return asked
    }

    private func family(accumulatorBits: Int, dilates: Bool) throws -> ArrayFamily {
        switch array.family {
        case .vector:
            let length = array.sum == .cascade ? array.cascade ?? array.cascadeLengths.last : nil
            return .vector(VectorParameters(dilates: dilates, cascade: length, packing: array.packing))
        case .convolver(let convolver):
            let wordBits = array.outputs * accumulatorBits
            let bytes = try kib(of: .psum, wordBits: wordBits) * 1024
            return .convolver(
                ConvolverParameters(
                    kernel: convolver.kernel, taps: convolver.taps, rowLength: convolver.rowLength,
                    columnAdders: convolver.columnAdders,
                    psumDepth: AcceleratorParameters.depth(bytes, wordBits: wordBits)))
        }
    }

    /// Throws `InputError` when a layer's sums could exceed the accumulators.
    private func checkAccumulators(_ parameters: AcceleratorParameters, for network: QuantizedNetwork) throws {
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
            largest = max(
                largest, WeightScan.magnitudes(weights, output * perOutput..<(output + 1) * perOutput))
        }
        return activationBits + (Int.bitWidth - largest.leadingZeroBitCount)
    }

    /// Words of pre-activation constants of the array; nil: it has no pre-activation. Throws `InputError` where the
    /// network needs one and the configuration forbids it.
    private func preActivationDepth(_ parameters: AcceleratorParameters, for network: QuantizedNetwork) throws -> Int? {
        let layer = network.layers.first { $0.preActivation != nil && !$0.isOnHost }
        if array.preActivation == false {
            if let layer {
                throw error(
                    "array.pre_activation",
                    "is false; layer \(layer.name) needs a normalization or a ReLU on the read path; accepted: auto, true"
                )
            }
            return nil
        }
        if array.preActivation == nil && layer == nil { return nil }
        let words = try Scheduler.preActivationWords(network, for: parameters)
        var depth = AcceleratorChoice.smallestDepth
        while depth < words { depth *= 2 }
        return depth
    }

    /// Whether the array's kernels may have columns that stand apart.
    private func dilates(for network: QuantizedNetwork) -> Bool {
        if let dilation = array.dilation { return dilation }
        switch array.family {
        case .vector:
            return network.layers.contains {
                !$0.isOnHost && $0.window.dilationWidth > 1 && $0.window.kernelWidth > 1
            }
        case .convolver: return false
        }
    }
}

extension QuantizedNetwork {
    /// Of the convolutions that the array runs.
    fileprivate var weightsPerOutput: Int {
        layers.reduce(0) { most, layer in
            guard case .convolution(let weights, _, _) = layer.operation, !layer.isOnHost else { return most }
            return max(most, weights.count / max(1, layer.outputShape.channels))
        }
    }
}
