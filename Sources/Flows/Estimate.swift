// The flow behind `shiftsim estimate`: the design that a simulation would run, without running it.

import Configuration
import Diagnostics
import Machine
import Preparation
import Reports

extension Flow {
    /// Resources, peak rates and predicted cycles of a configuration's design: the one that `simulate` runs, made and
    /// scheduled by the same steps. The network is quantized for that. Throws as `simulate` does before it runs anything,
    /// but for a design that does not fit.
    package static func estimate(_ configuration: Configuration, store: NetworkStore? = nil) throws -> Estimate {
        let network = try PreparedNetwork.prepare(
            configuration.network, configuration.quantization, store: store)
        let hardware = try Hardware.elaborate(configuration, for: network.quantized)
        return try estimate(configuration, hardware: hardware)
    }

    /// The same of hardware that is there already, for sweeps.
    package static func estimate(_ configuration: Configuration, hardware: Hardware) throws -> Estimate {
        let build: Build?
        do {
            build = try hardware.compile(configuration, storesWeights: false)
        } catch let error as InputError {
            // `simulate` says of such a design that it does not fit, and asks no more.
            guard !hardware.mayRun else { throw error }
            build = nil
        }
        return try Estimate.figures(of: configuration, hardware, build)
    }
}
