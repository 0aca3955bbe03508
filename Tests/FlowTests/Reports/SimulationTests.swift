// Does a run end with results that agree with each other, with the reference model and with a second run?

import Configuration
import Diagnostics
import Flows
import Foundation
import NetworkReaders
import Networks
import Reports
import Sweep
import TestSupport
import Testing

@Suite struct SimulationTests {
    private func configuration(_ workplace: Scratch, _ changes: String...) throws -> Configuration {
        let file = try workplace.write("tiny.yaml", Texts.tiny)
        return try Configuration.load(path: file, assignments: changes.map { ConfigAssignment($0) })
    }

    @Test(arguments: [
        ["array.pe=svpe"], ["array.pe=vpe"],
        ["quantization.scheme=fixed", "quantization.weight_bits=8", "array.pe=vpe"],
        ["quantization.activation_bits=8"], ["memory.model=ideal"], ["array.pixels=2", "array.inputs=4"],
        ["memory.stall_seed=7"], ["quantization.weight_bits=1"], ["quantization.weight_bits=5"],
    ])
    func resultsAgree(changes: [String]) throws {
        let workplace = try Scratch()
        let file = try workplace.write("tiny.yaml", Texts.tiny)
        let configuration = try Configuration.load(path: file, assignments: changes.map { ConfigAssignment($0) })
        let outcome = try Flow.simulate(SimulationRequest(configuration, directory: workplace.path("out")))
        let report = outcome.report
        #expect(outcome.isCorrect && report.functional?.checked == 10)
        let cycles = report.cycles
        #expect(cycles.total == cycles.compute + cycles.stallLoad + cycles.stallStore + cycles.fillDrain)
        #expect(report.layers.reduce(0) { $0 + $1.cycles } == cycles.total)
        #expect(report.layers.allSatisfy { $0.cycles == $0.endCycle - $0.startCycle })
        #expect(report.layers.allSatisfy { $0.cycles == $0.computeCycles + $0.stallCycles + $0.fillDrain })
        #expect(report.layers.reduce(0) { $0 + $1.dramReadBytes } <= report.dram.readBytes)
        #expect(report.utilization > 0 && report.utilization <= 1)
        #expect(try workplace.contents() == ["out", "tiny.yaml"])
    }

    /// Cycles of the host are those of its layers, and in the total.
    @Test func fullyConnectedLayersRunOnTheHost() throws {
        let workplace = try Scratch()
        let outcome = try Flow.simulate(
            SimulationRequest(try configuration(workplace, "host.fully_connected=true", "network.input.count=2")))
        let report = outcome.report
        #expect(outcome.isCorrect && report.functional?.checked == 20)
        let host = report.layers.filter { $0.kind == "host" }
        #expect(host.map(\.name) == ["fc"])
        #expect(host.allSatisfy { $0.cycles > 0 && $0.cycles == $0.predictedCycles && $0.utilization == 0 })
        #expect(report.cycles.host == 2 * host.reduce(0) { $0 + $1.cycles })
        #expect(report.cycles.total == 2 * report.layers.reduce(0) { $0 + $1.cycles })
        #expect(outcome.text.contains("host (time model)"))
        let array = try Flow.simulate(SimulationRequest(try configuration(workplace))).report
        #expect(array.cycles.host == nil)
        #expect(array.functional?.outputSha256 != "" && array.layers.allSatisfy { $0.kind != "host" })
    }

    /// Hardware that the network does not need changes loads, and no bit.
    @Test func optionalHardwareChangesNoBit() throws {
        let workplace = try Scratch()
        let plain = try Flow.simulate(SimulationRequest(try configuration(workplace))).report
        let more = try Flow.simulate(
            SimulationRequest(
                try configuration(workplace, "array.pre_activation=true", "array.dilation=true"))
        ).report
        #expect(plain.functional?.outputSha256 == more.functional?.outputSha256)
        #expect(plain.cycles.compute == more.cycles.compute && plain.cycles.total < more.cycles.total)
        #expect(plain.resources.dsp.used + 8 == more.resources.dsp.used)
        let estimate = try Flow.estimate(
            try configuration(workplace, "array.pre_activation=true", "array.dilation=true"))
        #expect(estimate.resources == more.resources)
    }

    @Test func everyFileIsThereAndNothingElse() throws {
        let workplace = try Scratch()
        let result = try Flow.simulate(
            SimulationRequest(
                try configuration(workplace, "network.input.count=2"), directory: workplace.path("a/b/out")))
        let files = try FileManager.default.contentsOfDirectory(atPath: workplace.path("a/b/out")).sorted()
        #expect(
            files == [
                ".shiftsim", "config.resolved.yaml", "energy.csv", "inputs.npy", "layers.csv", "outputs.npy",
                "quantization.json", "quantized", "report.json", "report.txt",
            ])
        let outputs = try NpyReader.read(path: workplace.path("a/b/out/outputs.npy"))
        #expect(outputs.shape == [2, 10, 1, 1])
        #expect(try NpyReader.read(path: workplace.path("a/b/out/inputs.npy")).shape == [2, 3, 8, 8])
        #expect(try workplace.read("a/b/out/report.txt") == result.text)
        #expect(Data(try workplace.read("a/b/out/report.json").utf8) == (try result.report.json()))
        #expect(try workplace.read("a/b/out/layers.csv").split(separator: "\n").count == 1 + result.report.layers.count)
    }

    @Test func resolvedConfigurationGivesTheSameRun() throws {
        let workplace = try Scratch()
        let first = try Flow.simulate(
            SimulationRequest(try configuration(workplace, "array.pe=vpe"), directory: workplace.path("out")))
        let resolved = try Configuration.load(path: workplace.path("out/config.resolved.yaml"))
        let second = try Flow.simulate(SimulationRequest(resolved, directory: workplace.path("again")))
        #expect(first.report.configHash == second.report.configHash)
        #expect(first.report.cycles == second.report.cycles)
        #expect(first.report.functional == second.report.functional)
        #expect(try workplace.read("out/config.resolved.yaml") == workplace.read("again/config.resolved.yaml"))
    }

    @Test func threadsAndModeChangeNoResult() throws {
        let workplace = try Scratch()
        let one = try report(workplace, "network.input.count=3", "run.threads=1")
        let two = try report(workplace, "network.input.count=3", "run.threads=2")
        let full = try report(workplace, "network.input.count=3", "run.mode=full")
        #expect(one.configHash == two.configHash)
        #expect(one.configHash != full.configHash)
        for other in [two, full] {
            #expect(one.cycles == other.cycles && one.layers.withoutEnergy == other.layers.withoutEnergy)
            #expect(one.functional == other.functional && one.dram == other.dram)
        }
        #expect(one.energy == two.energy && one.layers == two.layers && one.activity == nil)
        let activity = try #require(full.activity)
        #expect(activity.togglesTotal == activity.byInstance.values.reduce(0, +))
    }

    @Test func hashFollowsTheInput() throws {
        let workplace = try Scratch()
        let first = try report(workplace, "network.input.seed=1")
        #expect(try report(workplace, "network.input.seed=2").configHash != first.configHash)
        #expect(try report(workplace, "network.seed=2").configHash != first.configHash)
        #expect(try report(workplace, "network.input.seed=1").configHash == first.configHash)
    }

    private func report(_ workplace: Scratch, _ changes: String...) throws -> Report {
        let file = try workplace.write("tiny.yaml", Texts.tiny)
        let loaded = try Configuration.load(path: file, assignments: changes.map { ConfigAssignment($0) })
        return try Flow.simulate(SimulationRequest(loaded)).report
    }

    @Test func keysThatAreNotComputedAreAbsent() throws {
        let workplace = try Scratch()
        let data = try report(workplace, "run.check=false", "memory.model=ideal").json()
        let text = String(decoding: data, as: UTF8.self)
        for key in ["activity", "mismatches", "accuracy", "bandwidth_fraction", "null"] {
            #expect(!text.contains("\"\(key)\"") && !text.contains(": null"))
        }
    }

    @Test func designThatIsTooLargeRunsWhenAllowed() throws {
        let workplace = try Scratch()
        let report = try report(workplace, "buffers.ofmap_kib=4096", "array.outputs=64", "device.allow_overflow=true")
        #expect(!report.resources.fits)
        #expect(report.resources.limiting == "bram36")
    }

    @Test func interruptionKeepsTheOldResults() throws {
        let workplace = try Scratch()
        let made = SimulationRequest(try configuration(workplace), directory: workplace.path("out"))
        let old = try Flow.simulate(made).text
        let before = try FileManager.default.contentsOfDirectory(atPath: workplace.path("out")).sorted()
        let request = SimulationRequest(
            try configuration(workplace), directory: workplace.path("out"), interrupted: { true })
        #expect(throws: Interruption.self) { try Flow.simulate(request) }
        #expect(try workplace.read("out/report.txt") == old)
        #expect(try FileManager.default.contentsOfDirectory(atPath: workplace.path("out")).sorted() == before)
        #expect(try workplace.contents() == ["out", "tiny.yaml"])
    }

    @Test func jsonIsAloneOnStandardOutput() throws {
        let workplace = try Scratch()
        try workplace.write("tiny.yaml", Texts.tiny)
        let run = try Program.run(["simulate", "tiny.yaml", "--json", "-o", "out"], in: workplace)
        #expect(run.code == 0 && run.errors.isEmpty)
        #expect(run.output == (try workplace.read("out/report.json")))
        let estimate = try Program.run(["estimate", "tiny.yaml", "--json"], in: workplace)
        #expect(try JSONSerialization.jsonObject(with: Data(estimate.output.utf8)) is [String: Any])
    }

    @Test func traceIsWrittenAndReadBack() throws {
        let workplace = try Scratch()
        try workplace.write("tiny.yaml", Texts.tiny)
        let arguments = ["simulate", "tiny.yaml", "--quiet", "--window", "0:300", "--taps", "array.*", "--trace"]
        for name in ["a.fst", "a.vcd"] {
            #expect(try Program.run(arguments + [name], in: workplace).code == 0)
        }
        #expect(try Program.run(["trace", "diff", "a.fst", "a.vcd"], in: workplace).code == 0)
        #expect(try Program.run(["trace", "convert", "a.fst", "b.vcd.gz"], in: workplace).code == 0)
        #expect(try Program.run(["trace", "info", "b.vcd.gz"], in: workplace).output.contains("vcd.gz"))
        let dump = try Program.run(["trace", "dump", "a.vcd", "--window", "0:0"], in: workplace)
        #expect(dump.code == 0 && dump.output.hasPrefix("0 top."))
    }
}
