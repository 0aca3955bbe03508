// What the host's processor computes: whole layers in plain loops, each accumulator once, from the meaning in
// docs/internals/Numerics.md. It shares no code with the reference model, which judges it.
//
// Not modelled: the time that the loops take (HostProcessor has a table for that).

import Diagnostics
import Foundation
import Networks

#if MUTANTS
    import Mutants
#endif

/// Integer layers on the host.
package enum HostKernels {
    /// Output of a layer for its input map, and for the map that is added, if any. Shapes are the layer's.
    package static func output(
        of layer: QuantizedLayer, operand: IntegerTensor, residual: IntegerTensor?, activationBits: Int
    ) throws -> IntegerTensor {
        guard operand.shape == layer.inputShape, residual.map({ $0.shape == layer.outputShape }) ?? true else {
            throw Defect("layer \(layer.name) was given maps of other shapes than its own on the host")
        }
        let range = ActivationRange(bits: activationBits)
        var input = operand
        if let step = layer.preActivation { input.values = activated(operand, step, range) }
        switch layer.operation {
        case .convolution(let weights, _, let groups):
            return finish(products(input, weights, groups: groups, layer), layer, residual, range)
        case .maxPool:
            return finish(windows(input, layer, start: .min) { max($0, $1) }, layer, residual, range)
        case .sumPool:
            return finish(windows(input, layer, start: 0) { $0 + $1 }, layer, residual, range)
        case .host(let function, let exponent):
            let real = operand.values.map { scalbn(Double($0), exponent) }
            let outputs =
                switch function {
                case .localResponseNormalization(let constants): normalized(real, operand.shape, constants)
                }
            return range.nearest(outputs, operand.shape, layer.outputExponent)
        }
    }

    // MARK: accumulators

    /// Sums of products, weight by weight: each weight is added to all outputs that it reaches.
    private static func products(
        _ input: IntegerTensor, _ weights: [Int32], groups: Int, _ layer: QuantizedLayer
    ) -> [Int64] {
        let (shape, output, window) = (input.shape, layer.outputShape, layer.window)
        let (inputs, outputs) = (shape.channels / groups, output.channels / groups)
        var sums = [Int64](repeating: 0, count: output.count)
        var next = 0
        for channel in 0..<output.channels {
            for source in 0..<inputs {
                let plane = channel / outputs * inputs + source
                for y in 0..<window.kernelHeight {
                    for x in 0..<window.kernelWidth {
                        let weight = Int64(weights[next])
                        next += 1
                        guard weight != 0 else { continue }
                        let rows = reach(
                            output.height, shape.height, stride: window.strideHeight,
                            offset: y * window.dilationHeight - window.padTop)
                        let columns = reach(
                            output.width, shape.width, stride: window.strideWidth,
                            offset: x * window.dilationWidth - window.padLeft)
                        for row in rows {
                            let line = (plane * shape.height + row * window.strideHeight) * shape.width
                            let from = line + (y * window.dilationHeight - window.padTop) * shape.width
                            let first = from + x * window.dilationWidth - window.padLeft
                            let to = (channel * output.height + row) * output.width
                            for column in columns {
                                sums[to + column] += weight * Int64(input.values[first + column * window.strideWidth])
                            }
                        }
                    }
                }
            }
        }
        return sums
    }

    /// Output positions whose input position `position * stride + offset` lies inside.
    private static func reach(_ outputs: Int, _ inputs: Int, stride: Int, offset: Int) -> Range<Int> {
        let first = offset >= 0 ? 0 : (-offset + stride - 1) / stride
        let last = offset >= inputs ? 0 : (inputs - 1 - offset) / stride + 1
        let end = min(outputs, last)
        return min(first, end)..<end
    }

    /// A fold over each window of each channel; positions outside the map are left out.
    private static func windows(
        _ input: IntegerTensor, _ layer: QuantizedLayer, start: Int64, _ fold: (Int64, Int64) -> Int64
    ) -> [Int64] {
        let (shape, output, window) = (input.shape, layer.outputShape, layer.window)
        var sums = [Int64](repeating: start, count: output.count)
        for channel in 0..<shape.channels {
            for y in 0..<shape.height {
                for x in 0..<shape.width {
                    let value = Int64(input.values[(channel * shape.height + y) * shape.width + x])
                    let rows = covering(y + window.padTop, window.kernelHeight, window.strideHeight, output.height)
                    let columns = covering(x + window.padLeft, window.kernelWidth, window.strideWidth, output.width)
                    for row in rows {
                        for column in columns {
                            let place = (channel * output.height + row) * output.width + column
                            sums[place] = fold(sums[place], value)
                        }
                    }
                }
            }
        }
        return sums
    }

    /// Windows that a padded position lies in.
    private static func covering(_ position: Int, _ kernel: Int, _ stride: Int, _ count: Int) -> Range<Int> {
        let first = position < kernel ? 0 : (position - kernel) / stride + 1
        let end = min(count, position / stride + 1)
        return min(first, end)..<end
    }

    // MARK: after the sums

    /// Requantization with what is added to it; one multiplier per channel, or that of the pooling region.
    private static func finish(
        _ sums: [Int64], _ layer: QuantizedLayer, _ residual: IntegerTensor?, _ range: ActivationRange
    ) -> IntegerTensor {
        let (constants, output) = (layer.requantization, layer.outputShape)
        var result = IntegerTensor(zeros: output)
        for index in sums.indices {
            let (channel, position) = index.quotientAndRemainder(dividingBy: output.height * output.width)
            let (row, column) = position.quotientAndRemainder(dividingBy: output.width)
            let region = layer.regions.first { $0.rows.contains(row) && $0.columns.contains(column) }
            let multiplier = (region?.multiplier ?? constants.multiplier)[channel]
            var sum = (sums[index] >> Int64(constants.preShift)) * Int64(multiplier) + constants.bias[channel]
            if let residual { sum += Int64(residual.values[index]) << Int64(constants.residualShift) }
            result.values[index] = range.value(sum, shift: constants.shift, relu: constants.relu)
        }
        return result
    }

    private static func activated(
        _ input: IntegerTensor, _ step: PreActivation, _ range: ActivationRange
    ) -> [Int32] {
        let positions = input.shape.height * input.shape.width
        return input.values.indices.map { index in
            let channel = index / positions
            let sum = Int64(input.values[index]) * Int64(step.multiplier[channel]) + step.bias[channel]
            return range.value(sum, shift: step.shift, relu: step.relu)
        }
    }

    /// Local response normalization in double precision, position by position. The order of the additions is part of
    /// the rule: neighbours from the first channel to the last.
    private static func normalized(
        _ input: [Double], _ shape: Shape, _ constants: LocalResponseNormalization
    ) -> [Double] {
        let (channels, positions) = (shape.channels, shape.height * shape.width)
        let (alpha, beta, bias) = (Double(constants.alpha), Double(constants.beta), Double(constants.bias))
        var result = input
        for position in 0..<positions {
            let values = (0..<channels).map { input[$0 * positions + position] }
            let squares = values.map { $0 * $0 }
            for channel in 0..<channels {
                let first = max(0, channel - (constants.size - 1) / 2)
                let last = min(channels - 1, channel + constants.size / 2)
                let sum = squares[first...last].reduce(0, +)
                let divisor = pow(bias + alpha / Double(constants.size) * sum, beta)
                result[channel * positions + position] = values[channel] / divisor
            }
        }
        return result
    }
}

/// Values of a signed activation.
private struct ActivationRange {
    let low: Int64
    let high: Int64

    init(bits: Int) {
        high = (Int64(1) << Int64(bits - 1)) - 1
        #if MUTANTS
            low = isPlanted("host-saturation") ? -high : -high - 1
        #else
            low = -high - 1
        #endif
    }

    /// A scaled sum as an activation: halves to the even neighbour, then ReLU, then saturation.
    func value(_ sum: Int64, shift: Int, relu: Bool) -> Int32 {
        var rounded = sum
        if shift > 0 {
            // Adding just under a half, and the last bit that stays, rounds halves to even.
            let isOdd = (sum >> Int64(shift)) & 1
            rounded = (sum + (Int64(1) << Int64(shift - 1)) - 1 + isOdd) >> Int64(shift)
        }
        if relu { rounded = max(0, rounded) }
        return Int32(min(max(rounded, low), high))
    }

    /// Real numbers as activations of an exponent: halves to the even neighbour, then saturation.
    func nearest(_ values: [Double], _ shape: Shape, _ exponent: Int) -> IntegerTensor {
        let integers = values.map { value in
            let scaled = scalbn(value, -exponent).rounded(.toNearestOrEven)
            return Int32(min(max(scaled, Double(low)), Double(high)))
        }
        return IntegerTensor(shape: shape, values: integers)
    }
}
