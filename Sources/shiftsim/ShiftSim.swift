// The command line. One file a command; a new command is a new file and a line in `subcommands`.

import ArgumentParser
import Diagnostics
import Foundation
import Kernel
import Output
import Support

@main
struct ShiftSim: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "shiftsim",
        abstract: "Cycle-accurate simulation of FPGA accelerators for power-of-two-quantized networks.",
        discussion: """
            Exit codes: 0 done and every check passed; 1 a check failed; 2 the input is wrong or unsupported; \
            3 the design does not fit the device; 4 something is not installed; 130 interrupted.
            """,
        version: ToolVersion.text,
        subcommands: [
            SimulateCommand.self, EstimateCommand.self, ScheduleCommand.self, SweepCommand.self, QuantizeCommand.self,
            EmitRTLCommand.self, CosimCommand.self, TraceCommand.self, EnergyTableCommand.self, NetworksCommand.self,
            DoctorCommand.self,
            BenchCommand.self,
        ])

    /// Throws `InputError` for words that stand where a command should and are none.
    private static func checkCommand(_ arguments: ArraySlice<String>) throws {
        var known = configuration.subcommands
        for word in arguments where !known.isEmpty {
            guard !word.hasPrefix("-"), word != "help" else { return }
            if let command = known.first(where: { $0._commandName == word }) {
                known = command.configuration.subcommands
                continue
            }
            let names = known.map { $0._commandName }
            let meant = Suggestion.text(for: word, among: names)
            throw InputError(
                at: "", "'\(word.echoed)' is no command\(meant); accepted: \(names.joined(separator: ", "))")
        }
    }

    static func main() {
        StandardStreams.prepare()
        Trap.install()
        Interrupt.install()
        if let problem = Processor.problem {
            Console.message("shiftsim: \(problem)")
            Foundation.exit(ExitStatus.environment.rawValue)
        }
        do {
            try checkCommand(CommandLine.arguments.dropFirst())
            var command = try parseAsRoot()
            try TextTable.$width.withValue(Terminal.columns(STDOUT_FILENO)) { try command.run() }
        } catch {
            Foundation.exit(ErrorReport.status(of: error))
        }
    }
}
