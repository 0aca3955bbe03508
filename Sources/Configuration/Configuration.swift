// The configuration of one run. Its keys are the rows of Keys/ConfigTable.swift, each in the file of its section; rules
// that involve several sections are in ConfigurationRules.swift.

import Diagnostics
import Foundation

/// Everything that a run depends on.
package struct Configuration: Sendable {
    /// Section `network`.
    package var network = NetworkSettings()
    /// Section `quantization`.
    package var quantization = QuantizationSettings()
    /// Section `device`.
    package var device = DeviceSettings()
    /// The core clock.
    package var clockMHz = 200.0
    /// Section `array`.
    package var array = ArraySettings()
    /// Section `buffers`.
    package var buffers = BufferSettings()
    /// Section `memory`.
    package var memory = MemorySettings()
    /// Section `schedule`.
    package var schedule = ScheduleSettings()
    /// Section `host`.
    package var host = HostSettings()
    /// Sections `energy` and `activity`.
    package var energy = EnergySettings()
    /// Section `run`.
    package var run = RunSettings()
    /// Section `trace`.
    package var trace = TraceSettings()
    /// Where each key's value stands, for messages of later steps.
    var places: [String: String] = [:]
    /// Keys that, with others, are not accepted, and why: found while reading, thrown by `validate`.
    private var conflicts: [(key: String, message: String)] = []
    /// The file, or what stands for it in messages.
    var file = ""

    /// The defaults of all keys; `network.model` has none.
    init() {}

    /// Reads a file and applies assignments, in order. Throws `InputError`.
    package static func load(path: String, assignments: [ConfigAssignment] = []) throws -> Configuration {
        var root = try ConfigText.read(path: path)
        let file = ConfigText.name(of: path)
        for assignment in assignments {
            let (key, value) = try ConfigText.parse(assignment)
            root = try root.setting(key, to: value)
        }
        let configuration = try Configuration(root, file: file)
        try configuration.validate()
        return configuration
    }

    /// Decodes a parsed file, each key by itself; `validate` then asks whether they go together. Throws `InputError`.
    package init(_ root: ConfigNode, file: String) throws {
        self.file = file
        places = Configuration.places(of: root, path: "")
        network.folder = root.directory
        try ConfigTable.read(root, file: file, into: &self)
    }

    /// Notes that a key which is right by itself does not go with others.
    mutating func conflict(_ key: String, _ message: String) { conflicts.append((key, message)) }

    /// Throws `InputError` where a key that is given does not go with others, by the rules at the rows of the keys.
    package func checkKeys() throws {
        if let first = conflicts.first { throw error(first.key, first.message) }
        for key in ConfigTable.keys where gives(key.path) {
            if let problem = key.problem(self) { throw error(key.path, problem) }
        }
    }

    /// Whether the file or an assignment gives a key.
    func gives(_ key: String) -> Bool { places[key] != nil }

    private static func places(of node: ConfigNode, path: String) -> [String: String] {
        guard case .mapping(let entries) = node.content else { return [path: node.place] }
        var result = path.isEmpty ? [:] : [path: node.place]
        for entry in entries {
            let name = path.isEmpty ? entry.key : "\(path).\(entry.key)"
            result.merge(places(of: entry.value, path: name)) { first, _ in first }
        }
        return result
    }

    /// An error about a key, at its value, its section or the file.
    package func error(_ key: String, _ message: String, kind: InputError.Kind = .invalid) -> InputError {
        let section = String(key.prefix { $0 != "." })
        return InputError(kind, at: places[key] ?? places[section] ?? file, "\(key): \(message)")
    }
}

// MARK: - Keys outside sections

extension Configuration {
    static let versionKey = ConfigKey("version", .integersOf([1]), "version of this format") { section, name, _ in
        _ = try section.required(name, try section.integer(name, oneOf: [1]), accepted: "1")
    } write: { _, _ in
        "1"
    }.required

    static let clockKey = ConfigKey.number("clock_mhz", \.clockMHz, in: 1...775, "core clock")
}
