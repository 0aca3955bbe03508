// Section `run`: what is computed and checked.

import Foundation
import Networks

/// How a configuration is run.
package struct RunSettings: Sendable, Hashable {
    /// What a run computes.
    package enum Mode: String, Sendable, Hashable, CaseIterable {
        /// Data, cycles and toggles of every register.
        case full
        /// Data and cycles.
        case functional
    }

    /// Images that the array computes; the reference model computes the others, with the same bits.
    package enum ArrayImages: Sendable, Hashable {
        /// Every image of a small set, else a few.
        case automatic
        case all
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

    package var mode: Mode
    /// Whether every output of the array is compared with the reference model.
    package var check: Bool
    package var threads: Int
    package var arrayImages: ArrayImages

    init(_ node: ConfigNode?, file: String) throws {
        let keys = ["mode", "check", "threads", "array_images"]
        let section = try ConfigSection(node, path: "run", keys: keys, file: file)
        let names = Mode.allCases.map(\.rawValue)
        mode = try section.word("mode", oneOf: names, later: ["timing"]).flatMap(Mode.init) ?? .full
        check = try section.boolean("check") ?? true
        threads = try section.integer("threads", in: 1...256) ?? ProcessInfo.processInfo.activeProcessorCount
        arrayImages = try RunSettings.arrayImages(section)
    }

    private static func arrayImages(_ section: ConfigSection) throws -> ArrayImages {
        let key = "array_images"
        guard let node = section.node(key) else { return .automatic }
        if case .scalar("all", _) = node.content { return .all }
        let counts = NetworkSettings.counts
        guard case .scalar(let text, true) = node.content, let count = Int(text), counts.contains(count) else {
            throw section.error(
                key, "\(node.summary); accepted: all, \(counts.lowerBound)...\(counts.upperBound) (integer)")
        }
        return .count(count)
    }
}
