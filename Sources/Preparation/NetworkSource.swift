import Configuration
import Diagnostics
import NetworkReaders
import Networks

/// Where the float network comes from.
package struct NetworkSource {
    let settings: NetworkSettings

    /// The source that a configuration names; nothing is read yet.
    package init(_ settings: NetworkSettings) { self.settings = settings }

    /// The model file, nil for synthetic weights.
    package func path() throws -> String? {
        switch settings.model {
        case .synthetic: nil
        case .trained(let name): try TrainedModels.path(of: name, configurationFolder: settings.folder)
        case .file(let path): path
        }
    }

    /// Builds or reads the network.
    package func network() throws -> Network {
        if case .synthetic(let name, let seed) = settings.model {
            return try BuiltInNetworks.make(name: name, weights: .synthetic(seed: UInt64(seed)))
        }
        guard let path = try path() else { throw InputError(at: "network.model", "has no file") }
        var network = try ONNXReader.read(path: path)
        if case .trained(let name) = settings.model { network.name = name }
        return network
    }
}
