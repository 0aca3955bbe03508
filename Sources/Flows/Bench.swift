// A configuration as work whose speed is measured.

import Configuration
import Cosimulation
import Preparation

extension Flow {
    /// The images of a configuration on its machine, prepared and compiled. Throws as `simulate` does before it runs
    /// anything.
    package static func bench(_ configuration: Configuration) throws -> KernelBench {
        let network = try PreparedNetwork.prepare(configuration.network, configuration.quantization)
        let hardware = try Hardware.elaborate(configuration, for: network.quantized)
        return KernelBench(try hardware.compile(configuration), inputs: network.inputs)
    }
}
