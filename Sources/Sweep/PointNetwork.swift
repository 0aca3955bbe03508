// What the points of a sweep share of a network: in mode `timing` much less is made of it.

import Configuration
import Networks
import Preparation

/// A network as a sweep's mode needs it.
enum PointNetwork: Sendable {
    /// With images and all constants.
    case whole(PreparedNetwork)
    /// As far as cycles follow from it.
    case outline(NetworkOutline)

    /// The network of a point; one that was quantized in this way before may be in the store. Throws `InputError`, and `EnvironmentProblem` for what is not installed.
    static func prepare(_ configuration: Configuration, store: NetworkStore?) throws -> PointNetwork {
        switch configuration.run.mode {
        case .timing:
            .outline(try NetworkOutline.prepare(configuration.network, configuration.quantization, store: store))
        case .full, .functional:
            .whole(try PreparedNetwork.prepare(configuration.network, configuration.quantization, store: store))
        }
    }

    /// The integer network.
    var quantized: QuantizedNetwork {
        switch self {
        case .whole(let network): network.quantized
        case .outline(let network): network.quantized
        }
    }
}
