// `shiftsim networks`: layers, shapes, multiply-accumulates and parameters.

import Foundation
import NetworkReaders
import Networks

/// A network in numbers.
public struct NetworkSummary: Sendable, Codable, Equatable {
    /// One layer in numbers.
    public struct Layer: Sendable, Codable, Equatable {
        public var name: String
        public var kind: String
        public var inputs: [String]
        /// Channels, rows, columns.
        public var output: [Int]
        public var macs: Int
        public var parameters: Int
    }

    public var name: String
    /// Channels, rows, columns.
    public var input: [Int]
    public var macs: Int
    public var parameters: Int
    public var layers: [Layer]

    /// A built-in network, or the ONNX file at a path. Throws `InputError`.
    public init(named name: String) throws {
        let network =
            name.lowercased().hasSuffix(".onnx")
            ? try ONNXReader.read(path: name) : try BuiltInNetworks.make(name: name, weights: .synthetic(seed: 1))
        self.name = network.name
        input = NetworkSummary.sizes(network.input)
        macs = network.macs
        parameters = network.parameters
        layers = network.layers.map {
            Layer(
                name: $0.name, kind: $0.kind.name, inputs: $0.inputs, output: NetworkSummary.sizes($0.output),
                macs: $0.macs, parameters: $0.parameters)
        }
    }

    private static func sizes(_ shape: Shape) -> [Int] { [shape.channels, shape.height, shape.width] }

    /// JSON, keys in alphabetical order.
    public func json() throws -> Data { try Report.encoder().encode(self) + Data("\n".utf8) }

    /// The layers as a table.
    public var text: String {
        var table = TextTable(["layer", "kind", "output", "MACs", "parameters"], left: [0, 1, 2])
        for layer in layers {
            table.add([
                layer.name, layer.kind, layer.output.map(String.init).joined(separator: "x"),
                TextTable.grouped(layer.macs), TextTable.grouped(layer.parameters),
            ])
        }
        table.add(["total", "", "", TextTable.grouped(macs), TextTable.grouped(parameters)])
        let heading = "\(name), input \(input.map(String.init).joined(separator: "x"))"
        return ([heading] + table.lines).joined(separator: "\n") + "\n"
    }

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
