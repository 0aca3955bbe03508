import Configuration
import Diagnostics
import Flows
import Foundation
import NetworkReaders
import Networks
import Reports
import Support
import TestSupport
import Testing

/// Does `estimate` speak of the design that `simulate` runs?
@Suite struct EstimateTests {
    /// A random model in a file, and a configuration of the kinds that make a design depend on its network: widths that
    /// follow from the weights, pre-activation, dilation, fully connected layers on the host.
    private static func arrange(_ seed: UInt64, in scratch: Scratch) throws -> Configuration {
        var random = SeededGenerator(seed: seed)
        func pick<Value>(_ values: [Value]) -> Value { values.randomElement(using: &random)! }
        let model = try scratch.file("model.onnx", ONNXWriter.data(RandomNetwork.make(seed: seed)))
        let pe = pick(["svpe", "vpe"])
        let scheme = pick(pe == "svpe" ? ["n-bq", "lightnn-2", "flightnn"] : ["fixed", "n-bq", "lightnn-1"])
        var settings = [
            "network.model=\(model)", "quantization.scheme=\(scheme)", "array.pe=\(pe)",
            "array.outputs=\(pick([4, 8]))", "array.inputs=\(pick([4, 8]))",
            "quantization.activation_bits=\(pick([8, 16, 16]))",
            "quantization.activation_scale=\(pick(["power-of-two", "multiplier"]))",
            "host.fully_connected=\(Bool.random(using: &random))", "array.pre_activation=\(pick(["auto", "true"]))",
        ]
        if scheme == "fixed" { settings.append("quantization.weight_bits=8") }
        if Int.random(in: 0...2, using: &random) == 0 {
            settings += ["array.family=convolver", "array.kernel=\(pick([5, 7, 11]))", "device.allow_overflow=true"]
        } else {
            settings += ["array.pixels=\(pick([1, 1, 2]))", "array.dilation=\(pick(["auto", "true"]))"]
        }
        let base = try scratch.write("base.yaml", base)
        return try Configuration.load(path: base, assignments: settings.map { ConfigAssignment($0) })
    }

    private static let base = """
        version: 1
        network: {model: tiny, weights: synthetic, input: {images: synthetic}}
        quantization: {scheme: n-bq, weight_bits: 4}
        buffers: {ifmap_kib: 64, weight_kib: 64, ofmap_kib: 64}
        run: {mode: functional, threads: 1}
        """

    /// 200 pairs; a pair that cannot be simulated is refused by `estimate` in the same words, unless its design does not
    /// fit, of which `estimate` tells by its status.
    @Test func isTheDesignThatRuns() throws {
        var compared = 0
        var preActivated = 0
        for seed in UInt64(1)...200 {
            let scratch = try Scratch()
            let configuration: Configuration
            do { configuration = try Self.arrange(seed, in: scratch) } catch is InputError { continue }
            let estimate = Result { try Flow.estimate(configuration) }
            let run = Result { try Flow.simulate(SimulationRequest(configuration)).report }
            switch (run, estimate) {
            case (.success(let report), .success(let expected)):
                compared += 1
                preActivated += expected.buffers.contains { $0.name == "pre-activation" } ? 1 : 0
                #expect(report.resources == expected.resources, "seed \(seed)")
                #expect(report.design.weightBits == expected.weightBits, "seed \(seed)")
                #expect(report.design.accumulatorBits == expected.accumulatorBits, "seed \(seed)")
                #expect(report.design.lanes == expected.lanes, "seed \(seed)")
                #expect(report.cycles.predicted == expected.predictedCycles, "seed \(seed)")
                #expect(report.warnings.filter { $0.kind != .unchecked } == expected.warnings, "seed \(seed)")
            case (.success, .failure(let error)): Issue.record("seed \(seed): estimate refuses what runs: \(error)")
            case (.failure(let error), .success(let expected)):
                #expect(error is DoesNotFit && !expected.resources.fits, "seed \(seed): \(error)")
            case (.failure(let error), .failure(let other)):
                #expect("\(error)" == "\(other)", "seed \(seed)")
            }
        }
        #expect(compared >= 120, "\(compared) pairs ran")
        #expect(preActivated >= 20, "\(preActivated) of them with hardware that depends on the network")
    }

    /// Cycles, latency and rate are the schedule's, those of the host included, and on standard output as such.
    @Test(arguments: ["host.fully_connected=false", "host.fully_connected=true"])
    func prediction(change: String) throws {
        let workplace = try Scratch()
        let file = try workplace.write("tiny.yaml", Texts.tiny)
        let configuration = try Configuration.load(path: file, assignments: [ConfigAssignment(change)])
        let estimate = try Flow.estimate(configuration)
        let report = try Flow.simulate(SimulationRequest(configuration)).report
        let cycles = try #require(estimate.predictedCycles)
        #expect(cycles == report.cycles.predicted && cycles == report.layers.reduce(0) { $0 + $1.predictedCycles })
        #expect(estimate.latencyS == Double(cycles) / 200e6 && estimate.throughputImagesPerS == 200e6 / Double(cycles))
        let text = try Program.run(["estimate", "tiny.yaml", "--set", change], in: workplace)
        #expect(text.code == 0 && text.output.contains("predicted: \(TextTable.grouped(cycles)) cycles, latency "))
    }

    /// The largest array, 64 x 64 x 4, on the largest part; the table names what the part has, and of UltraRAM that none is
    /// used.
    @Test func largestArray() throws {
        let workplace = try Scratch()
        try workplace.write("tiny.yaml", Texts.tiny)
        let changes = [
            "array.outputs=64", "array.inputs=64", "array.pixels=4", "device.part=xcu250", "buffers.ifmap_kib=64",
            "buffers.weight_kib=64", "buffers.ofmap_kib=64",
        ]
        let text = try Program.run(["estimate", "tiny.yaml"] + changes.flatMap { ["--set", $0] }, in: workplace)
        #expect(text.code == 0 && text.output.hasPrefix("16384 svpe lanes at 200 MHz: peak 6,553.6 GOPS\n"))
        let uram = text.output.split(separator: "\n").first { $0.hasPrefix("URAM288") }
        #expect(uram?.split(separator: " ") == ["URAM288", "0", "1,280", "0.0", "%"])
        let small = try Program.run(
            ["estimate", "tiny.yaml", "--set", "device.part=xc7z045"], in: workplace)
        #expect(small.code == 0 && small.output.contains("\nDSP48E1 ") && !small.output.contains("URAM288"))
    }

    /// A design that does not fit has its figures all the same, and a network that cannot be scheduled on a design that
    /// may run is refused as `simulate` refuses it.
    @Test func networkThatCannotBeScheduled() throws {
        let workplace = try Scratch()
        try workplace.write("tiny.yaml", Texts.tiny)
        func run(_ command: String, _ changes: String...) throws -> Program.Result {
            let quiet = command == "simulate" ? ["--quiet"] : []
            return try Program.run([command, "tiny.yaml"] + quiet + changes.flatMap { ["--set", $0] }, in: workplace)
        }
        // Half a KiB holds 8 words of 32 inputs of 16 bits, a window 9.
        let changes = ("buffers.ifmap_kib=1", "array.inputs=32", "schedule.search=first-fit")
        let refused = try run("estimate", changes.0, changes.1, changes.2)
        #expect(refused.code == 2 && refused.errors.contains("layer ") && refused.output.isEmpty)
        #expect(try run("simulate", changes.0, changes.1, changes.2).errors == refused.errors)
    }
}
