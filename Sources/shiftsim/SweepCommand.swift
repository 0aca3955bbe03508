import ArgumentParser
import Diagnostics
import Flows
import Foundation
import Output
import Sweep

struct SweepCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sweep", abstract: "Simulates a grid of configurations (docs/guide/Config.md, \"Sweep files\").")

    @Argument(help: "Sweep file (YAML).")
    var sweep: String

    @Option(name: [.customShort("o"), .customLong("output")], help: "Folder for sweep.csv and pareto.csv.")
    var directory: String?

    @Option(help: "Simulations at a time; the number of processors unless given.")
    var jobs: Int?

    @Flag(help: "Prints rows and Pareto front as JSON on standard output, and nothing else there.")
    var json = false

    @Flag(help: "No progress bar.")
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
        let result = try SweepRunner.run(
            plan, jobs: jobs, progress: Console.progressBar(quiet: quiet), interrupted: { Interrupt.isRequested })
        if let output { try result.write(to: output) }
        if json { Console.result(try result.json()) } else { Console.result(result.table) }
        try exit(for: result)
    }

    private func exit(for result: SweepResult) throws {
        if result.isPartial { throw ExitCode(ExitStatus.interrupted) }
        if !result.isCorrect { throw ExitCode(ExitStatus.checkFailed) }
        if let error = result.rows.first?.error, result.rows.allSatisfy({ $0.error != nil }) {
            Console.message("shiftsim: no point could be simulated; the first one: \(error)")
            throw ExitCode(ExitStatus.wrongInput)
        }
    }
}
