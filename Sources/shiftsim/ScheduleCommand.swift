import ArgumentParser
import Flows
import Preparation

struct ScheduleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedule",
        abstract: "Loop nest, buffers, transfers and predicted cycles of each layer, and why its tiles were chosen.")

    @OptionGroup var options: ConfigOptions

    @Option(help: ArgumentHelp("Only this layer.", valueName: "name"))
    var layer: String?

    @Flag(help: "Prints JSON on standard output, and nothing else there.")
    var json = false

    func run() throws {
        let report = try Flow.schedule(try options.load(), layer: layer, store: NetworkStore())
        if json { Console.result(try report.json()) } else { Console.result(report.text) }
    }
}
