// Does a text that would cost much end in an error at once, and an honest one not?

import Configuration
import Diagnostics
import Foundation
import Support
import TestSupport
import Testing

@Suite struct YAMLLimitTests {
    /// Texts that would take the memory of the machine, with what is said of them.
    static let bombs: [(name: String, text: String, part: String)] = [
        ("lists of aliases", bomb { "[\($0)]" }, "values with its aliases written out"),
        ("mappings of aliases", bomb { mapping($0) }, "values with its aliases written out"),
        ("an alias as a key", "a: &a [1]\n? *a\n: 1\n", "an alias as a key"),
        ("a list as a key", "? [1, 2]\n: 1\n", "a key must be a word"),
        (
            "seventeen lists", "version: " + String(repeating: "[", count: 17) + String(repeating: "]", count: 17),
            "nested too deeply"
        ),
        ("many lists", "version: " + String(repeating: "[", count: 500_000), "esting level"),
        ("many mappings", "version: " + String(repeating: "{a: ", count: 200_000), "nested too deeply"),
        ("many blocks", (0..<1200).map { String(repeating: " ", count: $0) + "a:\n" }.joined(), "nested too deeply"),
        ("many values", "version: [" + String(repeating: "1,", count: 300_000) + "]", "more than 200000 values"),
        ("a large file", String(repeating: "# nothing\n", count: 200_000), "more than 1048576 bytes"),
        ("many anchors", (0..<30_000).map { "k\($0): &a\($0) 1\n" }.joined(), "unknown key"),
    ]

    private static func bomb(_ form: (String) -> String) -> String {
        var lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1]"]
        for level in 1...9 {
            lines.append(
                "a\(level): &a\(level) " + form(Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func mapping(_ list: String) -> String {
        let parts = list.split(separator: ",").enumerated().map { "k\($0): \($1)" }
        return "{" + parts.joined(separator: ", ") + "}"
    }

    @Test(arguments: bombs.map(\.name))
    func aTextThatCostsMuchIsAnError(_ name: String) throws {
        let (_, text, part) = try #require(Self.bombs.first { $0.name == name })
        let workplace = try Scratch()
        let file = try workplace.write("bomb.yaml", text)
        let before = ProcessMemory.peakBytes
        let start = ContinuousClock.now
        let error = #expect(throws: InputError.self) { try Configuration.load(path: file) }
        #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
        #expect(error?.place.hasPrefix(file) == true)
        #expect(ContinuousClock.now - start < .seconds(5))
        #expect(ProcessMemory.peakBytes - before < 300 << 20)
    }

    /// The same through `--set`, where only small texts fit.
    @Test func anAssignmentHasTheSameLimits() throws {
        let workplace = try Scratch()
        let file = try workplace.write("tiny.yaml", Texts.tiny)
        for value in [String(repeating: "[", count: 17) + String(repeating: "]", count: 17), "{? [1] : 1}"] {
            let error = #expect(throws: InputError.self) {
                try Configuration.load(path: file, assignments: [ConfigAssignment("array.taps=\(value)")])
            }
            #expect(error?.place == "--set array.taps")
        }
        let long = Array(repeating: "a", count: 100_000).joined(separator: ".")
        let error = #expect(throws: InputError.self) {
            try Configuration.load(path: file, assignments: [ConfigAssignment("\(long)=1")])
        }
        #expect((error?.description.count ?? 0) < 1000)
    }

    /// Anchors are YAML's way to say a thing once.
    @Test func aliasesStandForTheirValues() throws {
        let workplace = try Scratch()
        let text = Texts.tiny.replacingOccurrences(
            of: "buffers: {ifmap_kib: 16, weight_kib: 16, ofmap_kib: 16}",
            with: "buffers: {ifmap_kib: &size 16, weight_kib: *size, ofmap_kib: *size}")
        let configuration = try Configuration.load(path: try workplace.write("alias.yaml", text))
        #expect(configuration.buffers.weightKiB == 16 && configuration.buffers.ofmapKiB == 16)
    }
}
