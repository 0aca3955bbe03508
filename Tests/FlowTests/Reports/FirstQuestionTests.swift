// Does the report answer the first questions: how long one image takes, how many there are in a second, what each layer
// waits for, and which key would change it?

import Configuration
import Diagnostics
import Flows
import Foundation
import Reports
import TestSupport
import Testing

@Suite struct FirstQuestionTests {
    private func outcome(_ changes: String...) throws -> SimulationOutcome {
        let workplace = try Scratch()
        let file = try workplace.write("tiny.yaml", Texts.tiny)
        let configuration = try Configuration.load(path: file, assignments: changes.map { ConfigAssignment($0) })
        return try Flow.simulate(SimulationRequest(configuration))
    }

    /// Images follow each other: the latency is one image's whatever their number.
    @Test(arguments: [1, 3])
    func latencyIsOfOneImage(images: Int) throws {
        let report = try outcome("network.input.count=\(images)", "host.fully_connected=true").report
        let one = report.layers.reduce(0) { $0 + $1.cycles }
        #expect(report.cycles.total == images * one)
        // 200 MHz.
        #expect(report.latencyS == Double(one) / 200e6)
        #expect(abs(report.throughputImagesPerS * Double(one) / 200e6 - 1) < 1e-12)
        #expect(report.totalS == Double(images * one) / 200e6)
        let operations = Double(2 * report.network.macs * images)
        #expect(abs(report.gops * report.totalS * 1e9 / operations - 1) < 1e-12)
        let bytes = Double(report.dram.readBytes + report.dram.writeBytes)
        let rate = try #require(report.memoryModel.bytesPerCycle) * 200e6
        #expect(abs(try #require(report.dram.bandwidthFraction) / (bytes / (report.totalS * rate)) - 1) < 1e-12)
    }

    /// The bound is the largest of five causes that sum to the layer's cycles.
    @Test(arguments: ["memory.model=fixed", "memory.model=ideal", "host.fully_connected=true", "memory.stall_seed=4"])
    func boundIsTheLargestCause(change: String) throws {
        let report = try outcome(change).report
        for layer in report.layers {
            let causes: [(LayerBound, Int)] = [
                (.compute, layer.computeCycles), (.loads, layer.stallLoad - layer.stallInstructions),
                (.instructions, layer.stallInstructions), (.stores, layer.stallStore), (.fillDrain, layer.fillDrain),
                (.host, layer.kind == "host" ? layer.cycles : 0),
            ]
            #expect(causes.reduce(0) { $0 + $1.1 } == layer.cycles, "\(layer.name)")
            #expect(causes.first { $0.0 == layer.bound }?.1 == causes.map(\.1).max(), "\(layer.name)")
            #expect(layer.reason.contains("of ") && layer.reason.contains("cycles"), "\(layer.name)")
        }
        #expect(report.layers.reduce(0) { $0 + $1.stallStore } == report.cycles.stallStore)
        #expect(report.layers.reduce(0) { $0 + $1.stallInstructions } == report.cycles.stallInstructions)
    }

    /// A buffer that is a little too small, the words for it, and what becomes of the cycles with the key that the hint
    /// names, really set.
    struct Cliff: CustomTestStringConvertible, Sendable {
        var layer: String
        var key: String
        var changes: [String]
        var words: String
        /// Whether it is bad enough for a warning.
        var isWarning: Bool
        var testDescription: String { changes.joined(separator: " ") }
    }

    /// block.conv2 has 16 input channels of 3 x 3: 2 groups of 8 inputs, 18 words of 8 x 8 weights of 5 bits, 720 bytes.
    static let cliffs = [
        Cliff(
            layer: "block.conv2", key: "buffers.weight_kib",
            changes: ["buffers.weight_kib=1", "quantization.weight_bits=5", "schedule.search=first-fit"],
            words: "weights of one output group need 1 KiB, half the buffer is 0.5: buffers.weight_kib 2",
            isWarning: true)
    ]

    @Test(arguments: cliffs)
    func hintMakesTheLayerFaster(_ cliff: Cliff) throws {
        let workplace = try Scratch()
        let file = try workplace.write("tiny.yaml", Texts.tiny)
        func run(_ changes: [String]) throws -> SimulationOutcome {
            let configuration = try Configuration.load(path: file, assignments: changes.map { ConfigAssignment($0) })
            return try Flow.simulate(SimulationRequest(configuration))
        }
        let before = try run(cliff.changes)
        let layer = try #require(before.report.layers.first { $0.name == cliff.layer })
        let hint = try #require(layer.hint)
        #expect(hint.hasPrefix(cliff.words))
        let value = try #require(hint.firstMatch(of: try Regex("\\Q\(cliff.key)\\E ([0-9]+)"))?.output[1].substring)
        let after = try run(cliff.changes + ["\(cliff.key)=\(value)"])
        let faster = try #require(after.report.layers.first { $0.name == cliff.layer })
        let told = try #require(hint.firstMatch(of: #/predicted ([0-9,]+) cycles instead of ([0-9,]+)/#)).output
        let needed = try #require(Int(told.1.replacing(",", with: "")))
        let present = try #require(Int(told.2.replacing(",", with: "")))
        #expect(needed * 10 <= present * 8)
        #expect(faster.predictedCycles == faster.cycles && faster.cycles * 10 <= layer.cycles * 8)
        #expect(after.report.functional?.outputSha256 == before.report.functional?.outputSha256)
        // One KiB less does not do.
        let less = try run(cliff.changes + ["\(cliff.key)=\((Int(value) ?? 0) - 1)"])
        let slower = try #require(less.report.layers.first { $0.name == cliff.layer })
        #expect(slower.predictedCycles > faster.predictedCycles)

        let warnings = before.report.warnings.filter { $0.kind == .cliff }
        #expect(warnings.count == (cliff.isWarning ? 1 : 0) && !after.report.warnings.contains { $0.kind == .cliff })
        for warning in warnings {
            #expect(warning.key == cliff.key && warning.text.contains(hint))
            #expect(before.text.contains("warning: \(warning)"))
            let sets = cliff.changes.flatMap { ["--set", $0] }
            let program = try Program.run(["simulate", "tiny.yaml", "--quiet"] + sets, in: workplace)
            #expect(program.errors == "shiftsim: warning: \(warning)\n")
        }
    }
}
