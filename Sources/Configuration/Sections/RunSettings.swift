// Section `run`: what is computed and checked.

import Foundation

/// How a configuration is run.
package struct RunSettings: Sendable, Hashable {
    /// What a run computes.
    package enum Mode: String, Sendable, Hashable, CaseIterable {
        /// Data, cycles and toggles of every register.
        case full
        /// Data and cycles.
        case functional
        /// Cycles.
        case timing
    }

    /// Images that the array computes; the reference model computes the others, with the same bits.
    package enum ArrayImages: Sendable, Hashable {
        /// Every image of a small set, else a few.
        case automatic
        /// Every image.
        case all
        /// So many.
        case count(Int)

        /// The largest set of which `automatic` takes every image, and what it takes of a larger one.
        static let smallSet = 16
        static let sampled = 4

        /// Indices of the array's images among `count`: spread evenly, the first always.
        package func indices(of count: Int) -> [Int] {
            let images: Int
            switch self {
            case .automatic: images = count <= Self.smallSet ? count : Self.sampled
            case .all: images = count
            case .count(let asked): images = min(asked, count)
            }
            return (0..<images).map { $0 * count / images }
        }
    }

    /// What is computed.
    package var mode = Mode.full
    /// Whether every output of the array is compared with the reference model.
    package var check = true
    /// Images simulated at a time.
    package var threads = ProcessInfo.processInfo.activeProcessorCount
    /// Images that the array computes.
    package var arrayImages = ArrayImages.automatic
}

// MARK: - Keys

extension RunSettings {
    static let keys = [
        ConfigKey.word(
            "run.mode", \.run.mode,
            "`full` also counts toggles, `timing` computes no data; same bits, same cycles; see below"),
        ConfigKey.boolean("run.check", \.run.check, "compare every output of the array with the reference model"),
        ConfigKey.integer(
            "run.threads", \.run.threads, in: 1...256, "threads that simulate and check; changes no result"
        ).documented(default: "processors").changingNoResult,
        arrayImagesKey,
    ]

    private static let arrayImagesKey = ConfigKey(
        "run.array_images", .or("all", .integers(NetworkSettings.counts)),
        "images that the array computes, spread evenly over the set; see below"
    ) { section, name, configuration in
        guard let node = section.node(name) else { return }
        if case .scalar("all", _) = node.content {
            configuration.run.arrayImages = .all
        } else if let count = try section.integer(name, or: "all", in: NetworkSettings.counts) {
            configuration.run.arrayImages = .count(count)
        }
    } write: { configuration, _ in
        let count = configuration.network.count
        let images = configuration.run.arrayImages.indices(of: count).count
        return images == count ? "all" : "\(images)"
    }.rule { configuration in
        guard case .count(let asked) = configuration.run.arrayImages, asked > configuration.network.count else {
            return nil
        }
        return "is \(asked), network.input.count is \(configuration.network.count); accepted: all, "
            + "1...\(configuration.network.count)"
    }.documented(default: "all of up to 16 images, else 4")
}
