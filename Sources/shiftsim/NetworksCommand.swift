import ArgumentParser
import Workflow

struct NetworksCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "networks", abstract: "Lists the built-in networks, or the layers of one network.")

    @Argument(help: "A built-in name or a file ending in .onnx.")
    var network: String?

    @Flag(help: "Prints JSON on standard output, and nothing else there.")
    var json = false

    func run() throws {
        guard let network else {
            if json { Console.result(try NetworkSummary.listingJSON()) } else { Console.result(NetworkSummary.listing) }
            return
        }
        let summary = try NetworkSummary(named: network)
        if json { Console.result(try summary.json()) } else { Console.result(summary.text) }
    }
}
