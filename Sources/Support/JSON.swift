import Foundation

/// The one form of JSON that this program writes: keys in snake case and alphabetical order, indented, one newline at
/// the end.
package enum JSON {
    /// The text of a value. Throws what the value's `encode` throws, and for numbers that are not finite.
    package static func encode(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return try encoder.encode(value) + Data("\n".utf8)
    }
}
