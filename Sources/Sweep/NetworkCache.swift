import Synchronization
import Workflow

/// Quantized networks by what they depend on. A network is prepared once; others wait for it.
final class NetworkCache: Sendable {
    private struct Key: Hashable {
        var network: NetworkSettings
        var quantization: QuantizationSettings
    }
    private let prepared = Mutex<[Key: Result<PreparedNetwork, any Error>]>([:])

    func network(_ configuration: Configuration) throws -> PreparedNetwork {
        let key = Key(network: configuration.network, quantization: configuration.quantization)
        return try prepared.withLock { known in
            if let result = known[key] { return try result.get() }
            let result = Result { try PreparedNetwork(configuration.network, configuration.quantization) }
            known[key] = result
            return try result.get()
        }
    }
}
