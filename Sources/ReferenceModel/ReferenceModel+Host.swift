// Layers that the host's processor computes in double precision.

import Foundation
import Networks

extension ReferenceModel {
    /// A function of real numbers on integers: x * 2^exponent in, rounded half to even to the output's exponent and
    /// saturated.
    static func apply(
        _ function: HostFunction, to input: IntegerTensor, _ exponent: Int, layer: QuantizedLayer, activationBits: Int
    ) -> IntegerTensor {
        let real = input.values.map { scalbn(Double($0), exponent) }
        let outputs =
            switch function {
            case .localResponseNormalization(let constants): normalize(real, input.shape, constants)
            }
        let high = Double((1 << (activationBits - 1)) - 1)
        let values = outputs.map { value in
            let scaled = scalbn(value, -layer.outputExponent).rounded(.toNearestOrEven)
            return Int32(min(max(scaled, -high - 1), high))
        }
        return IntegerTensor(shape: input.shape, values: values)
    }

    /// ONNX LRN.
    private static func normalize(
        _ real: [Double], _ shape: Shape, _ constants: LocalResponseNormalization
    ) -> [Double] {
        let positions = shape.height * shape.width
        var result = real
        for channel in 0..<shape.channels {
            let first = max(0, channel - (constants.size - 1) / 2)
            let last = min(shape.channels - 1, channel + constants.size / 2)
            for position in 0..<positions {
                var sum = 0.0
                for neighbour in first...last {
                    let value = real[neighbour * positions + position]
                    sum += value * value
                }
                let divisor = Double(constants.bias) + Double(constants.alpha) / Double(constants.size) * sum
                result[channel * positions + position] /= pow(divisor, Double(constants.beta))
            }
        }
        return result
    }
}
