// What values a key accepts, for documents and the JSON Schema; `ConfigSection` has the readers that enforce it.

/// A set of values.
package indirect enum ConfigValues: Sendable, Equatable {
    case integers(ClosedRange<Int>)
    case integersOf([Int])
    case numbers(ClosedRange<Double>)
    case booleans
    /// Words of `later` are known and not available yet.
    case words([String], later: [String])
    /// Any text; the words say what is sensible.
    case text(String)
    /// A list, with its accepted lengths.
    case list(ConfigValues, counts: ClosedRange<Int>)
    /// A word, or one of other values.
    case or(String, ConfigValues)

    /// The values in words, for tables.
    var markdown: String {
        switch self {
        case .integers(let range): "\(range.lowerBound)...\(range.upperBound)"
        case .integersOf(let values): values.map(String.init).joined(separator: ", ")
        case .numbers(let range):
            "\(ConfigSection.text(range.lowerBound))...\(ConfigSection.text(range.upperBound))"
        case .booleans: "`true`, `false`"
        case .words(let words, let later):
            ConfigValues.code(words) + (later.isEmpty ? "" : "; later \(ConfigValues.code(later))")
        case .text(let words): words
        case .list(let element, _): "a list of \(element.markdown)"
        case .or(let word, let others): "`\(word)`, \(others.markdown)"
        }
    }

    private static func code(_ words: [String]) -> String { words.map { "`\($0)`" }.joined(separator: ", ") }

    /// The JSON Schema of a value.
    var schema: [String: SchemaValue] {
        switch self {
        case .integers(let range):
            ["type": .text("integer"), "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound)]
        case .integersOf(let values): ["enum": .list(values.map(SchemaValue.integer))]
        case .numbers(let range):
            ["type": .text("number"), "minimum": .number(range.lowerBound), "maximum": .number(range.upperBound)]
        case .booleans: ["type": .text("boolean")]
        case .words(let words, _): ["enum": .list(words.map(SchemaValue.text))]
        case .text: ["type": .text("string"), "minLength": .integer(1)]
        case .list(let element, let counts):
            ["type": .text("array"), "items": .object(element.schema), "minItems": .integer(counts.lowerBound)]
                .merging(counts.upperBound == .max ? [:] : ["maxItems": .integer(counts.upperBound)]) { $1 }
        case .or(let word, let others):
            ["anyOf": .list([.object(["const": .text(word)]), .object(others.schema)])]
        }
    }
}

/// A value in a JSON Schema.
indirect enum SchemaValue: Encodable, Sendable {
    case text(String)
    case integer(Int)
    case number(Double)
    case flag(Bool)
    case list([SchemaValue])
    case object([String: SchemaValue])

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .text(let text): try container.encode(text)
        case .integer(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .flag(let value): try container.encode(value)
        case .list(let values): try container.encode(values)
        case .object(let members): try container.encode(members)
        }
    }
}
