// Does `shiftsim networks` say what a network is, and what became of a model's nodes?

import Foundation
import NetworkReaders
import Networks
import TestSupport
import Testing

@testable import Flows
@testable import Reports

struct NetworkSummaryTests {
    @Test func layersHaveShapesAndWindows() throws {
        let summary = try Flow.summarize("alexnet-grouped")
        let second = try #require(summary.layers.first { $0.name == "conv2" })
        #expect(second.input == [96, 27, 27] && second.output == [256, 27, 27])
        let window = WindowSummary(
            kernel: [5, 5], stride: [1, 1], dilation: [1, 1], pads: [2, 2, 2, 2], groups: 2)
        #expect(second.window == window)
        #expect(summary.layers.first { $0.kind == "relu" }?.window == nil)
        #expect(summary.weights?.hasPrefix("synthetic, seed 1: He-normal") == true)
        #expect(summary.text.contains("5x5 pads 2,2,2,2 groups 2"))
        let first = try #require(summary.layers.first)
        #expect(first.window?.text == "11x11 /4")
        let json = try JSONSerialization.jsonObject(with: summary.json()) as? [String: Any]
        let layers = try #require(json?["layers"] as? [[String: Any]])
        #expect(layers.count == summary.layers.count)
        let keys = ["name", "kind", "input", "inputs", "output", "window", "macs", "parameters"]
        #expect(Set(layers[0].keys) == Set(keys))
        #expect(json?["macs"] as? Int == 724_406_816)
        #expect(json?["passes"] == nil)
    }

    @Test func passesNameTheNodes() throws {
        let workplace = try Scratch()
        let path = workplace.path("m.onnx")
        // A shortcut that subsamples and pads: Slice and Pad in a file.
        let network = try BuiltInNetworks.make(name: "tiny", weights: .synthetic(seed: 1))
        try ONNXWriter.data(network).write(to: URL(fileURLWithPath: path))
        let summary = try Flow.summarize(path, withPasses: true)
        let merged = try #require(summary.passes?.first { $0.name == .mergeShortcut })
        #expect(merged.nodes == ["block.short/pad (Pad, into block.short)"])
        #expect(summary.text.contains("pass merge-shortcut: Pad joins the Slice before it: a ResNet shortcut\n"))
        #expect(try Flow.summarize(path).passes == nil)
        #expect(summary.layers.map(\.name) == network.layers.map(\.name))
    }
}
