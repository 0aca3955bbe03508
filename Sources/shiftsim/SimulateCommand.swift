import ArgumentParser
import Configuration
import Diagnostics
import Flows
import Foundation
import Preparation
import Waveforms

struct SimulateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate", abstract: "Simulates a configuration and checks every output.")

    @OptionGroup var options: ConfigOptions

    @Option(name: [.customShort("o"), .customLong("output")], help: "Folder for the results.")
    var directory: String?

    @Option(help: "full, functional or timing; as run.mode.")
    var mode: String?

    @Option(
        help: ArgumentHelp(
            "Waveform file (\(TraceFormat.endings.joined(separator: ", "))); as trace.file.", valueName: "file"))
    var trace: String?

    @Option(
        help: ArgumentHelp(
            "Switching activity (SAIF 2.0) of the signals that a trace shows, with --taps, --window and --layers.",
            valueName: "file"))
    var saif: String?

    @Option(help: ArgumentHelp("Cycles to trace, the end excluded; as trace.window.", valueName: "from:to"))
    var window: String?

    @Option(help: ArgumentHelp("Signals to trace, such as 'array.*'; as trace.taps.", valueName: "glob"))
    var taps: [String] = []

    @Option(help: ArgumentHelp("Layers to trace, separated by commas; as trace.layers.", valueName: "names"))
    var layers: String?

    @Flag(name: .customLong("no-check"), help: "Does not compare with the reference model; as run.check: false.")
    var noCheck = false

    @Flag(help: "Prints report.json on standard output, and nothing else there.")
    var json = false

    @Flag(help: "No progress line.")
    var quiet = false

    func run() throws {
        // What a trace shows is asked for by keys that need one: they are read beside a name that is not kept.
        let isHidden = try saif != nil && trace == nil && options.load().trace.file == nil
        var configuration = try options.load(try assignments(hidesTrace: isHidden))
        if isHidden { configuration.trace.file = nil }
        if !taps.isEmpty && configuration.trace.file == nil && saif == nil {
            throw InputError(at: "--taps", "needs a file: --trace FILE.fst, trace.file, or --saif FILE.saif")
        }
        let line = ProgressLine(quiet: quiet)
        defer { line?.finish() }
        var request = SimulationRequest(
            configuration, directory: directory, store: try NetworkStore(), progress: { line?.show($0) },
            interrupted: { Interrupt.isRequested })
        request.saif = saif
        let outcome = try Flow.simulate(request)
        line?.finish()
        for warning in outcome.report.warnings { Console.message("shiftsim: warning: \(warning)") }
        if json { Console.result(try outcome.report.json()) } else { Console.result(outcome.text) }
        if let directory, !json { Console.result("\nfiles in \(directory)\n") }
        if outcome.isInterrupted { throw ExitCode(ExitStatus.interrupted) }
        if !outcome.isCorrect { throw ExitCode(ExitStatus.checkFailed) }
    }

    private func assignments(hidesTrace: Bool) throws -> [ConfigAssignment] {
        var result: [ConfigAssignment] = []
        if let mode { result.append(ConfigAssignment(key: "run.mode", value: mode, option: "--mode")) }
        if noCheck { result.append(ConfigAssignment("run.check=false", option: "--no-check")) }
        if let trace {
            let path = trace.hasPrefix("/") ? trace : FileManager.default.currentDirectoryPath + "/" + trace
            result.append(ConfigAssignment(key: "trace.file", value: path, option: "--trace"))
        }
        if hidesTrace { result.append(ConfigAssignment(key: "trace.file", value: "/activity.fst", option: "--saif")) }
        if !taps.isEmpty { result.append(ConfigAssignment(key: "trace.taps", values: taps, option: "--taps")) }
        if let layers {
            let names = layers.split(separator: ",").map(String.init)
            result.append(ConfigAssignment(key: "trace.layers", values: names, option: "--layers"))
        }
        if let window {
            let bounds = window.split(separator: ":", omittingEmptySubsequences: false)
            guard bounds.count == 2, let from = Int(bounds[0]), let to = Int(bounds[1]) else {
                throw InputError(at: "--window", "is '\(window.echoed)'; accepted: FROM:TO, two cycles such as 0:20000")
            }
            result.append(ConfigAssignment("trace.window=[\(from), \(to)]", option: "--window"))
        }
        return result
    }
}
