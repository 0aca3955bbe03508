// The flows behind `emit-rtl` and `cosim`: a configuration's first image.

import Configuration
import Cosimulation
import Diagnostics
import Foundation
import Machine
import Preparation
import RTLEmitter
import Support

extension Flow {
    /// Writes rtl/, models/, bench/, images/ and the tools' scripts into `path`, which appears whole or not at all.
    /// Throws `InputError` when `path` holds anything else or cannot be written. `cycles`: at most so many are recorded
    /// for the bench; nil: the whole run. Gives what to say of it.
    package static func emitRTL(_ configuration: Configuration, cycles: Int?, to path: String) throws -> String {
        var text = ""
        try EmittedFolder(path).write { staging in
            let run = try cosimulation(of: configuration, cycles: cycles).export(to: staging)
            let rest = run.finished ? "the whole run" : "the run goes on after them"
            text = "wrote \(path): the bench has \(TextTable.grouped(run.cycles)) cycles, \(rest)"
        }
        return text
    }

    /// Compares kernel and emitted RTL signal by signal, in a temporary folder, or in `folder` to keep its files.
    /// `cycles` nil: the whole run. Throws as `simulate` does before it runs anything, and `ToolError`.
    package static func cosimulate(
        _ configuration: Configuration, cycles: Int?, against judge: CosimulationJudge, keep folder: String?
    ) throws -> CosimulationReport {
        let cosimulation = try cosimulation(of: configuration, cycles: cycles)
        let directory =
            folder.map { URL(fileURLWithPath: $0) }
            ?? FileManager.default.temporaryDirectory.appendingPathComponent("shiftsim-cosim-\(UUID().uuidString)")
        defer { if folder == nil { try? FileManager.default.removeItem(at: directory) } }
        return try cosimulation.run(against: judge, in: directory)
    }

    private static func cosimulation(of configuration: Configuration, cycles: Int?) throws -> Cosimulation {
        let network = try PreparedNetwork.prepare(configuration.network, configuration.quantization)
        let hardware = try Hardware.elaborate(configuration, for: network.quantized)
        try hardware.requireFit()
        let target = SynthesisTarget(part: configuration.device.device.orderingCode, clockMHz: configuration.clockMHz)
        return Cosimulation(
            try hardware.compile(configuration), input: network.inputs[0], cycles: cycles, target: target)
    }
}
