// What mode `timing` needs of a network: its layers and its weights, of which some decide the passes of a layer. Images
// are neither read nor hashed, and no ranges are taken, which is most of what a preparation costs.

import Configuration
import NetworkReaders
import Networks
import Quantizer
import Support

/// A network whose cycles can be told, and nothing else.
package struct NetworkOutline: Sendable {
    /// The integer network; its scales and constants mean nothing.
    package let quantized: QuantizedNetwork
    /// SHA-256 over the model file.
    package let fingerprint: String

    /// Reads and quantizes weights; `phase` is told what comes next. Throws `InputError` as `PreparedNetwork.prepare`, but
    /// for images, of which it needs those of a model with saturations only.
    package static func prepare(
        _ settings: NetworkSettings, _ quantization: QuantizationSettings, phase: (Phase) -> Void = { _ in }
    ) throws -> NetworkOutline {
        phase(.reading)
        let source = NetworkSource(settings)
        let network = try source.network()
        phase(.quantizing)
        let options = quantization.options(modelHasCodes: network.hasCodes)
        guard let quantized = try Quantizer.outline(network, options: options) else {
            let prepared = try PreparedNetwork.prepare(settings, quantization)
            return NetworkOutline(quantized: prepared.quantized, fingerprint: prepared.fingerprint)
        }
        var hash = SHA256()
        try source.hash(into: &hash)
        return NetworkOutline(quantized: quantized, fingerprint: hash.finish())
    }
}
