// The table of keys as documents: rows of docs/guide/Config.md, and the JSON Schema of configuration files.

import Foundation
import Support

extension ConfigTable {
    /// The table of docs/guide/Config.md.
    package static var markdown: String {
        let head = "| key | accepted | default | meaning |\n|---|---|---|---|\n"
        return keys.reduce(head) { text, key in
            text + "| `\(key.path)` | \(key.accepted) | \(key.defaultText) | \(key.help) |\n"
        }
    }

    /// docs/config.schema.json: what each key accepts by itself. Rules over several keys are not in it.
    package static func jsonSchema() throws -> Data {
        let head: [String: SchemaValue] = [
            "$schema": .text("https://json-schema.org/draft/2020-12/schema"), "$id": .text("shiftsim.config/1"),
            "title": .text("ShiftSim configuration"),
            "description": .text(
                "Keys are explained in docs/guide/Config.md. Rules over several keys are not in this schema."),
        ]
        return try JSON.encode(head.merging(object("")) { first, _ in first })
    }

    /// The schema of a section.
    private static func object(_ section: String) -> [String: SchemaValue] {
        var properties: [String: SchemaValue] = [:]
        var required: [SchemaValue] = []
        for name in names[section] ?? [] {
            let path = section.isEmpty ? name : "\(section).\(name)"
            if let key = keys.first(where: { $0.path == path }) {
                properties[name] = .object(key.values.schema.merging(["description": .text(key.help)]) { $1 })
            } else {
                properties[name] = .object(object(path))
            }
            let isRequired = keys.contains { ($0.path == path || $0.section == path) && $0.isRequired }
            if isRequired { required.append(.text(name)) }
        }
        var schema: [String: SchemaValue] = [
            "type": .text("object"), "properties": .object(properties), "additionalProperties": .flag(false),
        ]
        if !required.isEmpty { schema["required"] = .list(required) }
        return schema
    }
}
