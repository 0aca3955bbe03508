// The border between real numbers and the integers of a quantized network.

import Diagnostics
import Foundation

extension QuantizedNetwork {
    /// An image as integers: value over the input's scale, rounded half to even and saturated to `activationBits`.
    /// `image` is channel-major, of `input.count` normalised values; anything else throws.
    public func quantizedInput(_ image: [Float]) throws -> IntegerTensor {
        guard image.count == input.count else {
            throw InputError(at: "image", "has \(image.count) values; \(name) takes \(input.count) (\(input))")
        }
        let high = Double((1 << (activationBits - 1)) - 1)
        let values = image.map { value -> Int32 in
            let scaled = scalbn(Double(value) / inputMantissa, -inputExponent).rounded(.toNearestOrEven)
            return Int32(min(max(scaled, -high - 1), high))
        }
        return IntegerTensor(shape: input, values: values)
    }

    /// Power-of-two exponent of a tensor's values: that of a layer's output or of the input; nil when unknown.
    public func exponent(of tensor: String) -> Int? {
        if tensor == Network.inputName { return inputExponent }
        if let whole = concatenations.first(where: { $0.name == tensor }) {
            return whole.parts.first.flatMap { exponent(of: $0) }
        }
        return layers.first { $0.name == tensor }?.outputExponent
    }

    /// Real value of the output integer 1.
    public var outputScale: Double {
        scalbn(layers.last?.outputMantissa ?? inputMantissa, layers.last?.outputExponent ?? inputExponent)
    }
}

extension IntegerTensor {
    /// The real values for a tensor's scale: integer * mantissa * 2^exponent.
    public func values(exponent: Int, mantissa: Double = 1) -> [Float] {
        let unit = scalbn(mantissa, exponent)
        return values.map { Float(Double($0) * unit) }
    }
}
