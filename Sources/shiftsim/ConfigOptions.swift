import ArgumentParser
import Configuration

/// The configuration file and `--set`, common to several commands.
struct ConfigOptions: ParsableArguments {
    @Argument(help: "Configuration file (YAML; docs/guide/Config.md).")
    var config: String

    @Option(
        name: .customLong("set"), help: ArgumentHelp("Sets a key, such as array.inputs=64.", valueName: "key=value"))
    var assignments: [String] = []

    func load(_ more: [ConfigAssignment] = []) throws -> Configuration {
        try Configuration.load(path: config, assignments: assignments.map { ConfigAssignment($0) } + more)
    }
}
