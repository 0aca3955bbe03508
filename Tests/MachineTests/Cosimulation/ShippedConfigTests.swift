import Foundation
import Networks
import Schedule
import TestSupport
import Testing

@testable import Configuration
@testable import Cosimulation
@testable import Flows
@testable import Preparation

/// Are the shipped tiny designs, running their own configuration, equal to their emitted text?
@Suite(.serialized, .enabled(if: Tools.hasVerilator, Tools.noVerilator))
struct ShippedConfigTests {
    @Test(arguments: ["tiny-svpe", "tiny-vpe"])
    func verilatorAgrees(name: String) throws {
        let path = Repository.root.appendingPathComponent("configs/\(name).yaml").path
        let configuration = try Configuration.load(path: path)
        let network = try PreparedNetwork.prepare(configuration.network, configuration.quantization)
        let build = try Hardware.elaborate(configuration, for: network.quantized).compile(configuration)
        let scratch = try Scratch()
        let cosimulation = Cosimulation(build, input: network.inputs[0], target: .zcu102)
        let report = try cosimulation.run(against: .verilator, in: scratch.url)
        #expect(report.finished)
        #expect(report.isEqual, "\(report.verdicts)")
    }
}

/// Do the larger shipped configurations run, every output bit as the reference model says?
@Suite struct ShippedConfigRunTests {
    private func configuration(_ name: String) throws -> Configuration {
        try Configuration.load(path: Repository.root.appendingPathComponent("configs/\(name).yaml").path)
    }

    @Test(arguments: [
        "n-bq-nn-svpe", "n-bq-nn-vpe", "resnet18-svpe", "resnet18-vpe", "densenet100-cifar10-svpe",
        "papers/t-bq-resnet110", "papers/t-bq-densenet100", "papers/n-bq-nn-svpe", "papers/n-bq-nn-vpe",
        "papers/lightnn-1-vgg-small", "papers/lightnn-2-vgg-small", "papers/flightnn-vgg-small",
        "papers/fixed-4-vgg-small", "dpu-b4096-mobilenetv2",
    ])
    func runsWithoutMismatch(name: String) throws {
        let configuration = try configuration(name)
        #expect(configuration.device.allowOverflow == false)
        let outcome = try Flow.simulate(SimulationRequest(configuration))
        #expect(outcome.isCorrect)
        #expect((outcome.report.functional?.checked ?? 0) > 0)
    }

    /// One term takes one pass and two take two: LightNN-2 twice the steps of LightNN-1, FLightNN F1 + 2 * F2 filters'.
    @Test func termsSetThePace() throws {
        var steps: [String: Int] = [:]
        for name in ["lightnn-1", "lightnn-2", "flightnn"] {
            let configuration = try configuration("papers/\(name)-vgg-small")
            let network = try PreparedNetwork.prepare(configuration.network, configuration.quantization)
            let plan = try Hardware.elaborate(configuration, for: network.quantized)
            let layers = try Scheduler.compile(network.quantized, for: plan.accelerator.parameters).layers
            steps[name] = layers.filter { $0.filters != nil }.reduce(0) { $0 + $1.steps }
        }
        #expect(steps["lightnn-2"] == 2 * (steps["lightnn-1"] ?? 0))
        #expect((steps["flightnn"] ?? 0) < (steps["lightnn-2"] ?? 0))
        #expect((steps["flightnn"] ?? 0) > (steps["lightnn-1"] ?? 0))
    }

    /// A minute each: read here, run with --long.
    @Test(arguments: [
        "resnet50-svpe", "densenet121-svpe", "dpu-b4096-vgg16", "dpu-b4096-resnet50", "dpu-b4096-densenet121",
    ])
    func largeNetworks(name: String) throws {
        let configuration = try configuration(name)
        if Tools.isLong {
            #expect(try Flow.simulate(SimulationRequest(configuration)).isCorrect)
        } else {
            let source = try NetworkSource(configuration.network).network()
            #expect(source.layers.count > 20)
            #expect(configuration.device.allowOverflow == false)
        }
    }

    /// One design for four networks, ports and core at one clock.
    @Test(arguments: ["resnet50", "densenet121", "mobilenetv2"])
    func dpuSizedDesignsAreOne(network: String) throws {
        let (one, other) = (try configuration("dpu-b4096-\(network)"), try configuration("dpu-b4096-vgg16"))
        #expect(one.array == other.array && one.buffers == other.buffers && one.memory == other.memory)
        #expect(one.quantization == other.quantization && one.host == other.host && one.device == other.device)
        #expect(one.clockMHz == other.clockMHz && one.memory.portMHz == one.clockMHz)
    }

    /// Minutes each: elaborated and scheduled here, run with --long. Their 11x11 grids are larger than the device.
    @Test(arguments: ["alexnet-svpe", "alexnet-vpe"])
    func alexNetOnTheUniversalGrid(name: String) throws {
        let configuration = try configuration(name)
        #expect(configuration.device.allowOverflow)
        let network = try PreparedNetwork.prepare(configuration.network, configuration.quantization)
        let plan = try Hardware.elaborate(configuration, for: network.quantized)
        #expect(!plan.resources.fits)
        let compiled = try Scheduler.compile(network.quantized, for: plan.accelerator.parameters)
        #expect(compiled.layers.count == network.quantized.layers.count)
        if Tools.isLong { #expect(try Flow.simulate(SimulationRequest(configuration)).isCorrect) }
    }
}
