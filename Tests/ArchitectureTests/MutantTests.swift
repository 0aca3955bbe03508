import Foundation
import TestSupport
import Testing

/// Are the planted faults (Tests/Mutants) those of the table, each in its place, and in test builds only?
@Suite struct MutantTests {
    struct Row {
        var name, place, filter, fault: String
    }

    private static func rows() throws -> [Row] {
        let text = try String(contentsOfFile: Repository.path("Tests/Mutants/mutants.tsv"), encoding: .utf8)
        return try text.split(separator: "\n").dropFirst().map { line in
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            try #require(fields.count == 4 && fields.allSatisfy { !$0.isEmpty }, "\(line)")
            return Row(name: fields[0], place: fields[1], filter: fields[2], fault: fields[3])
        }
    }

    /// Lines of a file that belong to test builds with planted faults only.
    private static func planted(_ text: String) -> (inside: [Substring], outside: [Substring]) {
        var result: (inside: [Substring], outside: [Substring]) = ([], [])
        // Of each open #if: whether it is MUTANTS, and whether its first half is read.
        var open: [(isMutants: Bool, isFirst: Bool)] = []
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            switch words.first {
            case "#if": open.append((words.dropFirst() == ["MUTANTS"], true))
            case "#else", "#elseif": if let last = open.popLast() { open.append((last.isMutants, false)) }
            case "#endif": _ = open.popLast()
            default:
                if open.contains(where: { $0.isMutants && $0.isFirst }) {
                    result.inside.append(line)
                } else {
                    result.outside.append(line)
                }
            }
        }
        return result
    }

    @Test func everyFaultIsPlantedInItsPlaceAndListed() throws {
        let rows = try Self.rows()
        #expect(rows.count == 43)
        #expect(Set(rows.map(\.name)).count == rows.count)
        #expect(Set(rows.map { $0.place.split(separator: "/")[1] }).count >= 15, "few rooms have a fault")
        var asked: [String: Set<String>] = [:]
        for scan in SourceScan.all where scan.path.hasPrefix("Sources/") {
            let text = try String(contentsOfFile: Repository.path(scan.path), encoding: .utf8)
            let (inside, outside) = Self.planted(text)
            for line in outside {
                #expect(!line.contains("isPlanted") && !line.contains("import Mutants"), "\(scan.path): \(line)")
            }
            for match in inside.joined(separator: "\n").matches(of: /isPlanted\("([^"]*)"\)/) {
                asked[String(match.output.1), default: []].insert(scan.path)
            }
        }
        #expect(Set(asked.keys) == Set(rows.map(\.name)))
        for row in rows { #expect(asked[row.name] == [row.place], "\(row.name)") }
    }
}
