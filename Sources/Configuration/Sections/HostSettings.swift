// Section `host`: what the Arm cores compute.

import Networks

#if MUTANTS
    import Mutants
#endif

/// Layers of the host besides those that no array can compute.
package struct HostSettings: Sendable, Hashable {
    /// Fully connected layers run on the Arm cores, as in the n-BQ-NN paper.
    package var fullyConnected = byDefault

    private static var byDefault: Bool {
        #if MUTANTS
            if isPlanted("config-default") { return true }
        #endif
        return false
    }

    static let keys = [
        ConfigKey.boolean(
            "host.fully_connected", \.host.fullyConnected,
            "fully connected layers on the Arm cores, by a time model (docs/guide/Report.md)")
    ]

    /// The network with its layers marked that run on the host.
    package func assign(_ network: QuantizedNetwork) -> QuantizedNetwork {
        guard fullyConnected else { return network }
        var result = network
        for index in result.layers.indices where result.layers[index].kind == "fully-connected" {
            result.layers[index].runsOnHost = true
        }
        return result
    }
}
