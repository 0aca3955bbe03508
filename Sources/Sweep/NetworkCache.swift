import Configuration
import Preparation
import Support

/// Quantized networks by what they depend on. A network is prepared once; who needs the same one waits, others do not.
struct NetworkCache: Sendable {
    private struct Key: Hashable {
        var network: NetworkSettings
        var quantization: QuantizationSettings
    }
    private let prepared = OncePerKey<Key, PreparedNetwork>()

    /// The network of a configuration. Throws as `PreparedNetwork.prepare` does, the same error each time.
    func network(_ configuration: Configuration) throws -> PreparedNetwork {
        try prepared.value(Key(network: configuration.network, quantization: configuration.quantization)) {
            try PreparedNetwork.prepare(configuration.network, configuration.quantization)
        }
    }
}
