// The flow behind `shiftsim schedule`: the program that a simulation would run, described.

import Configuration
import Diagnostics
import Preparation
import Reports

extension Flow {
    /// The schedule of a configuration's network, or of one layer of it: made by the same steps as for `simulate`,
    /// whether the design fits its device or not. Throws as `simulate` does before it runs anything, and `InputError`
    /// for a name that is no layer's.
    package static func schedule(
        _ configuration: Configuration, layer name: String?, store: NetworkStore? = nil
    ) throws -> ScheduleReport {
        let network = try PreparedNetwork.prepare(configuration.network, configuration.quantization, store: store)
        let hardware = try Hardware.elaborate(configuration, for: network.quantized)
        let names = hardware.network.layers.map(\.name)
        let layer = try name.map { name in
            if let index = names.firstIndex(of: name) { return index }
            let meant = Suggestion.text(for: name, among: names)
            throw InputError(
                at: "--layer", "'\(name.echoed)' is no layer\(meant); accepted: \(names.joined(separator: ", "))")
        }
        let build = try hardware.compile(configuration, storesWeights: false)
        return ScheduleReport.figures(of: configuration, build, layer: layer)
    }
}
