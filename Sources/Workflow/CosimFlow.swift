import Accelerator
import Foundation
import Networks
import RTLEmitter
import Schedule

// The flows behind `emit-rtl` and `cosim`.

/// RTL of a configuration: emission and co-simulation on the configuration's first image.
public struct CosimFlow {
    private let cosimulation: Cosimulation
    /// Cycles that the program is predicted to take, for choosing a limit.
    public let predictedCycles: Int

    /// Prepares network, accelerator and program. `cycles` nil: the whole run.
    /// Throws as `Workflow.simulate` does before it runs anything.
    public init(_ configuration: Configuration, cycles: Int?) throws {
        let network = try PreparedNetwork(configuration.network, configuration.quantization)
        let plan = try AcceleratorPlan(configuration, for: network.quantized)
        try plan.requireFit(configuration.device)
        let compiled = try Scheduler.compile(network.quantized, for: plan.accelerator.parameters)
        let timing = configuration.memory.timing(clockMHz: configuration.clockMHz)
        predictedCycles = compiled.predictedCycles
        cosimulation = Cosimulation(
            accelerator: plan.accelerator, compiled: compiled, input: network.inputs[0], timing: timing,
            cycles: cycles ?? Cosimulation.cycleLimit(compiled, timing))
    }

    /// Writes rtl/, models/, bench/, images/ and the tools' scripts into `path`, which appears whole or not at all.
    public func emit(to path: String) throws {
        let target = URL(fileURLWithPath: path)
        let staging = target.deletingLastPathComponent().appendingPathComponent(".\(UUID().uuidString)")
        do {
            try FileManager.default.createDirectory(at: staging, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: staging) }
            try cosimulation.export(to: staging)
            try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
            for name in try FileManager.default.contentsOfDirectory(atPath: staging.path) {
                let destination = target.appendingPathComponent(name)
                try? FileManager.default.removeItem(at: destination)
                try FileManager.default.moveItem(at: staging.appendingPathComponent(name), to: destination)
            }
        } catch let error as CocoaError {
            throw InputError(at: "-o \(path)", "cannot be written: \(error.localizedDescription)")
        }
    }

    /// Runs the co-simulation in a temporary folder, or in `folder` to keep its files.
    public func run(against judge: CosimulationJudge, keep folder: String?) throws -> CosimulationReport {
        let directory =
            folder.map { URL(fileURLWithPath: $0) }
            ?? FileManager.default.temporaryDirectory.appendingPathComponent("shiftsim-cosim-\(UUID().uuidString)")
        defer { if folder == nil { try? FileManager.default.removeItem(at: directory) } }
        return try cosimulation.run(against: judge, in: directory)
    }
}
