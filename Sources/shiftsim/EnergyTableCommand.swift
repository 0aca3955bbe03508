import ArgumentParser
import Configuration
import Diagnostics
import Energy
import Flows

struct EnergyTableCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "energy-table", abstract: "Prints the coefficients that energy is charged by.",
        discussion: "docs/guide/Energy.md explains the rows. `--csv` prints a file for the key energy.table.")

    @Argument(help: "A configuration, whose energy.table is printed; the built-in table if none is given.")
    var config: String?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("Sets a key, such as energy.table=mine.csv.", valueName: "key=value"))
    var assignments: [String] = []

    @Flag(help: "Prints JSON on standard output, and nothing else there.")
    var json = false

    @Flag(help: "Prints CSV as energy.table reads it.")
    var csv = false

    func run() throws {
        if json && csv { throw InputError(at: "--csv", "not together with --json") }
        var table = EnergyTable.builtIn
        if let config {
            table = try Configuration.load(
                path: config, assignments: assignments.map { ConfigAssignment($0) }
            ).energy.table
        } else if !assignments.isEmpty {
            throw InputError(at: "--set", "needs a configuration")
        }
        if json {
            Console.result(try Flow.energyTableJSON(table))
        } else {
            Console.result(csv ? table.csv : Flow.energyTableText(table))
        }
    }
}
