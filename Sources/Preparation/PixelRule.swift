// How 8-bit images become a network's inputs. Nothing is assumed: mean and std are the configuration's, the model's or a
// built-in network's own; without them pixels stay what the file holds.

import Configuration
import Diagnostics
import NetworkReaders
import Networks

/// The normalization of a run.
package struct PixelRule: Sendable, Equatable {
    /// Nil: pixels stay 0...255.
    package let normalization: Normalization?

    /// The rule of a configuration for a network. Throws `InputError` for lists that do not fit its channels, whatever
    /// the images are.
    init(_ settings: NetworkSettings, network: NetworkHeader) throws {
        let channels = network.input.channels
        switch (settings.mean, settings.std) {
        case (.list(let mean), .list(let std)):
            for (key, values) in [("mean", mean), ("std", std)] where values.count != 1 && values.count != channels {
                throw InputError(
                    at: "network.input.\(key)",
                    "has \(values.count) values; accepted: \(channels == 1 ? "1" : "1 or \(channels)"), for the network's "
                        + "input is \(network.input)")
            }
            normalization = Normalization(mean: mean, std: std)
        case (.none, _), (_, .none): normalization = nil
        case (.automatic, _), (_, .automatic):
            normalization = try PixelRule.own(settings, network)
            try normalization?.check(channels: channels, place: network.name)
        }
    }

    /// What the network comes with.
    private static func own(_ settings: NetworkSettings, _ network: NetworkHeader) throws -> Normalization? {
        if let stated = try Normalization(metadata: network.metadata, place: network.name) { return stated }
        return switch settings.model {
        case .file: nil
        case .synthetic, .trained: .builtIn(channels: network.input.channels)
        }
    }

    /// What becomes of images, for reports.
    func text(holdsBytes: Bool, isSynthetic: Bool) -> String {
        if isSynthetic { return "" }
        guard holdsBytes else { return "; floats, taken as they are" }
        guard let normalization else { return "; pixels 0...255, taken as they are" }
        return "; inputs (pixel / 255 - mean) / std, mean \(normalization.mean), std \(normalization.std)"
    }
}
