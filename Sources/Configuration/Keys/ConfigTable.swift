// All keys of a configuration, and what is folded over them: reading, the resolved file and the text of the hash.

import Diagnostics
import Support

/// The table of all keys, in the order in which they are read and written.
package enum ConfigTable {
    /// One row a key. A section's rows stand together, in the section's file.
    package static let keys: [ConfigKey] = [
        [Configuration.versionKey], NetworkSettings.keys, QuantizationSettings.keys, DeviceSettings.keys,
        [Configuration.clockKey], ArraySettings.keys, ScheduleSettings.keys, BufferSettings.keys, MemorySettings.keys,
        HostSettings.keys, RunSettings.keys, EnergySettings.keys, TraceSettings.keys,
    ].flatMap { $0 }

    /// Names of the keys and sections of each section, in order; the file itself is the section "".
    static let names: [String: [String]] = {
        var result: [String: [String]] = [:]
        for key in keys {
            var section = ""
            for part in key.path.split(separator: ".").map(String.init) {
                if result[section]?.contains(part) != true { result[section, default: []].append(part) }
                section = section.isEmpty ? part : "\(section).\(part)"
            }
        }
        return result
    }()

    /// Reads every key of a parsed file. Throws `InputError` for what a key never accepts.
    static func read(_ root: ConfigNode, file: String, into configuration: inout Configuration) throws {
        var sections: [String: ConfigSection] = [:]
        func section(_ path: String) throws -> ConfigSection {
            if let known = sections[path] { return known }
            var node: ConfigNode? = root
            if let name = path.split(separator: ".").last.map(String.init) {
                node = try section(String(path.dropLast(name.count + 1))).node(name)
            }
            let opened = try ConfigSection(node, path: path, keys: names[path] ?? [], file: file)
            sections[path] = opened
            return opened
        }
        for key in keys { try key.read(try section(key.section), key.name, &configuration) }
    }

    /// The keys that have a value, as lines of YAML with their sections.
    static func yaml(_ configuration: Configuration) -> String {
        var lines: [String] = []
        var open: [String] = []
        for key in keys {
            guard let text = key.text(configuration, .file) else { continue }
            let sections = Array(key.path.split(separator: ".").map(String.init).dropLast())
            for depth in sections.indices where sections.prefix(depth + 1) != open.prefix(depth + 1) {
                lines.append(String(repeating: "  ", count: depth) + sections[depth] + ":")
            }
            open = sections
            lines.append(String(repeating: "  ", count: sections.count) + "\(key.name): \(text)")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension Configuration {
    /// A complete configuration file, re-runnable from any folder: every key that this configuration has, defaults
    /// included. What follows from the network is stated where it has been filled in.
    package var resolvedText: String {
        "# Resolved by ShiftSim \(ToolVersion.text): every key that applies, with the value that the run took.\n"
            + ConfigTable.yaml(self)
    }

    /// The text that the configuration's hash covers: the keys that may change a result, files by name only, since
    /// their contents are hashed beside it.
    package var hashText: String {
        ConfigTable.keys.filter(\.affectsResults)
            .compactMap { key in key.text(self, .hash).map { "\(key.path): \($0)\n" } }
            .joined()
    }
}
