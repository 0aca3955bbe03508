// Does every table fit 80 columns, or the place it is given, without losing a word?

import Configuration
import Flows
import Foundation
import NetworkReaders
import Networks
import Reports
import Support
import TestSupport
import Testing

@Suite struct TableWidthTests {
    /// Commands whose standard output, or for a sweep standard error, has tables.
    static let commands = [
        "simulate long.yaml --quiet", "simulate flight.yaml --quiet", "estimate long.yaml", "schedule long.yaml",
        "sweep sweep.yaml",
        "networks resnet20-fmnist", "networks long.onnx --passes", "doctor",
        "quantize long.onnx -o out.onnx --set network.input.images=synthetic",
        "quantize tiny -o out.onnx --scheme flightnn",
    ]

    private static let name = "a_layer_whose_name_is_as_long_as_an_exporter_makes_them_with_all_modules_in_it"

    private func arrange() throws -> Scratch {
        let workplace = try Scratch()
        var network = try BuiltInNetworks.make(name: "tiny", weights: .synthetic(seed: 1))
        for index in network.layers.indices {
            let old = network.layers[index].name
            let new = "\(Self.name)/\(index)"
            network.layers[index].name = new
            for other in network.layers.indices {
                network.layers[other].inputs = network.layers[other].inputs.map { $0 == old ? new : $0 }
            }
        }
        try workplace.file("long.onnx", ONNXWriter.data(network))
        try workplace.write("tiny.yaml", Texts.tiny)
        try workplace.write("flight.yaml", try #require(Texts.tiny("scheme: n-bq", "scheme: flightnn")))
        let model = "model: long.onnx"
        try workplace.write(
            "long.yaml",
            try #require(Texts.tiny("model: tiny\n  weights: synthetic", model)).replacingOccurrences(
                of: "weight_kib: 16", with: "weight_kib: 1"))
        try workplace.write("sweep.yaml", Texts.sweep)
        return workplace
    }

    @Test(arguments: commands)
    func noLineIsWider(command: String) throws {
        let workplace = try arrange()
        let run = try Program.run(command.split(separator: " ").map(String.init), in: workplace)
        #expect(run.code == 0, "\(run.errors)")
        let text = command.hasPrefix("sweep") ? run.errors : run.output
        let lines = text.split(separator: "\n").filter { !$0.hasPrefix("warning: ") && !$0.hasPrefix("shiftsim: ") }
        #expect(lines.count > 2)
        for line in lines { #expect(line.count <= 80, "\(line)") }
        if command.contains("long") && !command.hasPrefix("estimate") {
            let letters = text.filter { !$0.isWhitespace }
            #expect(letters.contains(Self.name.prefix(30)))
        }
    }

    /// Random tables in random places: every cell is there, every line fits, a row's first cell stands in each part.
    @Test(arguments: UInt64(1)...50)
    func randomTables(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let columns = Int.random(in: 1...9, using: &random)
        var table = TextTable((0..<columns).map { "h\($0)" })
        var cells: [String] = []
        for row in 0..<4 {
            let texts = (0..<columns).map { column -> String in
                let length = Int.random(in: 0...(column == 0 ? 60 : 30), using: &random)
                return "\(row)\(column)" + String(repeating: "x", count: length)
            }
            table.add(texts)
            cells += texts
        }
        let width = Int.random(in: 40...120, using: &random)
        let lines = TextTable.$width.withValue(width) { table.lines }
        for line in lines { #expect(line.count <= width) }
        let natural = TextTable.$width.withValue(1000) { table.lines }
        #expect(natural.count == 5)
        for column in 0..<columns { #expect(lines.contains { $0.contains("h\(column)") }) }
        let count = lines.joined().count { $0 == "x" }
        let parts = lines.count { $0.hasPrefix("h0") }
        let first = stride(from: 0, to: cells.count, by: columns).map { cells[$0].count - 2 }.reduce(0, +)
        #expect(count == cells.map { $0.count - 2 }.reduce(0, +) + (parts - 1) * first)
    }

    @Test func textIsWrappedAtBlanks() {
        #expect(TextTable.wrapped("one two three", width: 9, indent: 2) == ["one two", "  three"])
        #expect(TextTable.wrapped("abcdefghij", width: 4) == ["abcd", "efgh", "ij"])
        #expect(TextTable.wrapped("", width: 4) == [""])
        #expect(TextTable.wrapped("abcd efgh", width: 4) == ["abcd", "efgh"])
    }
}
