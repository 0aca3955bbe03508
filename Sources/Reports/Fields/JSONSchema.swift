// JSON Schema, the part of it that the report needs.

import Foundation
import Support

/// A schema: keywords and their values.
package struct JSONSchema: Sendable, Equatable, Encodable {
    /// The value of a keyword.
    indirect enum Content: Sendable, Equatable {
        case text(String)
        case number(Double)
        case list([Content])
        case schema(JSONSchema)
        case schemas([String: JSONSchema])
    }

    private var keywords: [String: Content]

    init(_ keywords: [String: Content]) { self.keywords = keywords }

    /// Sets a keyword, or takes it away.
    mutating func set(_ keyword: String, _ content: Content?) { keywords[keyword] = content }

    /// An object with the keys of some rows.
    static func object(_ fields: [ReportField<some Sendable>]) -> JSONSchema {
        let properties = fields.map { field in
            var schema = field.schema
            schema.set("description", .text(field.help + (field.unit.isEmpty ? "" : " (\(field.unit))")))
            return (field.path, schema)
        }
        return JSONSchema([
            "type": .text("object"), "properties": .schemas(Dictionary(uniqueKeysWithValues: properties)),
            "required": .list(fields.filter(\.isAlwaysThere).map { .text($0.path) }),
        ])
    }

    /// Writes the keywords.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(keywords)
    }
}

extension JSONSchema.Content: Encodable {
    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .text(let text): try container.encode(text)
        case .number(let number): try container.encode(number)
        case .list(let list): try container.encode(list)
        case .schema(let schema): try container.encode(schema)
        case .schemas(let schemas): try container.encode(schemas)
        }
    }
}

extension Report {
    /// docs/report.schema.json.
    package static func jsonSchema() throws -> Data {
        var schema = Report.schema
        schema.set("$schema", .text("https://json-schema.org/draft/2020-12/schema"))
        schema.set("$id", .text(Report.schemaName))
        schema.set("title", .text("ShiftSim report"))
        schema.set(
            "description",
            .text("Keys are explained in docs/guide/Report.md. Keys that a run does not compute are absent."))
        return try JSON.encode(schema)
    }
}
