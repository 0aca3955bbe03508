import Testing

@testable import Support

/// Does a field of a table come back as it was, by RFC 4180?
@Suite struct CSVFieldTests {
    @Test(arguments: [
        ("plain", "plain"), ("", ""), ("a b", "a b"), ("a,b", "\"a,b\""), ("say \"no\"", "\"say \"\"no\"\"\""),
        ("a,\"b\"", "\"a,\"\"b\"\"\""), ("two\nlines", "\"two\nlines\""), ("\r", "\"\r\""), ("\"", "\"\"\"\""),
    ])
    func fieldsAreQuotedWhereTheyMust(value: String, field: String) { #expect(CSVField.text(value) == field) }
}
