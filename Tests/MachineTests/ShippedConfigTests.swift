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
