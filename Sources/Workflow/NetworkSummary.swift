// `shiftsim networks`: layers, shapes, multiply-accumulates and parameters.

import Foundation
import NetworkReaders
import Networks
import Quantizer

/// A network in numbers.
public struct NetworkSummary: Sendable, Codable, Equatable {
    /// One layer in numbers.
    public struct Layer: Sendable, Codable, Equatable {
        public var name: String
        public var kind: String
        /// Names of layers, or "input".
        public var inputs: [String]
        /// Channels, rows, columns of the first input.
        public var input: [Int]
        /// Channels, rows, columns.
        public var output: [Int]
        /// Convolutions, and poolings that are not global.
        public var window: Window?
        public var macs: Int
        public var parameters: Int
    }

    /// A sliding window, in elements.
    public struct Window: Sendable, Codable, Equatable {
        /// Rows, columns.
        public var kernel: [Int]
        public var stride: [Int]
        public var dilation: [Int]
        /// Top, left, bottom, right.
        public var pads: [Int]
        /// Convolutions only.
        public var groups: Int?
    }

    public var name: String
    /// Channels, rows, columns.
    public var input: [Int]
    /// What the weights are, where the network says so.
    public var weights: String?
    public var macs: Int
    public var parameters: Int
    public var layers: [Layer]
    /// What the reader did with the file's graph, if asked for.
    public var passes: [GraphPass]?

    /// A built-in network, or the ONNX file at a path, for which `withPasses` adds the graph passes. Throws
    /// `InputError`.
    public init(named name: String, withPasses: Bool = false) throws {
        let network: Network
        if name.lowercased().hasSuffix(".onnx") {
            let (read, passes) = try ONNXReader.readWithPasses(path: name)
            network = read
            self.passes = withPasses ? passes + (try NetworkSummary.fusions(read)) : nil
        } else if withPasses {
            throw InputError(at: "--passes", "'\(name)' is no model file; accepted: a file ending in .onnx")
        } else {
            network = try BuiltInNetworks.make(name: name, weights: .synthetic(seed: 1))
        }
        self.name = network.name
        weights = network.metadata["weights"]
        input = NetworkSummary.sizes(network.input)
        macs = network.macs
        parameters = network.parameters
        layers = network.layers.map { NetworkSummary.layer($0, of: network) }
    }

    private static func layer(_ layer: Networks.Layer, of network: Network) -> Layer {
        Layer(
            name: layer.name, kind: layer.kind.name, inputs: layer.inputs,
            input: sizes(network.shape(of: layer.inputs[0]) ?? network.input), output: sizes(layer.output),
            window: window(layer.kind), macs: layer.macs, parameters: layer.parameters)
    }

    private static func window(_ kind: LayerKind) -> Window? {
        switch kind {
        case .convolution(let window, _, let groups, _, _): self.window(window, groups: groups)
        case .maxPool(let window), .averagePool(let window, _): self.window(window, groups: nil)
        default: nil
        }
    }

    private static func window(_ window: Networks.Window, groups: Int?) -> Window {
        Window(
            kernel: [window.kernelHeight, window.kernelWidth], stride: [window.strideHeight, window.strideWidth],
            dilation: [window.dilationHeight, window.dilationWidth],
            pads: [window.padTop, window.padLeft, window.padBottom, window.padRight], groups: groups)
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

    private static func sizes(_ shape: Shape) -> [Int] { [shape.channels, shape.height, shape.width] }

    /// JSON, keys in alphabetical order.
    public func json() throws -> Data { try Report.encoder().encode(self) + Data("\n".utf8) }

    /// The layers as a table, then the graph passes.
    public var text: String {
        var table = TextTable(["layer", "kind", "output", "window", "MACs", "parameters"], left: [0, 1, 2, 3])
        for layer in layers {
            table.add([
                layer.name, layer.kind, NetworkSummary.text(layer.output), layer.window.map(\.text) ?? "",
                TextTable.grouped(layer.macs), TextTable.grouped(layer.parameters),
            ])
        }
        table.add(["total", "", "", "", TextTable.grouped(macs), TextTable.grouped(parameters)])
        var lines = ["\(name), input \(NetworkSummary.text(input))"]
        if let weights { lines.append("weights: \(weights)") }
        lines += table.lines
        for pass in passes ?? [] {
            lines += ["", "pass \(pass.name.rawValue): \(pass.name.meaning)"] + pass.nodes.map { "  \($0)" }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    static func text(_ sizes: [Int]) -> String { sizes.map(String.init).joined(separator: "x") }

    /// The names of all built-in networks, and which have trained weights.
    public static var listing: String {
        BuiltInNetworks.names.map { name in
            TrainedModels.names.contains(name) ? "\(name)  (trained weights)" : name
        }.joined(separator: "\n") + "\n"
    }

    /// The same as JSON.
    public static func listingJSON() throws -> Data {
        struct Name: Codable {
            var name: String
            var trained: Bool
        }
        let names = BuiltInNetworks.names.map { Name(name: $0, trained: TrainedModels.names.contains($0)) }
        return try Report.encoder().encode(names) + Data("\n".utf8)
    }
}

extension NetworkSummary.Window {
    /// "3x3 /2 pads 1,1,1,1 groups 2": kernel, and what differs from stride 1, no padding, dilation 1, one group.
    var text: String {
        var parts = [NetworkSummary.text(kernel)]
        if stride != [1, 1] { parts.append(stride[0] == stride[1] ? "/\(stride[0])" : "/\(stride[0]),\(stride[1])") }
        if pads != [0, 0, 0, 0] { parts.append("pads " + pads.map(String.init).joined(separator: ",")) }
        if dilation != [1, 1] { parts.append("dilation " + dilation.map(String.init).joined(separator: ",")) }
        if let groups, groups > 1 { parts.append("groups \(groups)") }
        return parts.joined(separator: " ")
    }
}
