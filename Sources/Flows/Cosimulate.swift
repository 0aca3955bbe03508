// The flows behind `emit-rtl` and `cosim`: a configuration's first image.

import Configuration
import Cosimulation
import Diagnostics
import Foundation
import Machine
import Output
import Preparation
import RTLEmitter
import Support

extension Flow {
    /// Writes rtl/, models/, bench/, images/ and the tools' scripts into `path`, which appears whole or not at all.
    /// Throws `InputError` when `path` holds anything else or cannot be written, and for a part that has not what the
    /// text instantiates. `cycles`: at most so many are recorded for the bench; nil: the whole run. Gives what to say of
    /// it.
    package static func emitRTL(_ configuration: Configuration, cycles: Int?, to path: String) throws -> String {
        try configuration.checkPartTakesText()
        let output = try ResultFolder.prepare(path, for: "emit-rtl")
        defer { output.discard() }
        let cosimulation = try cosimulation(of: configuration, cycles: cycles)
        let run = try output.fill { try cosimulation.export(to: $0) }
        try output.publish(built: ToolScripts.built)
        let rest = run.finished ? "the whole run" : "the run goes on after them"
        return "wrote \(path): the bench has \(TextTable.grouped(run.cycles)) cycles, \(rest)"
    }

    /// Compares kernel and emitted RTL signal by signal, in a temporary folder, or in `folder` to keep its files.
    /// `cycles` nil: the whole run. Throws as `simulate` does before it runs anything, and `ToolError`.
    package static func cosimulate(
        _ configuration: Configuration, cycles: Int?, against judge: CosimulationJudge, keep folder: String?
    ) throws -> CosimulationReport {
        guard let folder else {
            let cosimulation = try cosimulation(of: configuration, cycles: cycles)
            let temporary = try TemporaryFolder.make()
            return try withExtendedLifetime(temporary) { try run(cosimulation, against: judge, in: temporary.url) }
        }
        let output = try ResultFolder.prepare(folder, for: "cosim", option: "--keep")
        defer { output.discard() }
        let cosimulation = try cosimulation(of: configuration, cycles: cycles)
        let report = try output.fill { try run(cosimulation, against: judge, in: $0) }
        try output.publish()
        return report
    }

    /// The accelerator, and with Verilator its memory ports in their own clock where the memory has them.
    private static func run(
        _ cosimulation: Cosimulation, against judge: CosimulationJudge, in folder: URL
    ) throws -> CosimulationReport {
        var report = try cosimulation.run(against: judge, in: folder)
        guard judge != .yosys,
            let system = SystemCosimulation(
                cosimulation.build, input: cosimulation.input, cycles: cosimulation.cycles)
        else { return report }
        let whole = try system.run(in: folder.appendingPathComponent("ports"))
        report.verdicts += whole.verdicts
        guard whole.cycles == report.cycles else {
            throw Defect("the ports' Designs take \(whole.cycles) cycles, their model \(report.cycles)")
        }
        return report
    }

    private static func cosimulation(of configuration: Configuration, cycles: Int?) throws -> Cosimulation {
        let network = try PreparedNetwork.prepare(configuration.network, configuration.quantization)
        let hardware = try Hardware.elaborate(configuration, for: network.quantized)
        try hardware.requireFit()
        let target = SynthesisTarget(part: configuration.device.device.orderingCode, clockMHz: configuration.clockMHz)
        var cosimulation = Cosimulation(
            try hardware.compile(configuration), input: network.inputs[0], cycles: cycles, target: target)
        cosimulation.ports = configuration.memory.portSettings(clockMHz: configuration.clockMHz)
        return cosimulation
    }
}
