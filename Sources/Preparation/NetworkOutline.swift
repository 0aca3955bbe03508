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

    /// Reads and quantizes weights; `phase` is told what comes next. With a store, an outline that was made in this way
    /// before is taken from there, and any other is kept there. Throws `InputError` as `PreparedNetwork.prepare`, but for
    /// images, of which it needs those of a model with saturations only.
    package static func prepare(
        _ settings: NetworkSettings, _ quantization: QuantizationSettings, store: NetworkStore? = nil,
        phase: (Phase) -> Void = { _ in }
    ) throws -> NetworkOutline {
        phase(.reading)
        let model = try ModelBytes(NetworkSource(settings))
        let shelf = quantization.cache ? store.flatMap { StoreShelf($0, settings.model, model) } : nil
        let network = try LazyNetwork(model.source, header: shelf?.header())
        phase(.quantizing)
        let options = quantization.options(modelHasCodes: network.header.hasCodes)
        var hash = model.hash
        let fingerprint = hash.finish()
        if let quantized = shelf?.outline(options) {
            return NetworkOutline(quantized: quantized, fingerprint: fingerprint)
        }
        guard let quantized = try Quantizer.outline(network.take(), options: options) else {
            let prepared = try PreparedNetwork.prepare(settings, quantization, store: store)
            return NetworkOutline(quantized: prepared.quantized, fingerprint: prepared.fingerprint)
        }
        if try model.isStill() { shelf?.keep(network.header, outline: quantized, options) }
        return NetworkOutline(quantized: quantized, fingerprint: fingerprint)
    }
}
