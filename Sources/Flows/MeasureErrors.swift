// How far a layer's output is from the float network's, all layers before it quantized too.

import Foundation
import Networks
import Quantizer
import ReferenceModel
import Reports

extension OutputErrors {
    /// Runs both networks on an image. Throws `ReferenceModelError`.
    static func measure(
        _ network: Network, _ quantized: QuantizedNetwork, _ report: QuantizationReport, image: [Float]
    ) throws -> OutputErrors {
        var errors = OutputErrors()
        let floats = try FloatExecutor.inferAll(network, input: image)
        let integers = try ReferenceModel.inferAll(quantized, input: quantized.quantizedInput(image))
        for layer in report.layers {
            guard let expected = floats[layer.tensor], let found = integers[layer.name] else { continue }
            let unit = scalbn(layer.outputMantissa, layer.outputExponent)
            var sums = (signal: 0.0, noise: 0.0, product: 0.0, energy: 0.0)
            for (value, integer) in zip(expected, found.values) {
                let (wanted, real) = (Double(value), Double(integer) * unit)
                sums.signal += wanted * wanted
                sums.noise += (wanted - real) * (wanted - real)
                sums.product += wanted * real
                sums.energy += real * real
            }
            if sums.noise > 0, sums.signal > 0 { errors.sqnr[layer.name] = 10 * log10(sums.signal / sums.noise) }
            let norm = (sums.signal * sums.energy).squareRoot()
            if norm > 0 { errors.cosine[layer.name] = sums.product / norm }
        }
        return errors
    }
}
