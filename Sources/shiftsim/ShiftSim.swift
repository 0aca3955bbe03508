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
            SimulateCommand.self, EstimateCommand.self, SweepCommand.self, QuantizeCommand.self, EmitRTLCommand.self,
            CosimCommand.self, TraceCommand.self, NetworksCommand.self, DoctorCommand.self, BenchCommand.self,
        ])

    static func main() {
        StandardStreams.prepare()
        Interrupt.install()
        if let problem = Processor.problem {
            Console.message("shiftsim: \(problem)")
            Foundation.exit(ExitStatus.environment.rawValue)
        }
        do {
            var command = try parseAsRoot()
            try TextTable.$width.withValue(Terminal.columns(STDOUT_FILENO)) { try command.run() }
        } catch {
            Foundation.exit(ErrorReport.status(of: error))
        }
    }
}
