// The flow behind `shiftsim estimate`: the design that a simulation would run, without running it.

import Configuration
import Preparation
import Reports

extension Flow {
    /// Resources and peak rates of a configuration's design: the one that `simulate` runs, made by the same two steps.
    /// The network is quantized for that. Throws as `simulate` does before it runs anything.
    package static func estimate(_ configuration: Configuration) throws -> Estimate {
        let network = try PreparedNetwork.prepare(configuration.network, configuration.quantization)
        return Estimate.figures(of: configuration, try Hardware.elaborate(configuration, for: network.quantized))
    }
}
