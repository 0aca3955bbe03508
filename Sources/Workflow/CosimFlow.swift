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
        let compiled = try Scheduler.compile(
            configuration.host.assign(network.quantized), for: plan.accelerator.parameters)
        let timing = configuration.memory.timing(clockMHz: configuration.clockMHz)
        predictedCycles = compiled.predictedCycles
        cosimulation = Cosimulation(
            accelerator: plan.accelerator, compiled: compiled, input: network.inputs[0], timing: timing,
            cycles: cycles ?? Cosimulation.cycleLimit(compiled, timing))
    }

    /// The file that marks a folder as written by `emit-rtl`: only such a folder, or an empty one, is written again.
    private static let marker = ".shiftsim-emit-rtl"

    /// Writes rtl/, models/, bench/, images/ and the tools' scripts into `path`, which appears whole or not at all.
    /// Throws `InputError` when `path` holds anything else or cannot be written.
    public func emit(to path: String) throws {
        let target = URL(fileURLWithPath: path).standardizedFileURL
        try CosimFlow.checkIsOurs(target, path)
        let staging = target.deletingLastPathComponent().appendingPathComponent(".shiftsim-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: staging) }
        do {
            try FileManager.default.createDirectory(at: staging, withIntermediateDirectories: true)
            try cosimulation.export(to: staging)
            try Data().write(to: staging.appendingPathComponent(CosimFlow.marker))
            try? FileManager.default.removeItem(at: target)
            try FileManager.default.moveItem(at: staging, to: target)
        } catch let error as CocoaError {
            throw InputError(at: "-o \(path)", "cannot be written: \(error.localizedDescription)")
        }
    }

    private static func checkIsOurs(_ target: URL, _ path: String) throws {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: target.path, isDirectory: &isFolder) else { return }
        guard isFolder.boolValue else { throw InputError(at: "-o \(path)", "is a file; accepted: a folder") }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: target.path)) ?? []
        if names.isEmpty || names.contains(marker) { return }
        throw InputError(
            at: "-o \(path)", "is not empty; accepted: a new or empty folder, or one that emit-rtl has written")
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
