import Diagnostics
import Networks

/// How many terms a filter of FLightNN gets. A term j is added where the norm of what is left of the filter exceeds
/// the threshold t_j; thresholds are in units of the root mean square of the filter norms of the layer.
public enum FilterTermRule: Sendable, Equatable, Codable {
    /// t_0 and t_1. 0 and 0 give two terms (LightNN-2), 0 and a large t_1 one (LightNN-1); t_0 > 0 prunes filters.
    case thresholds(first: Double, second: Double)
    /// t_0 = 0, and one t_1 for the network such that its weights have this many terms on average: 1...2.
    case mean(Double)

    /// Mean terms of a weight that can be asked for.
    public static let means = 1.0...2

    func validate() throws {
        switch self {
        case .thresholds(let first, let second):
            for (key, value) in [("prune_threshold", first), ("residual_threshold", second)]
            where !(value >= 0 && value.isFinite) {
                throw InputError(at: "quantization.\(key)", "is \(value); accepted: 0 and more")
            }
        case .mean(let terms):
            guard FilterTermRule.means.contains(terms) else {
                throw InputError(at: "quantization.mean_terms", "is \(terms); accepted: 1...2")
            }
        }
    }
}
