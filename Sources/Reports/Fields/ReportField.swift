// One key of report.json: the row from which the schema, the documents, the tables and the keys of sweeps are folded.

/// A key of report.json (or of a section of it, `Root`), what it means and how to read its value.
package struct ReportField<Root: Sendable>: Sendable {
    /// A column of a table in report.txt, or a line of one.
    struct Shown: Sendable {
        /// Places are in ascending order, the first to the left or above.
        var place: Int
        var title: String
        var rounding: Rounding
    }

    /// Keys from `Root` on, joined by points; `[]` behind the key of a list.
    package private(set) var path: String
    /// Such as `cycles`; empty for words and ratios.
    package let unit: String
    /// What it means, for the documents and the schema: Markdown, one line.
    package let help: String
    /// Of the value alone.
    package private(set) var schema: JSONSchema
    /// Whether the key is there wherever its section is.
    package let isAlwaysThere: Bool
    /// Whether it is one number of the report: not a list's, not a word.
    package private(set) var isSingleNumber: Bool
    /// Only reports of runs in mode full have it.
    package private(set) var isOnlyInFull = false
    /// Only reports of runs that compute data have it: not those of mode timing.
    package private(set) var isOnlyWithData = false
    /// Two runs of one configuration may differ in it: it says something of the computer they ran on.
    package private(set) var isOfMachine = false
    /// sweep.csv has it as a column, asked for or not.
    package private(set) var isSweepColumn = false
    /// Where report.txt shows it in a table.
    private(set) var shown: Shown?
    /// The rows inside a section or a list of sections.
    package private(set) var parts: [ReportField<Root>]
    /// The value as a number; nil for what is absent or no single number.
    package private(set) var number: @Sendable (Root) -> Double?
    /// The value unrounded, as in layers.csv; empty for what is absent.
    package private(set) var plainText: @Sendable (Root) -> String

    /// The row of a stored property. The help of an optional one says when it is absent.
    init<Value: ReportValue>(
        _ key: String, _ value: KeyPath<Root, Value> & Sendable, unit: String = "", _ help: String
    ) {
        path = key
        self.unit = unit
        self.help = help
        schema = Value.schema
        isAlwaysThere = !Value.isOptional
        isSingleNumber = Value.isNumber
        parts = Value.rows(below: key) { $0[keyPath: value] }
        number = { $0[keyPath: value].number }
        plainText = { $0[keyPath: value].plainText }
    }

    private init(_ field: ReportField<some Sendable>, path: String, parts: [ReportField<Root>]) {
        self.path = path
        self.parts = parts
        unit = field.unit
        help = field.help
        schema = field.schema
        isAlwaysThere = field.isAlwaysThere
        isSingleNumber = field.isSingleNumber
        isOnlyInFull = field.isOnlyInFull
        isOnlyWithData = field.isOnlyWithData
        isOfMachine = field.isOfMachine
        isSweepColumn = field.isSweepColumn
        number = { _ in nil }
        plainText = { _ in "" }
    }

    /// The same row seen from what holds its section.
    func moved<Outer>(
        below section: String, of value: @escaping @Sendable (Outer) -> Root?
    ) -> ReportField<Outer> {
        var field = ReportField<Outer>(
            self, path: "\(section).\(path)", parts: parts.map { $0.moved(below: section, of: value) })
        let (number, plainText) = (number, plainText)
        field.number = { value($0).flatMap(number) }
        field.plainText = { value($0).map(plainText) ?? "" }
        return field
    }

    /// The row itself, then those inside it.
    package var all: [ReportField<Root>] { [self] + parts.flatMap(\.all) }
}

// What a row says besides: each gives back the row, changed.
extension ReportField {
    /// At least a number; nil: any number, negative ones too.
    func atLeast(_ minimum: Double?) -> ReportField { with { $0.schema.set("minimum", minimum.map { .number($0) }) } }

    /// 0...1.
    var fraction: ReportField { with { $0.schema.set("maximum", .number(1)) } }

    /// One of these words.
    func oneOf(_ words: [String]) -> ReportField {
        with { $0.schema = JSONSchema(["enum": .list(words.map { .text($0) })]) }
    }

    /// One of these numbers.
    func oneOf(_ numbers: [Double]) -> ReportField {
        with { $0.schema = JSONSchema(["enum": .list(numbers.map { .number($0) })]) }
    }

    /// Always this word.
    func always(_ word: String) -> ReportField { with { $0.schema = JSONSchema(["const": .text(word)]) } }

    /// 64 hexadecimal digits.
    var sha256: ReportField { with { $0.schema.set("pattern", .text("^[0-9a-f]{64}$")) } }

    /// Absent unless the run counts toggles; so are the rows inside.
    var onlyInFull: ReportField { onlyWithData.withParts { $0.isOnlyInFull = true } }

    /// Absent unless the run computes data; so are the rows inside.
    var onlyWithData: ReportField { withParts { $0.isOnlyWithData = true } }

    /// Depends on the computer; so do the rows inside.
    var ofMachine: ReportField { withParts { $0.isOfMachine = true } }

    /// Of many values of this kind, the report has a list.
    var inList: ReportField { withParts { $0.isSingleNumber = false } }

    /// A column of sweep.csv.
    var sweepColumn: ReportField { with { $0.isSweepColumn = true } }

    /// No column of sweep.csv unless asked for; nor are the rows inside.
    var noSweepColumn: ReportField { withParts { $0.isSweepColumn = false } }

    /// Shown in report.txt's table of its section.
    func shown(at place: Int, _ title: String, _ rounding: Rounding = .grouped) -> ReportField {
        with { $0.shown = Shown(place: place, title: title, rounding: rounding) }
    }

    private func with(_ change: (inout ReportField) -> Void) -> ReportField {
        var field = self
        change(&field)
        return field
    }

    private func withParts(_ change: (inout ReportField) -> Void) -> ReportField {
        with { field in
            change(&field)
            field.parts = field.parts.map { $0.withParts(change) }
        }
    }
}

extension [ReportField<Report>] {
    /// These rows and those inside them.
    package var all: [ReportField<Report>] { flatMap(\.all) }
}
