// From accumulators to activations, and the checks that the network keeps its own bounds.

import Networks

#if MUTANTS
    import Mutants
#endif

extension ReferenceModel {
    /// Width of t, the DSP48E2's A port as a multiplier input.
    static let scaledBits = 27
    /// Width of u, the DSP48E2's accumulator.
    static let accumulatorBits = 48

    /// y = saturate(relu(roundHalfEvenShift(t * multiplier + bias + (residual << residualShift), shift))).
    static func requantize(
        _ sums: [Int64], layer: QuantizedLayer, residual: IntegerTensor?, activationBits: Int
    ) throws -> IntegerTensor {
        let constants = layer.requantization
        let positions = layer.outputShape.height * layer.outputShape.width
        var result = IntegerTensor(zeros: layer.outputShape)
        #if MUTANTS
            let roundsHalvesUp = isPlanted("oracle-ties") && constants.shift > 0
        #endif
        for channel in 0..<layer.outputShape.channels {
            let bias = constants.bias[channel]
            for index in channel * positions..<(channel + 1) * positions {
                let scaled = sums[index] >> Int64(constants.preShift)
                try check(scaled, bits: scaledBits, "t", layer)
                let multiplier = Int64(layer.multiplier(channel, at: index - channel * positions))
                var sum = scaled * multiplier + bias
                if let residual { sum += Int64(residual.values[index]) << Int64(constants.residualShift) }
                try check(sum, bits: accumulatorBits, "u", layer)
                #if MUTANTS
                    let rounded =
                        roundsHalvesUp
                        ? ((sum >> Int64(constants.shift - 1)) + 1) >> 1 : roundHalfEvenShift(sum, constants.shift)
                #else
                    let rounded = roundHalfEvenShift(sum, constants.shift)
                #endif
                let active = constants.relu ? max(rounded, 0) : rounded
                result.values[index] = Int32(truncatingIfNeeded: saturate(active, bits: activationBits))
            }
        }
        return result
    }

    /// x = saturate(relu(roundHalfEvenShift(v * multiplier + bias, shift))) of every input value.
    static func activate(
        _ input: IntegerTensor, _ constants: PreActivation, layer: QuantizedLayer, activationBits: Int
    ) throws -> IntegerTensor {
        var result = input
        let positions = input.shape.height * input.shape.width
        for channel in 0..<input.shape.channels {
            let (multiplier, bias) = (Int64(constants.multiplier[channel]), constants.bias[channel])
            for index in channel * positions..<(channel + 1) * positions {
                let sum = Int64(input.values[index]) * multiplier + bias
                try check(sum, bits: accumulatorBits, "pre-activation", layer)
                let rounded = roundHalfEvenShift(sum, constants.shift)
                let active = constants.relu ? max(rounded, 0) : rounded
                result.values[index] = Int32(truncatingIfNeeded: saturate(active, bits: activationBits))
            }
        }
        return result
    }

    /// Shapes, array lengths and constants that belong together.
    static func checkShapes(of layer: QuantizedLayer) throws {
        let input = layer.inputShape
        let output = layer.outputShape
        let constants = layer.requantization
        func require(_ condition: Bool, _ message: String) throws {
            if !condition { throw ReferenceModelError(layer: layer.name, message) }
        }
        try require(layer.window.outputHeight(input.height) == output.height, "output height is not the window's")
        try require(layer.window.outputWidth(input.width) == output.width, "output width is not the window's")
        try require(constants.multiplier.count == output.channels, "one multiplier per channel")
        try require(constants.bias.count == output.channels, "one bias per channel")
        for shift in [constants.preShift, constants.residualShift, constants.shift] {
            try require((0..<accumulatorBits).contains(shift), "shifts are 0...\(accumulatorBits - 1)")
        }
        try require(
            constants.multiplier.allSatisfy { saturate(Int64($0), bits: 16) == $0 }, "multipliers have 16 bits")
        try require(
            constants.bias.allSatisfy { saturate($0, bits: accumulatorBits) == $0 },
            "biases have \(accumulatorBits) bits")
        if let before = layer.preActivation {
            let lengths = [before.multiplier.count, before.bias.count]
            try require(lengths == [input.channels, input.channels], "one pre-activation per input channel")
            try require((0..<accumulatorBits).contains(before.shift), "shifts are 0...\(accumulatorBits - 1)")
        }
        try require(
            layer.regions.allSatisfy { $0.multiplier.count == output.channels }, "one multiplier per channel")
        switch layer.operation {
        case .convolution(let weights, _, let groups):
            try require(layer.regions.isEmpty, "only poolings have regions")
            try require(groups > 0 && input.channels % groups == 0, "groups divide the input channels")
            try require(output.channels % groups == 0, "groups divide the output channels")
            let patch = input.channels / groups * layer.window.kernelHeight * layer.window.kernelWidth
            try require(weights.count == output.channels * patch, "one weight per tap and output channel")
        case .maxPool, .sumPool:
            try require(input.channels == output.channels, "a pooling keeps its channels")
            try require(
                layer.window.dilationHeight == 1 && layer.window.dilationWidth == 1, "poolings have no dilation")
        case .host:
            try require(input == output, "a host function keeps its map's shape")
        }
    }

    private static func check(_ value: Int64, bits: Int, _ name: String, _ layer: QuantizedLayer) throws {
        if saturate(value, bits: bits) != value {
            throw ReferenceModelError(layer: layer.name, "\(name) = \(value) does not fit \(bits) bits")
        }
    }
}

extension QuantizedLayer {
    /// The multiplier of an output value: that of the region it is in, or the layer's.
    fileprivate func multiplier(_ channel: Int, at position: Int) -> Int32 {
        if regions.isEmpty { return requantization.multiplier[channel] }
        let (row, column) = position.quotientAndRemainder(dividingBy: outputShape.width)
        let region = regions.first { $0.rows.contains(row) && $0.columns.contains(column) }
        return (region?.multiplier ?? requantization.multiplier)[channel]
    }
}
