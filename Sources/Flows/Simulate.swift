// The flow behind `shiftsim simulate`: the architecture page in code.

import Configuration
import Diagnostics
import Foundation
import Machine
import Output
import Preparation
import Reports
import Waveforms

/// What the commands do, each a list of steps.
package enum Flow {
    /// Simulates a configuration, checks it and writes its results.
    ///
    /// Throws `InputError` for input that is wrong, `DoesNotFit`, `EnvironmentProblem` for what is not installed, and
    /// `Interruption` when no image was finished. Nothing is left in the output folder then.
    package static func simulate(_ request: SimulationRequest) throws -> SimulationOutcome {
        let configuration = request.configuration
        let output = try request.directory.map { try ResultFolder.prepare($0, for: "simulate") }
        defer { output?.discard() }
        if request.saif != nil && configuration.run.mode == .timing {
            throw InputError(at: "--saif", "needs data; accepted with run.mode: full, functional")
        }
        if let saif = request.saif {
            guard saif.lowercased().hasSuffix(SAIFWriter.ending) else {
                throw InputError(at: "--saif", "is '\(saif.echoed)'; accepted: a name ending in \(SAIFWriter.ending)")
            }
            if let directory = request.directory, isInside(saif, directory) {
                throw InputError(at: "--saif", "must lie outside of the results folder, which is replaced as a whole")
            }
        }
        let activity = try request.saif.map { try ResultFile.prepare($0, option: "--saif") }
        defer { activity?.discard() }
        // Activity is taken from a trace: the one that is asked for, or one that nobody sees.
        let hidden = try request.saif != nil && configuration.trace.file == nil ? TemporaryFolder.make() : nil
        defer { withExtendedLifetime(hidden) {} }
        let trace = try TraceTarget.prepare(
            configuration.trace.file ?? hidden?.url.appendingPathComponent("run.fst").path, in: output)
        defer { trace?.discard() }
        let run: FinishedRun
        do {
            switch configuration.run.mode {
            case .timing: run = try time(request)
            case .full, .functional: run = try compute(request, trace)
            }
        } catch WaveformError.file(let action, _, let reason) where hidden != nil {
            let target = "\(request.saif ?? "") (its waveform in the temporary folder)"
            throw WaveformError.file(action: action, path: target, reason: reason)
        }
        let outcome = outcome(of: run, isInterrupted: request.interrupted())
        if let activity, let trace {
            try activity.write(SAIFWriter().text(of: TraceFile.open(trace.workingPath)).text)
        }
        try output?.write(outcome, run)
        try trace?.publish()
        try activity?.publish()
        try output?.publish()
        return outcome
    }

    private static func isInside(_ file: String, _ folder: String) -> Bool {
        let (file, folder) = (URL(fileURLWithPath: file).standardizedFileURL, URL(fileURLWithPath: folder))
        return file.path.hasPrefix(folder.standardizedFileURL.path + "/")
    }

    /// Everything that computes data, into a trace where there is one.
    private static func compute(_ request: SimulationRequest, _ trace: TraceTarget?) throws -> FinishedRun {
        let configuration = request.configuration
        let network = try PreparedNetwork.prepare(
            configuration.network, configuration.quantization, store: request.store
        ) { request.progress?(PhaseProgress($0)) }
        request.progress?(PhaseProgress(.elaborating))
        let hardware = try Hardware.elaborate(configuration, for: network.quantized)
        try hardware.requireFit()
        let simulation = { try simulate(request, network: network, hardware: hardware, trace: trace?.workingPath) }
        return try trace.map { try $0.record(simulation) } ?? simulation()
    }

    /// Simulates a network and hardware that are there already, for sweeps; writes nothing.
    package static func simulate(
        _ configuration: Configuration, network: PreparedNetwork, hardware: Hardware,
        interrupted: @escaping @Sendable () -> Bool
    ) throws -> Report {
        if configuration.trace.file != nil {
            throw configuration.error("trace.file", "is not for many runs, which would all write one file")
        }
        let request = SimulationRequest(configuration, interrupted: interrupted)
        return Report.figures(of: try simulate(request, network: network, hardware: hardware, trace: nil))
    }

    private static func simulate(
        _ request: SimulationRequest, network: PreparedNetwork, hardware: Hardware, trace: String?
    ) throws -> FinishedRun {
        let configuration = request.configuration
        let build = try hardware.compile(configuration)
        let options = try machineOptions(
            configuration, build.program.layers.filter { !$0.isOnHost }.map(\.name), trace: trace)
        let sample = configuration.run.arrayImages.indices(of: network.inputs.count)
        let progress = ImageProgress(others: network.inputs.count - sample.count, report: request.progress)
        progress.array(0, of: sample.count)
        let judge = Judge(
            network: network.quantized, checks: configuration.run.check, threads: configuration.run.threads,
            progress: progress, interrupted: request.interrupted)
        let (result, expected) = try judge.beside(network.inputs, sample: sample) {
            try build.run(
                sample.map { network.inputs[$0] }, options: options,
                progress: { progress.array($0, of: sample.count) }, interrupted: request.interrupted)
        }
        progress.judge()
        let outputs = try judge.outputs(network.inputs, sample: sample, array: result.outputs, expected: expected)
        return try FinishedRun(
            configuration: configuration, hardware: hardware, build: build, timing: result.timing,
            content: .data(RunData(network: network, result: result, outputs: outputs)))
    }

    private static func outcome(of run: FinishedRun, isInterrupted: Bool) -> SimulationOutcome {
        let report = Report.figures(of: run)
        let isPartial = isInterrupted && run.images < run.configuration.network.count
        return SimulationOutcome(
            report: report, context: .of(run, isPartial: isPartial), isInterrupted: isPartial)
    }

    private static func machineOptions(
        _ configuration: Configuration, _ layers: [String], trace path: String?
    ) throws -> MachineOptions {
        let trace = configuration.trace
        let request = try path.map { path in
            for layer in trace.layers where !layers.contains(layer) {
                let names = layers.joined(separator: ", ")
                let meant = Suggestion.text(for: layer, among: layers)
                throw configuration.error("trace.layers", "'\(layer.echoed)' is no layer\(meant); accepted: \(names)")
            }
            return TraceRequest(
                path: path, taps: trace.taps, window: trace.window, layers: trace.layers,
                clockMHz: configuration.clockMHz)
        }
        var options = MachineOptions(
            countsToggles: configuration.run.mode == .full, threads: configuration.run.threads, trace: request,
            keepsTensors: false)
        options.countsNets = configuration.run.mode == .full && configuration.energy.countsNets
        return options
    }
}
