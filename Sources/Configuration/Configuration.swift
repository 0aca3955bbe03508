// The configuration of one run, decoded by hand so that every error has a place. docs/guide/Config.md lists the keys.
// Rules that involve several keys are in ConfigurationRules.swift.

import Diagnostics
import Foundation
import Networks

/// Everything that a run depends on.
package struct Configuration: Sendable {
    package var network: NetworkSettings
    package var quantization: QuantizationSettings
    package var device: DeviceSettings
    package var clockMHz: Double
    package var array: ArraySettings
    package var buffers: BufferSettings
    package var memory: MemorySettings
    package var host: HostSettings
    package var run: RunSettings
    package var trace: TraceSettings?
    /// Where each key's value stands, for messages of later steps.
    var places: [String: String]
    /// The file, or what stands for it in messages.
    var file: String

    static let keys = [
        "version", "network", "quantization", "device", "clock_mhz", "array", "buffers", "memory", "host", "run",
        "trace",
    ]

    /// Reads a file and applies assignments, in order. Throws `InputError`.
    package static func load(path: String, assignments: [ConfigAssignment] = []) throws -> Configuration {
        var root = try ConfigText.read(path: path)
        for assignment in assignments {
            let (key, value) = try ConfigText.parse(assignment)
            root = try root.setting(key, to: value)
        }
        let configuration = try Configuration(root, file: path)
        try configuration.validate()
        return configuration
    }

    /// Decodes a parsed file; `validate` then checks the rules that involve several keys. Throws `InputError`.
    package init(_ root: ConfigNode, file: String) throws {
        let top = try ConfigSection(root, path: "", keys: Configuration.keys, file: file)
        _ = try top.required("version", try top.integer("version", oneOf: [1]), accepted: "1")
        network = try NetworkSettings(top.node("network"), file: file)
        quantization = try QuantizationSettings(top.node("quantization"), file: file)
        device = try DeviceSettings(top.node("device"), file: file)
        clockMHz = try top.number("clock_mhz", in: 1...775) ?? 200
        array = try ArraySettings(top.node("array"), file: file)
        buffers = try BufferSettings(top.node("buffers"), file: file)
        memory = try MemorySettings(top.node("memory"), file: file)
        host = try HostSettings(top.node("host"), file: file)
        run = try RunSettings(top.node("run"), file: file)
        trace = try top.node("trace").flatMap { try TraceSettings($0, file: file) }
        places = Configuration.places(of: root, path: "")
        self.file = file
    }

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
