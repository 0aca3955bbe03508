import ArgumentParser
import Diagnostics
import Flows
import Reports

struct NetworksCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "networks", abstract: "Lists the built-in networks, or the layers of one network.")

    @Argument(help: "A built-in name or a file ending in .onnx.")
    var network: String?

    @Flag(help: "Prints JSON on standard output, and nothing else there.")
    var json = false

    @Flag(help: "Also prints what the reader did with the nodes of a model file (docs/guide/ONNX.md).")
    var passes = false

    func run() throws {
        guard let network else {
            if passes { throw InputError(at: "--passes", "needs a model file") }
            if json { Console.result(try Flow.builtInNetworksJSON()) } else { Console.result(Flow.builtInNetworks) }
            return
        }
        let summary = try Flow.summarize(network, withPasses: passes)
        if json { Console.result(try summary.json()) } else { Console.result(summary.text) }
    }
}
