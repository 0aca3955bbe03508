import ArgumentParser
import Diagnostics
import Flows
import Foundation
import Output
import Preparation
import Sweep

struct SweepCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sweep",
        abstract: "Simulates, or estimates, a grid of configurations (docs/guide/Config.md, \"Sweep files\").")

    @Argument(help: "Sweep file (YAML).")
    var sweep: String

    @Option(name: [.customShort("o"), .customLong("output")], help: "Folder for sweep.csv and pareto.csv.")
    var directory: String?

    @Option(help: "Simulations at a time; the number of processors unless given.")
    var jobs: Int?

    @Flag(help: "Prints rows and Pareto front as JSON on standard output, and nothing else there.")
    var json = false

    @Flag(help: "No progress line and no summary on standard error.")
    var quiet = false

    func run() throws {
        let jobs = jobs ?? ProcessInfo.processInfo.activeProcessorCount
        guard (1...256).contains(jobs) else {
            throw InputError(at: "--jobs", "is \(jobs); accepted: 1...256")
        }
        let plan = try SweepPlan(path: sweep)
        let output = try directory.map { try ResultFolder.prepare($0, for: "sweep") }
        defer { output?.discard() }
        if !quiet { Console.message("\(plan.count) points, \(jobs) at a time") }
        let line = ProgressLine(quiet: quiet)
        defer { line?.finish() }
        let result = try SweepRunner.run(
            plan, jobs: jobs, store: NetworkStore(),
            progress: {
                line?.show(PhaseProgress(.sweeping(done: $0, of: plan.count), Double($0) / Double(plan.count)))
            },
            interrupted: { Interrupt.isRequested })
        line?.finish()
        if let output { try result.write(to: output) }
        if json { Console.result(try result.json()) } else { Console.result(result.table) }
        if !quiet { for line in result.summary { Console.message(line) } }
        let verdict = SweepVerdict(result)
        for message in verdict.messages { Console.message("shiftsim: \(message)") }
        if verdict.status != .success { throw ExitCode(verdict.status) }
    }
}
