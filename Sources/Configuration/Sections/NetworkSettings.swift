// Section `network`: which network, with which weights, on which images.

import Diagnostics
import Foundation
import NetworkReaders
import Networks

/// Which network is run on which images.
package struct NetworkSettings: Sendable, Hashable {
    /// Where the network comes from.
    package enum Model: Sendable, Hashable {
        /// A built-in topology with weights drawn from a seed.
        case synthetic(name: String, seed: Int)
        /// A built-in name with the weights that this project ships.
        case trained(name: String)
        /// An ONNX file, by absolute path.
        case file(path: String)
    }

    /// The network and its weights.
    package var model = Model.synthetic(name: "", seed: 1)
    /// A name of `ImageReader.namedSources`, or an absolute path.
    package var images = "synthetic"
    /// Number of images.
    package var count = 1
    /// Index of the first image.
    package var first = 0
    /// Seed of synthetic images.
    package var imageSeed = 1
    /// A part of the normalization of pixels.
    package enum PixelValues: Sendable, Hashable {
        /// The model's; where it has none, pixels stay as they are.
        case automatic
        /// Pixels stay as they are.
        case none
        /// One value, or one a channel.
        case list([Float])
    }

    /// Classes of the images: an absolute path; nil takes those that the source has.
    package var labels: String?
    /// Normalization of pixels; of the same kind as `std`.
    package var mean = PixelValues.automatic
    /// See `mean`.
    package var std = PixelValues.automatic
    /// Folder of the configuration file: trained weights are looked for in its `models` folder.
    package var folder = ""

    /// How many images a run may have.
    static let counts = 1...100_000
    private static let indices = 0...Int(Int32.max)
}

// MARK: - Keys of the model

extension NetworkSettings {
    static let keys = [modelKey, weightsKey, seedKey] + inputKeys

    private static let modelKey = ConfigKey(
        "network.model", .text("a name of `shiftsim networks`, or a path ending in `.onnx`"), "the network"
    ) { section, name, configuration in
        let accepted = "a built-in name (\(BuiltInNetworks.names.joined(separator: ", "))) or a path ending in .onnx"
        let model = try section.required(name, try section.string(name, accepted: accepted), accepted: accepted)
        if model.lowercased().hasSuffix(".onnx") {
            configuration.network.model = .file(path: section.absolute(model, name))
        } else if BuiltInNetworks.names.contains(model) {
            configuration.network.model = .synthetic(name: model, seed: 1)
        } else {
            let meant = Suggestion.text(for: model, among: BuiltInNetworks.names)
            throw section.error(name, "'\(model.echoed)' is no built-in network\(meant); accepted: \(accepted)")
        }
    } write: { configuration, form in
        switch configuration.network.model {
        case .synthetic(let name, _), .trained(let name): name
        case .file(let path): ConfigKey.path(path, form)
        }
    }.required

    private static let weightsKey = ConfigKey(
        "network.weights", .words(["trained", "synthetic"], later: []),
        "built-in names only; a model given with `--set` replaces the file's network, weights included"
    ) { section, key, configuration in
        let isGiven = applies(key, section)
        switch configuration.network.model {
        case .file:
            if isGiven { configuration.conflict("network.\(key)", onlyBuiltIn) }
        case .synthetic(let name, _), .trained(let name):
            let isTrained = TrainedModels.names.contains(name)
            let word = isGiven ? try section.word(key, oneOf: ["trained", "synthetic"]) : nil
            if word == "trained" && !isTrained {
                configuration.conflict(
                    "network.\(key)",
                    "is 'trained'; there are trained weights of \(TrainedModels.names.joined(separator: ", ")); "
                        + "accepted for \(name): synthetic")
            } else if isTrained && word != "synthetic" {
                configuration.network.model = .trained(name: name)
            }
        }
    } write: { configuration, _ in
        switch configuration.network.model {
        case .synthetic: "synthetic"
        case .trained: "trained"
        case .file: nil
        }
    }.documented(
        accepted: "`trained` (\(TrainedModels.names.joined(separator: ", "))), `synthetic`",
        default: "`trained` where there are any")

    private static let seedKey = ConfigKey(
        "network.seed", .integers(indices),
        "of synthetic weights: N(0, 2 / fan-in), biases within 0.05, normalization with scales of 0.8...1.2 (0.2...0.3 "
            + "last in a residual branch) and shifts within 0.1; realistic in distribution, and they classify nothing"
    ) { section, key, configuration in
        guard applies(key, section) else { return }
        let given = try section.integer(key, in: indices)
        switch configuration.network.model {
        case .file: configuration.conflict("network.\(key)", onlyBuiltIn)
        case .trained: configuration.conflict("network.\(key)", "only for synthetic weights")
        case .synthetic(let name, let seed):
            configuration.network.model = .synthetic(name: name, seed: given ?? seed)
        }
    } write: { configuration, _ in
        guard case .synthetic(_, let seed) = configuration.network.model else { return nil }
        return "\(seed)"
    }

    private static let onlyBuiltIn = "only for built-in networks; a model file has its own weights"

    /// A model given with `--set` replaces the file's network: what the file says of that network's weights goes with
    /// it, unless it too was given with `--set`.
    private static func applies(_ key: String, _ section: ConfigSection) -> Bool {
        guard let node = section.node(key) else { return false }
        let isReplaced = section.node("model")?.place.hasPrefix("--set") ?? false
        return !isReplaced || node.place.hasPrefix("--set")
    }
}

// MARK: - Keys of the images

extension NetworkSettings {
    private static let inputKeys = [
        ConfigKey.images(
            "network.input.images", \.network.images,
            accepted: "fashion-mnist, synthetic, or a path of .bin, .idx.gz, .npy, .png or a folder of .png",
            "the images"
        ).documented(
            accepted: "`fashion-mnist`, `synthetic`, or a path: CIFAR-10 `.bin`, `.idx` or `-ubyte` (also `.gz`), "
                + "`.npy`, `.png`, a folder of `.png`"),
        ConfigKey.integer("network.input.count", \.network.count, in: counts, "how many"),
        ConfigKey.integer("network.input.first", \.network.first, in: indices, "index of the first"),
        ConfigKey.integer("network.input.seed", \.network.imageSeed, in: indices, "of synthetic images"),
        labelsKey,
        normalizationKey(
            "network.input.mean", \.network.mean, in: -1000...1000,
            "of 8-bit images, in pixels / 255: value = (pixel / 255 - mean) / std; with `std` or not at all"
        ),
        normalizationKey(
            "network.input.std", \.network.std, in: 1e-6...1000,
            "of 8-bit images, in pixels / 255; with `mean` or not at all"),
    ]

    private static let labelsKey = ConfigKey(
        "network.input.labels", .text("`auto`, or a path: " + LabelReader.accepted),
        "classes of the images in the source, from which follows the accuracy; `auto`: those that the source has"
    ) { section, name, configuration in
        let accepted = "auto, or a path of \(LabelReader.accepted)"
        guard let path = try section.string(name, accepted: accepted), path != "auto" else { return }
        configuration.network.labels = try section.existing(path, name, accepted: accepted)
    } write: { configuration, form in
        configuration.network.labels.map { ConfigKey.path($0, form) } ?? "auto"
    }

    /// Both are lists, or both `none`, or neither is given.
    private static func pairing(_ configuration: Configuration) -> String? {
        switch (configuration.network.mean, configuration.network.std) {
        case (.list, .list), (.none, .none), (.automatic, .automatic): nil
        case (.list, _), (.none, _), (.automatic, _): "needs the other one too: mean and std are given together"
        }
    }

    private static func normalizationKey(
        _ path: String, _ field: ConfigKey.Field<PixelValues>, in range: ClosedRange<Double>, _ help: String
    ) -> ConfigKey {
        ConfigKey(path, .or("none", .list(.numbers(range), counts: 1...Int.max)), help) {
            section, name, configuration in
            if case .scalar("none", _) = section.node(name)?.content {
                configuration[keyPath: field] = .none
                return
            }
            let accepted =
                "none, or a list of numbers in \(ConfigSection.text(range.lowerBound))..."
                + "\(ConfigSection.text(range.upperBound)), one a channel or one for all"
            let values = try section.list(name, accepted: accepted) { node -> Float? in
                guard let value = ConfigSection.number(node), range.contains(value) else { return nil }
                return Float(value)
            }
            if values?.isEmpty == true { throw section.error(name, "is empty; accepted: \(accepted)") }
            configuration[keyPath: field] = values.map(PixelValues.list) ?? .automatic
        } write: { configuration, _ in
            switch configuration[keyPath: field] {
            case .automatic: nil
            case .none: "none"
            case .list(let values): "\(values)"
            }
        }.rule(pairing).documented(
            accepted: "`none`, or a list of 1 number, or 1 a channel", default: "the model's, else `none`; see below")
    }
}
