// Do the table of keys, the page about configurations and the JSON Schema say the same? `RECORD_SNAPSHOTS=1` writes the
// page's table and the schema anew.

import Configuration
import Foundation
import TestSupport
import Testing

@Suite struct ConfigDocumentTests {
    static let page = Repository.root.appendingPathComponent("docs/guide/Config.md")
    static let schema = Repository.root.appendingPathComponent("docs/config.schema.json")
    static let records = ProcessInfo.processInfo.environment["RECORD_SNAPSHOTS"] == "1"

    @Test func thePageHasTheTableOfKeys() throws {
        let text = try String(contentsOf: Self.page, encoding: .utf8)
        let start = try #require(
            text.range(of: "<!-- made: ConfigTable.markdown -->\n"), "no mark where the table begins")
        let end = try #require(
            text.range(of: "<!-- end -->\n", range: start.upperBound..<text.endIndex), "no mark where the table ends")
        let table = text[start.upperBound..<end.lowerBound]
        if Self.records {
            let new = text.replacingCharacters(in: start.upperBound..<end.lowerBound, with: ConfigTable.markdown)
            try Data(new.utf8).write(to: Self.page)
        } else {
            #expect(table == ConfigTable.markdown, "run again with RECORD_SNAPSHOTS=1")
        }
    }

    @Test func theSchemaIsThatOfTheKeys() throws {
        let schema = try ConfigTable.jsonSchema()
        if Self.records {
            try schema.write(to: Self.schema)
        } else {
            #expect(try Data(contentsOf: Self.schema) == schema, "run again with RECORD_SNAPSHOTS=1")
        }
    }

    /// Keys of one section stand together, no key twice, every key with its help.
    @Test func theTableIsInOrder() {
        let paths = ConfigTable.keys.map(\.path)
        #expect(Set(paths).count == paths.count)
        #expect(ConfigTable.keys.allSatisfy { !$0.help.isEmpty && !$0.help.contains("|") && !$0.accepted.isEmpty })
        var sections = paths.map { $0.split(separator: ".").dropLast().joined(separator: ".") }
        sections = sections.indices.filter { $0 == 0 || sections[$0] != sections[$0 - 1] }.map { sections[$0] }
        #expect(Set(sections.filter { !$0.isEmpty }).count == sections.count { !$0.isEmpty })
    }
}
