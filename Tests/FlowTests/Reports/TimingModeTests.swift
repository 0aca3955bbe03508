// Does mode timing say of cycles what the other modes say, and of data nothing?

import Configuration
import Diagnostics
import Flows
import Foundation
import Sweep
import TestSupport
import Testing

@testable import Reports

@Suite struct TimingModeTests {
    private func reports(of file: String, _ changes: [String]) throws -> (timing: Report, functional: Report) {
        func report(_ mode: String) throws -> Report {
            let configuration = try Configuration.load(
                path: file, assignments: (changes + ["run.mode=\(mode)"]).map { ConfigAssignment($0) })
            return try Flow.simulate(SimulationRequest(configuration)).report
        }
        return (try report("timing"), try report("functional"))
    }

    /// A report of mode functional without what mode timing leaves out.
    private func timed(_ report: Report, like other: Report) -> Report {
        var result = report
        (result.functional, result.network.input) = (nil, nil)
        (result.quantization.calibrationImages, result.quantization.inputExponent) = (nil, nil)
        (result.quantization.outputExponent, result.quantization.inputMantissa) = (nil, nil)
        result.quantization.outputMantissa = nil
        result.design.mode = "timing"
        (result.configHash, result.simulator) = (other.configHash, other.simulator)
        return result
    }

    /// Every key that schedules or memories can depend on.
    @Test(arguments: [
        ["network.input.count=3"], ["array.pe=vpe", "quantization.scheme=fixed", "quantization.weight_bits=8"],
        ["quantization.scheme=lightnn-1"], ["quantization.scheme=lightnn-2"], ["quantization.scheme=flightnn"],
        ["quantization.scheme=flightnn", "array.terms=2"], ["quantization.wide_first_and_last=true"],
        ["quantization.weight_bits=1"], ["quantization.activation_bits=8", "array.pixels=2"],
        ["quantization.activation_scale=multiplier"], ["host.fully_connected=true"], ["memory.model=ideal"],
        ["memory.stall_seed=5"], ["memory.latency_ns=900"], ["memory.model=ddr4-2133", "memory.port_mhz=300"],
        ["memory.model=ddr4-2400-x8", "memory.ports=4", "memory.burst_bytes=64", "memory.path_ns=1000"],
        ["array.pre_activation=true"],
        ["array={family: convolver, kernel: 3, pe: svpe, outputs: 4, inputs: 4}"],
    ])
    func saysTheSameOfCycles(changes: [String]) throws {
        let workplace = try Scratch()
        let file = try workplace.write("tiny.yaml", Texts.tiny)
        let (timing, functional) = try reports(of: file, changes)
        #expect(timing == timed(functional, like: timing))
        #expect(timing.simulator.laneUpdatesPerS == nil && timing.simulator.cyclesPerS > 0)
        #expect(LayerTable(timing.layers).text == LayerTable(functional.layers).text)
        #expect(timing.configHash != functional.configHash)
    }

    @Test(
        arguments: ["tiny-svpe", "tiny-vpe"]
            + (Tools.isLong
                ? [
                    "resnet20-cifar10-svpe", "n-bq-nn-svpe", "resnet18-svpe", "resnet18-vpe",
                    "densenet100-cifar10-svpe",
                    "papers/flightnn-vgg-small", "papers/lightnn-2-vgg-small", "papers/n-bq-nn-vpe",
                ] : []))
    func shippedConfigurations(name: String) throws {
        let file = Repository.root.appendingPathComponent("configs/\(name).yaml").path
        let (timing, functional) = try reports(of: file, ["run.check=false"])
        var expected = timed(functional, like: timing)
        expected.warnings.removeAll { $0.kind == .unchecked }
        #expect(timing == expected)
    }

    /// The same before DDR4, in all modes: every cycle, stall and byte, and what the DRAM did.
    @Test(arguments: ["tiny-svpe", "tiny-vpe", "resnet20-cifar10-svpe", "resnet20-fmnist-svpe"])
    func shippedConfigurationsOnDDR4(name: String) throws {
        let file = Repository.root.appendingPathComponent("configs/\(name).yaml").path
        let changes = [
            "run.check=false", "network.input.count=1", "memory.model=ddr4-2133", "memory.port_mhz=300",
        ]
        let (timing, functional) = try reports(of: file, changes)
        let full = try Flow.simulate(
            SimulationRequest(
                try Configuration.load(
                    path: file, assignments: (changes + ["run.mode=full"]).map { ConfigAssignment($0) }))
        ).report
        // Toggles are assumed but in mode full.
        #expect(timing.energy == functional.energy && timing.layers == functional.layers)
        for other in [functional, full] {
            #expect(timing.cycles == other.cycles && timing.dram == other.dram)
            #expect(timing.layers.withoutEnergy == other.layers.withoutEnergy)
        }
        // Each layer reads weights, and each access of 64 bytes is in the traffic of some.
        #expect(timing.layers.allSatisfy { ($0.dramBusy ?? 0) > 0 })
        #expect((timing.dram.accesses ?? 0) * 64 >= timing.dram.readBytes + timing.dram.writeBytes)
    }

    @Test func filesAndTextHaveNoData() throws {
        let workplace = try Scratch()
        let file = try workplace.write("tiny.yaml", Texts.tiny)
        let configuration = try Configuration.load(path: file, assignments: [ConfigAssignment("run.mode=timing")])
        let outcome = try Flow.simulate(SimulationRequest(configuration, directory: workplace.path("out")))
        let files = try FileManager.default.contentsOfDirectory(atPath: workplace.path("out")).sorted()
        #expect(
            files == [".shiftsim", "config.resolved.yaml", "energy.csv", "layers.csv", "report.json", "report.txt"])
        #expect(outcome.isCorrect && !outcome.isInterrupted)
        for word in ["SHA-256", "predicted  label", "checked", "lane updates"] { #expect(!outcome.text.contains(word)) }
        #expect(outcome.text.contains("input     none read: cycles alone, for 1 image\n"))
        let json = try workplace.read("out/report.json")
        for key in ["functional", "activity", "calibration_images", "input_exponent", "lane_updates_per_s", "input"] {
            #expect(!json.contains("\"\(key)\""))
        }
        // What was left open by a run without images is open for the next.
        let resolved = try Configuration.load(path: workplace.path("out/config.resolved.yaml"))
        #expect(try Flow.simulate(SimulationRequest(resolved)).report.configHash == outcome.report.configHash)
    }

    /// Images are not read, and a file that is none is found by the other modes alone.
    @Test func imagesAreNotRead() throws {
        let workplace = try Scratch()
        let file = try workplace.write("tiny.yaml", Texts.tiny)
        try workplace.write("images.npy", "none")
        func run(_ mode: String, _ images: String) throws -> Report {
            let changes = ["run.mode=\(mode)", "network.input.images=\(workplace.path(images))"]
            return try Flow.simulate(
                SimulationRequest(
                    try Configuration.load(path: file, assignments: changes.map { ConfigAssignment($0) }))
            ).report
        }
        #expect(try run("timing", "images.npy").cycles.total > 0)
        #expect(throws: InputError.self) { try run("functional", "images.npy") }
        // That there is such a file is a matter of the configuration.
        #expect(throws: InputError.self) { try run("timing", "none.npy") }
    }

    @Test func interruptionLeavesNothing() throws {
        let workplace = try Scratch()
        let file = try workplace.write("tiny.yaml", Texts.tiny)
        let changes = ["run.mode=timing", "memory.latency_ns=20000"].map { ConfigAssignment($0) }
        let request = SimulationRequest(
            try Configuration.load(path: file, assignments: changes), directory: workplace.path("out"),
            interrupted: { true })
        #expect(throws: Interruption.self) { try Flow.simulate(request) }
        #expect(try workplace.contents() == ["tiny.yaml"])
    }

    /// A sweep's table is that of mode functional, without the column of what was compared.
    @Test func sweepsHaveTheSameTable() throws {
        let workplace = try Scratch()
        try workplace.write("tiny.yaml", Texts.tiny)
        func result(_ mode: String) throws -> SweepResult {
            let text = try #require(Texts.sweep("mode: functional", "mode: \(mode)"))
            return try SweepRunner.run(try SweepPlan(path: try workplace.write("\(mode).yaml", text)), jobs: 2)
        }
        let (timing, functional) = (try result("timing"), try result("functional"))
        #expect(timing.rows.count == 4 && timing.rows.allSatisfy { $0.error == nil && $0.isCandidate })
        for (row, other) in zip(timing.rows, functional.rows) {
            #expect(!row.numbers.isEmpty && row.numbers["cycles.total"] == other.numbers["cycles.total"])
            #expect(row.numbers == other.numbers.filter { row.numbers[$0.key] != nil })
            let missing = Set(other.numbers.keys).subtracting(row.numbers.keys)
            #expect(missing.allSatisfy { $0.hasPrefix("functional.") || $0.hasPrefix("quantization.") })
        }
        let header = timing.table.prefix { $0 != "\n" }
        #expect(header == functional.table.prefix { $0 != "\n" }.replacing(",functional.mismatches", with: ""))
        #expect(timing.front.map(\.point) == functional.front.map(\.point))
        #expect(timing.summary.first?.contains("4 simulated") == true)
    }
}

extension [LayerSection] {
    /// The layers without what depends on whether toggles are counted.
    var withoutEnergy: [LayerSection] {
        map {
            var layer = $0
            layer.energyJ = 0
            return layer
        }
    }
}
