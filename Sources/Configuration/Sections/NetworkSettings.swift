// Section `network`: which network, with which weights, on which images.

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

    package var model: Model
    /// A name of `ImageReader.namedSources`, or an absolute path.
    package var images: String
    package var count: Int
    package var first: Int
    /// Seed of synthetic images.
    package var imageSeed: Int
    /// Normalization of pixels in place of the model's or the source's own.
    package var mean: [Float]?
    package var std: [Float]?
    /// Folder of the configuration file: trained weights are looked for in its `models` folder.
    package var folder: String

    /// How many images a run may have.
    static let counts = 1...100_000

    init(_ node: ConfigNode?, file: String) throws {
        let keys = ["model", "weights", "seed", "input"]
        let section = try ConfigSection(node, path: "network", keys: keys, file: file)
        model = try NetworkSettings.model(section)
        let input = try ConfigSection(
            section.node("input"), path: "network.input",
            keys: ["images", "count", "first", "seed", "mean", "std"], file: file)
        images = try NetworkSettings.images(input)
        count = try input.integer("count", in: NetworkSettings.counts) ?? 1
        first = try input.integer("first", in: 0...Int(Int32.max)) ?? 0
        imageSeed = try input.integer("seed", in: 0...Int(Int32.max)) ?? 1
        mean = try NetworkSettings.numbers("mean", input, in: -1000...1000)
        std = try NetworkSettings.numbers("std", input, in: 1e-6...1000)
        if (mean == nil) != (std == nil) {
            throw input.error(mean == nil ? "std" : "mean", "needs the other one too: mean and std are given together")
        }
        folder = URL(fileURLWithPath: file).standardizedFileURL.deletingLastPathComponent().path
    }

    private static func model(_ section: ConfigSection) throws -> Model {
        let accepted = "a built-in name (\(BuiltInNetworks.names.joined(separator: ", "))) or a path ending in .onnx"
        let name = try section.required("model", try section.string("model", accepted: accepted), accepted: accepted)
        if name.lowercased().hasSuffix(".onnx") {
            for key in ["weights", "seed"] where applies(key, section) {
                throw section.error(key, "only for built-in networks; a model file has its own weights")
            }
            let folder = section.node("model")?.directory ?? ""
            return .file(path: absolute(name, from: folder))
        }
        guard BuiltInNetworks.names.contains(name) else {
            throw section.error("model", "'\(name)' is no built-in network; accepted: \(accepted)")
        }
        let isTrained = TrainedModels.names.contains(name)
        let words = isTrained ? ["trained", "synthetic"] : ["synthetic"]
        let origin = applies("weights", section) ? try section.word("weights", oneOf: words) ?? words[0] : words[0]
        let seed = applies("seed", section) ? try section.integer("seed", in: 0...Int(Int32.max)) : nil
        if origin == "trained" {
            if seed != nil { throw section.error("seed", "only for synthetic weights") }
            return .trained(name: name)
        }
        return .synthetic(name: name, seed: seed ?? 1)
    }

    /// A model given with `--set` replaces the file's network: what the file says of that network's weights goes with
    /// it, unless it too was given with `--set`.
    private static func applies(_ key: String, _ section: ConfigSection) -> Bool {
        guard let node = section.node(key) else { return false }
        let isReplaced = section.node("model")?.place.hasPrefix("--set") ?? false
        return !isReplaced || node.place.hasPrefix("--set")
    }

    private static func images(_ input: ConfigSection) throws -> String {
        let accepted = "fashion-mnist, synthetic, or a path of .bin, .idx.gz, .npy, .png or a folder of .png"
        let source = try input.string("images", accepted: accepted) ?? "synthetic"
        if ImageReader.namedSources.contains(source) { return source }
        let path = absolute(source, from: input.node("images")?.directory ?? "")
        guard FileManager.default.fileExists(atPath: path) else {
            throw input.error("images", "'\(source)' is no file or folder; accepted: \(accepted)")
        }
        return path
    }

    private static func numbers(
        _ key: String, _ input: ConfigSection, in range: ClosedRange<Double>
    ) throws -> [Float]? {
        let accepted =
            "a list of numbers in \(ConfigSection.text(range.lowerBound))..."
            + "\(ConfigSection.text(range.upperBound)), one a channel or one for all"
        let values = try input.list(key, accepted: accepted) { node -> Float? in
            guard let value = ConfigSection.number(node), range.contains(value) else { return nil }
            return Float(value)
        }
        if values?.isEmpty == true { throw input.error(key, "is empty; accepted: \(accepted)") }
        return values
    }

    static func absolute(_ path: String, from folder: String) -> String {
        let base = URL(fileURLWithPath: folder, isDirectory: true)
        return URL(fileURLWithPath: path, relativeTo: base).standardizedFileURL.path
    }
}
