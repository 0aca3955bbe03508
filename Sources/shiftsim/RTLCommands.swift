import ArgumentParser
import Foundation
import Workflow

struct EmitRTLCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "emit-rtl",
        abstract: "The design as SystemVerilog with models, bench, images and scripts (docs/guide/Cosimulation.md).")

    @OptionGroup var options: ConfigOptions

    @Option(name: .customShort("o"), help: "Folder to write.")
    var output: String

    func run() throws {
        try CosimFlow(try options.load(), cycles: nil).emit(to: output)
        Console.message("wrote \(output)")
    }
}

struct CosimCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cosim",
        abstract: "Runs kernel and emitted RTL side by side: every signal must be equal in every cycle.")

    @OptionGroup var options: ConfigOptions

    @Option(help: "verilator, yosys or both.")
    var against: CosimulationJudge = .verilator

    @Option(help: "At most this many cycles; default: the whole run of the first image.")
    var cycles: Int?

    @Option(help: "Keeps the RTL, traces and logs in this folder.")
    var keep: String?

    @Flag(help: "Prints JSON on standard output, and nothing else there.")
    var json = false

    func validate() throws {
        if let cycles, cycles < 1 { throw ValidationError("--cycles: \(cycles); accepted: at least 1") }
    }

    func run() throws {
        let flow = try CosimFlow(try options.load(), cycles: cycles)
        let report = try flow.run(against: against, keep: keep)
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            Console.result(try encoder.encode(report))
        } else {
            let span = report.finished ? "the whole run" : "its beginning"
            Console.result("\(report.cycles) cycles (\(span)), \(report.signals) signals of the kernel\n")
            for verdict in report.verdicts {
                let finding = verdict.isEqual ? "equal in every cycle" : "DIFFERENT"
                Console.result("\(verdict.judge): \(finding), \(verdict.signals) signals compared\n")
                if !verdict.isEqual { Console.result(verdict.message + "\n") }
            }
        }
        if !report.isEqual { throw ExitCode(ExitStatus.checkFailed) }
    }
}

extension CosimulationJudge: ExpressibleByArgument {}
