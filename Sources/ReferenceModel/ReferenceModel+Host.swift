// Layers that the host's processor computes in double precision.

import Foundation
import Networks

extension ReferenceModel {
    /// ONNX LRN on integers: x * 2^inputExponent in, rounded half to even to the output's exponent and saturated.
    static func normalize(
        _ input: IntegerTensor, _ constants: LocalResponseNormalization, layer: QuantizedLayer, activationBits: Int
    ) -> IntegerTensor {
        let positions = input.shape.height * input.shape.width
        let high = Double((1 << (activationBits - 1)) - 1)
        let real = input.values.map { scalbn(Double($0), constants.inputExponent) }
        var result = input
        for channel in 0..<input.shape.channels {
            let first = max(0, channel - (constants.size - 1) / 2)
            let last = min(input.shape.channels - 1, channel + constants.size / 2)
            for position in 0..<positions {
                var sum = 0.0
                for neighbour in first...last {
                    let value = real[neighbour * positions + position]
                    sum += value * value
                }
                let index = channel * positions + position
                let scale = pow(constants.bias + constants.alpha / Double(constants.size) * sum, constants.beta)
                let scaled = scalbn(real[index] / scale, -layer.outputExponent).rounded(.toNearestOrEven)
                result.values[index] = Int32(min(max(scaled, -high - 1), high))
            }
        }
        return result
    }
}
