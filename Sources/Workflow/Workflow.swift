// The ordered flow of a simulation: the architecture page in code.

import Accelerator
import Foundation
import Networks
import Schedule

/// Runs configurations.
public enum Workflow {
    /// Simulates a configuration, checks it and writes its results.
    ///
    /// Throws `InputError` for input that is wrong, `DoesNotFit`, `EnvironmentProblem` for what is not installed, and
    /// `MachineInterrupted` when no image was finished. Nothing is left in the output folder then.
    public static func simulate(_ request: SimulationRequest) throws -> SimulationOutcome {
        let configuration = request.configuration
        let output = try request.directory.map { try OutputDirectory($0) }
        defer { output?.discard() }
        let network = try PreparedNetwork(configuration.network, configuration.quantization)
        let plan = try AcceleratorPlan(configuration, for: network.quantized)
        try plan.requireFit(configuration.device)
        let run = try execute(configuration, network: network, plan: plan, output: output, request)
        let outcome = try outcome(of: run, isInterrupted: request.interrupted())
        try output?.write(outcome, run)
        return outcome
    }

    /// Simulates with a network that is already prepared, for sweeps; writes nothing.
    package static func simulate(
        _ configuration: Configuration, network: PreparedNetwork, plan: AcceleratorPlan,
        interrupted: @escaping @Sendable () -> Bool
    ) throws -> Report {
        let request = SimulationRequest(configuration, interrupted: interrupted)
        let run = try execute(configuration, network: network, plan: plan, output: nil, request)
        return Report(run)
    }

    private static func execute(
        _ configuration: Configuration, network: PreparedNetwork, plan: AcceleratorPlan, output: OutputDirectory?,
        _ request: SimulationRequest
    ) throws -> FinishedRun {
        let compiled = try Scheduler.compile(
            configuration.host.assign(network.quantized), for: plan.accelerator.parameters)
        let sample = configuration.run.arrayImages.indices(of: network.inputs.count)
        let progress = ImageProgress(count: network.inputs.count, report: request.progress)
        let result = try Machine.run(
            plan.accelerator, compiled, inputs: sample.map { network.inputs[$0] },
            timing: configuration.memory.timing(clockMHz: configuration.clockMHz), clockMHz: configuration.clockMHz,
            options: try machineOptions(configuration, compiled, output),
            progress: { progress.array($0, of: sample.count) }, interrupted: request.interrupted)
        progress.array(Double(result.finishedImages) / Double(sample.count), of: sample.count)
        let outputs = try ImageOutputs(
            network.quantized, inputs: network.inputs, sample: sample, array: result.outputs,
            settings: configuration.run, progress: progress, interrupted: request.interrupted)
        return FinishedRun(
            configuration: configuration, network: network, plan: plan, compiled: compiled, result: result,
            outputs: outputs)
    }

    private static func outcome(of run: FinishedRun, isInterrupted: Bool) throws -> SimulationOutcome {
        let report = Report(run)
        let isPartial = isInterrupted && run.images < run.network.inputs.count
        let text = ReportText(report, run: run, isPartial: isPartial).text
        return SimulationOutcome(report: report, text: text, isInterrupted: isPartial)
    }

    private static func machineOptions(
        _ configuration: Configuration, _ compiled: CompiledNetwork, _ output: OutputDirectory?
    ) throws -> MachineOptions {
        let trace = try configuration.trace.map { trace in
            let shown = compiled.layers.filter { !$0.isOnHost }.map(\.name)
            for layer in trace.layers where !shown.contains(layer) {
                let names = shown.joined(separator: ", ")
                throw configuration.error("trace.layers", "'\(layer)' is no layer; accepted: \(names)")
            }
            return TraceRequest(
                path: try output?.path(of: trace.file) ?? trace.file, taps: trace.taps, window: trace.window,
                layers: trace.layers, clockMHz: configuration.clockMHz)
        }
        return MachineOptions(
            countsToggles: configuration.run.mode == .full, threads: configuration.run.threads, trace: trace,
            keepsTensors: false)
    }
}
