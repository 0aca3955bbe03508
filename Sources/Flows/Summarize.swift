// The flow behind `shiftsim networks`: a network's layers in numbers.

import Configuration
import Diagnostics
import Foundation
import NetworkReaders
import Networks
import Preparation
import Quantizer
import Reports
import Support

extension Flow {
    /// A built-in network, or the ONNX file at a path, for which `withPasses` adds the graph passes. Throws
    /// `InputError`.
    package static func summarize(_ name: String, withPasses: Bool = false) throws -> NetworkSummary {
        if name.lowercased().hasSuffix(".onnx") {
            let (network, passes) = try ONNXReader.readWithPasses(path: name)
            return NetworkSummary.figures(of: network, passes: withPasses ? passes + (try fusions(network)) : nil)
        }
        guard !withPasses else {
            throw InputError(at: "--passes", "'\(name.echoed)' is no model file; accepted: a file ending in .onnx")
        }
        return NetworkSummary.figures(
            of: try BuiltInNetworks.make(name: name, weights: .synthetic(seed: 1)), passes: nil)
    }

    /// What the quantizer will do with the layers, as further passes.
    private static func fusions(_ network: Network) throws -> [GraphPass] {
        let fusions = try Fusions(network)
        let found: [(GraphPass.Name, [String])] = [
            (.foldNormalization, fusions.folded), (.rewriteClip, fusions.clips),
            (.preActivate, fusions.preActivations), (.copy, fusions.copies),
        ]
        return found.filter { !$0.1.isEmpty }.map { GraphPass(name: $0.0, nodes: $0.1) }
    }

    /// The names of all built-in networks, and which have trained weights.
    package static var builtInNetworks: String {
        BuiltInNetworks.names.map { name in
            TrainedModels.names.contains(name) ? "\(name)  (trained weights)" : name
        }.joined(separator: "\n") + "\n"
    }

    /// The same as JSON.
    package static func builtInNetworksJSON() throws -> Data {
        struct Document: Encodable {
            struct Name: Encodable {
                var name: String
                var trained: Bool
            }
            var schema = "shiftsim.networks/1"
            var networks: [Name]
        }
        return try JSON.encode(
            Document(
                networks: BuiltInNetworks.names.map {
                    Document.Name(name: $0, trained: TrainedModels.names.contains($0))
                }))
    }
}
