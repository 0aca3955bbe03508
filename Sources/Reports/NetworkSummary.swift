// `shiftsim networks`: layers, shapes, multiply-accumulates and parameters.

import Foundation
import NetworkReaders
import Support

/// One layer in numbers.
package struct LayerSummary: Sendable, Codable, Equatable {
    /// Name of the layer.
    package var name: String
    /// What it computes.
    package var kind: String
    /// Names of layers, or "input".
    package var inputs: [String]
    /// Channels, rows, columns of the first input.
    package var input: [Int]
    /// Channels, rows, columns.
    package var output: [Int]
    /// Convolutions, and poolings that are not global.
    package var window: WindowSummary?
    /// Multiply-accumulates.
    package var macs: Int
    /// Weights, biases and normalization.
    package var parameters: Int
}

/// A sliding window, in elements.
package struct WindowSummary: Sendable, Codable, Equatable {
    /// Rows, columns.
    package var kernel: [Int]
    /// Rows, columns.
    package var stride: [Int]
    /// Rows, columns.
    package var dilation: [Int]
    /// Top, left, bottom, right.
    package var pads: [Int]
    /// Convolutions only.
    package var groups: Int?
}

/// A network in numbers.
package struct NetworkSummary: Sendable, Codable, Equatable {
    /// Name and version of the JSON's format.
    package var schema = "shiftsim.network/1"
    /// Name of the network.
    package var name: String
    /// Channels, rows, columns.
    package var input: [Int]
    /// What the weights are, where the network says so.
    package var weights: String?
    /// Multiply-accumulates of one image.
    package var macs: Int
    /// Weights, biases and normalization.
    package var parameters: Int
    /// In the order of the network.
    package var layers: [LayerSummary]
    /// What the reader did with the file's graph, if asked for.
    package var passes: [GraphPass]?

    /// JSON, keys in alphabetical order.
    package func json() throws -> Data { try JSON.encode(self) }

    /// The layers as a table, then the graph passes.
    package var text: String {
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
            lines +=
                [""] + TextTable.wrapped("pass \(pass.name.rawValue): \(pass.name.meaning)", indent: 2)
                + pass.nodes.flatMap { TextTable.wrapped("  \($0)", indent: 4) }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    static func text(_ sizes: [Int]) -> String { sizes.map(String.init).joined(separator: "x") }
}

extension WindowSummary {
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
