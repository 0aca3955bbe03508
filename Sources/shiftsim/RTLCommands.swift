import ArgumentParser
import Cosimulation
import Diagnostics
import Flows
import Foundation

struct CycleLimitOption: ParsableArguments {
    @Option(help: "At most this many cycles; default: the whole run of the first image.")
    var cycles: Int?

    func validate() throws {
        if let cycles, cycles < 1 { throw ValidationError("--cycles: \(cycles); accepted: at least 1") }
    }
}

struct EmitRTLCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "emit-rtl",
        abstract: "The design as SystemVerilog with models, bench, images and scripts (docs/guide/Cosimulation.md).")

    @OptionGroup var options: ConfigOptions

    @Option(name: .customShort("o"), help: "Folder to write.")
    var output: String

    @OptionGroup var limit: CycleLimitOption

    func run() throws {
        Console.message(try Flow.emitRTL(try options.load(), cycles: limit.cycles, to: output))
    }
}

struct CosimCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cosim",
        abstract: "Runs kernel and emitted RTL side by side: every signal must be equal in every cycle.")

    @OptionGroup var options: ConfigOptions

    @Option(help: "verilator, yosys or both.")
    var against: CosimulationJudge = .verilator

    @OptionGroup var limit: CycleLimitOption

    @Option(help: "Keeps the RTL, traces and logs in this folder.")
    var keep: String?

    @Flag(help: "Prints JSON on standard output, and nothing else there.")
    var json = false

    func run() throws {
        let report = try Flow.cosimulate(try options.load(), cycles: limit.cycles, against: against, keep: keep)
        Console.result(json ? try report.json() : Data(report.text.utf8))
        if !report.isEqual { throw ExitCode(ExitStatus.checkFailed) }
    }
}

extension CosimulationJudge: ExpressibleByArgument {}
