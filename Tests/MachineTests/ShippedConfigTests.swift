import Foundation
import Networks
import Schedule
import Testing

@testable import Workflow

/// Are the shipped tiny designs, running their own configuration, equal to their emitted text?
@Suite(.serialized, .enabled(if: Tools.hasVerilator, Tools.noVerilator))
struct ShippedConfigTests {
    @Test(arguments: ["tiny-svpe", "tiny-vpe"])
    func verilatorAgrees(name: String) throws {
        let path = Tools.package.appendingPathComponent("configs/\(name).yaml").path
        let configuration = try Configuration.load(path: path)
        let network = try PreparedNetwork(configuration.network, configuration.quantization)
        let plan = try AcceleratorPlan(configuration, for: network.quantized)
        let compiled = try Scheduler.compile(network.quantized, for: plan.accelerator.parameters)
        let scratch = try Scratch()
        let cosimulation = Cosimulation(
            accelerator: plan.accelerator, compiled: compiled, input: network.inputs[0],
            timing: configuration.memory.timing(clockMHz: configuration.clockMHz), cycles: 100_000)
        let report = try cosimulation.run(against: .verilator, in: scratch.url)
        #expect(report.finished)
        #expect(report.isEqual, "\(report.verdicts)")
    }
}

/// Do the larger shipped configurations run, every output bit as the reference model says?
@Suite struct ShippedConfigRunTests {
    private func configuration(_ name: String) throws -> Configuration {
        try Configuration.load(path: Tools.package.appendingPathComponent("configs/\(name).yaml").path)
    }

    @Test(arguments: ["n-bq-nn-svpe", "n-bq-nn-vpe", "resnet18-svpe", "resnet18-vpe"])
    func runsWithoutMismatch(name: String) throws {
        let configuration = try configuration(name)
        #expect(configuration.device.allowOverflow == false)
        let outcome = try Workflow.simulate(SimulationRequest(configuration))
        #expect(outcome.isCorrect)
        #expect((outcome.report.functional.checked ?? 0) > 0)
    }

    /// Minutes each: elaborated and scheduled here, run with --long. Their 11x11 grids are larger than the device.
    @Test(arguments: ["alexnet-svpe", "alexnet-vpe"])
    func alexNetOnTheUniversalGrid(name: String) throws {
        let configuration = try configuration(name)
        #expect(configuration.device.allowOverflow)
        let network = try PreparedNetwork(configuration.network, configuration.quantization)
        let plan = try AcceleratorPlan(configuration, for: network.quantized)
        #expect(!plan.resources.fits)
        let compiled = try Scheduler.compile(network.quantized, for: plan.accelerator.parameters)
        #expect(compiled.layers.count == network.quantized.layers.count)
        if Tools.isLong { #expect(try Workflow.simulate(SimulationRequest(configuration)).isCorrect) }
    }
}
