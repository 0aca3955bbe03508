import ArgumentParser
import Flows
import Preparation

struct EstimateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "estimate",
        abstract: "Resources, fit, peak rates and predicted cycles of a design, without simulation.")

    @OptionGroup var options: ConfigOptions

    @Flag(help: "Prints JSON on standard output, and nothing else there.")
    var json = false

    func run() throws {
        let estimate = try Flow.estimate(try options.load(), store: NetworkStore())
        for warning in estimate.warnings { Console.message("shiftsim: warning: \(warning)") }
        if json { Console.result(try estimate.json()) } else { Console.result(estimate.text) }
        try estimate.requireFit()
    }
}
