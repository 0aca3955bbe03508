// What a configuration leaves open, as a run had it.

import Configuration

extension Configuration {
    /// This configuration with what follows from its network and hardware filled in: run again, it gives the same
    /// results wherever its file stands.
    package func resolved(for network: PreparedNetwork, on hardware: Hardware) -> Configuration {
        let parameters = hardware.accelerator.parameters
        var result = self
        result.network.mean = network.normalization.mean
        result.network.std = network.normalization.std
        result.array.weightBits = parameters.element.weightBits
        result.array.accumulatorBits = parameters.accumulatorBits
        result.array.preActivation = parameters.preActivationDepth != nil
        result.array.dilation = parameters.family.dilates
        return result
    }
}
