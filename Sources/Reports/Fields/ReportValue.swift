// What may stand in report.json: numbers, words, truth values, lists of them, and sections, which are rows of such.

/// A value of a report.
package protocol ReportValue: Sendable {
    /// Its part of the JSON Schema.
    static var schema: JSONSchema { get }
    /// Whether its key may be absent.
    static var isOptional: Bool { get }
    /// Whether it is one number.
    static var isNumber: Bool { get }
    /// The number that it is; nil for what is absent or none.
    var number: Double? { get }
    /// Unrounded, as in layers.csv; empty for what is absent and for sections.
    var plainText: String { get }
    /// The rows inside it, seen from what holds it; `path` are the keys from there to it.
    static func rows<Root>(
        below path: String, of value: @escaping @Sendable (Root) -> Self?
    ) -> [ReportField<Root>]
}

extension ReportValue {
    /// Always there, unless told otherwise.
    package static var isOptional: Bool { false }
    /// No number, unless told otherwise.
    package static var isNumber: Bool { false }
    /// None, unless told otherwise.
    package var number: Double? { nil }
    /// Empty, unless told otherwise.
    package var plainText: String { "" }
    /// None, unless told otherwise.
    package static func rows<Root>(
        below path: String, of value: @escaping @Sendable (Root) -> Self?
    ) -> [ReportField<Root>] { [] }
}

/// A part of the report with keys of its own, each described by a row.
package protocol ReportSection: ReportValue {
    /// A row for every stored property that is in the JSON.
    static var fields: [ReportField<Self>] { get }
}

extension ReportSection {
    /// An object with the keys of its rows.
    package static var schema: JSONSchema { .object(fields) }

    /// Its rows, seen from what holds it.
    package static func rows<Root>(
        below path: String, of value: @escaping @Sendable (Root) -> Self?
    ) -> [ReportField<Root>] {
        fields.map { $0.moved(below: path, of: value) }
    }
}

extension Int: ReportValue {
    /// A number from 0 on; a row says where it may be less.
    package static var schema: JSONSchema { JSONSchema(["type": .text("integer"), "minimum": .number(0)]) }
    /// It is one.
    package static var isNumber: Bool { true }
    /// Its value.
    package var number: Double? { Double(self) }
    /// As Swift writes it: no digit is lost.
    package var plainText: String { "\(self)" }
}

extension UInt64: ReportValue {
    /// As Int.
    package static var schema: JSONSchema { Int.schema }
    /// It is one.
    package static var isNumber: Bool { true }
    /// Its value.
    package var number: Double? { Double(self) }
    /// As Swift writes it: no digit is lost.
    package var plainText: String { "\(self)" }
}

extension Double: ReportValue {
    /// A number from 0 on; a row says where it may be less.
    package static var schema: JSONSchema { JSONSchema(["type": .text("number"), "minimum": .number(0)]) }
    /// It is one.
    package static var isNumber: Bool { true }
    /// Its value.
    package var number: Double? { self }
    /// As Swift writes it: no digit is lost.
    package var plainText: String { "\(self)" }
}

extension String: ReportValue {
    /// Any text.
    package static var schema: JSONSchema { JSONSchema(["type": .text("string")]) }
    /// The text itself.
    package var plainText: String { self }
}

extension Bool: ReportValue {
    /// True or false.
    package static var schema: JSONSchema { JSONSchema(["type": .text("boolean")]) }
    /// `true` or `false`.
    package var plainText: String { "\(self)" }
}

extension Optional: ReportValue where Wrapped: ReportValue {
    /// That of the value, where it is there.
    package static var schema: JSONSchema { Wrapped.schema }
    /// Absent where it is nil.
    package static var isOptional: Bool { true }
    /// Whether the value is.
    package static var isNumber: Bool { Wrapped.isNumber }
    /// Its value, where it is there.
    package var number: Double? { flatMap(\.number) }
    /// Empty where it is not there.
    package var plainText: String { map(\.plainText) ?? "" }
    /// Those of the value, where it is there.
    package static func rows<Root>(
        below path: String, of value: @escaping @Sendable (Root) -> Self?
    ) -> [ReportField<Root>] {
        Wrapped.rows(below: path) { value($0).flatMap { $0 } }
    }
}

extension Array: ReportValue where Element: ReportValue {
    /// A list of its elements.
    package static var schema: JSONSchema {
        JSONSchema(["type": .text("array"), "items": .schema(Element.schema)])
    }
    /// Such as `3/12/1`.
    package var plainText: String { map(\.plainText).joined(separator: "/") }
    /// Those of an element; `[]` behind the key.
    package static func rows<Root>(
        below path: String, of value: @escaping @Sendable (Root) -> Self?
    ) -> [ReportField<Root>] {
        Element.rows(below: path + "[]") { _ in nil }.map(\.inList)
    }
}

extension Dictionary: ReportValue where Key == String, Value: ReportValue {
    /// An object with any keys.
    package static var schema: JSONSchema {
        JSONSchema(["type": .text("object"), "additionalProperties": .schema(Value.schema)])
    }
}
