// Is what a trace may ask of its reader bounded, and is each limit said?
import Foundation
import TestSupport
import Testing

@testable import Waveforms

@Suite struct TraceLimitTests {
    private let folder: Scratch

    init() throws { folder = try Scratch() }

    private func message(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
        let path = try folder.file(name, bytes)
        do {
            try TraceFile.open(path).forEachChange { _ in }
            return "no error"
        } catch { return "\(error)" }
    }

    /// A VCD of `depth` scopes inside of each other.
    private func nested(_ depth: Int) -> String {
        String(repeating: "$scope module z $end\n", count: depth) + "$var wire 1 ! a $end\n"
            + String(repeating: "$upscope $end\n", count: depth) + "$enddefinitions $end\n#0\n0!\n"
    }

    @Test func scopesMayBeAThousandDeep() throws {
        #expect(try message("a.vcd", nested(1_000).utf8) == "no error")
        for depth in [1_001, 20_000] {
            let text = try message("b.vcd", nested(depth).utf8)
            #expect(text.contains("nested deeper than the reader follows; the limit is 1000"), "\(text)")
        }
        // The same tree as an FST, which our writer makes from any depth.
        for (depth, isRead) in [(1_000, true), (1_001, false)] {
            var scope = SignalScope(name: "z", signals: [SignalDeclaration(name: "a", width: 1)])
            for _ in 1..<depth { scope = SignalScope(name: "z", scopes: [scope]) }
            let path = folder.path("c.fst")
            try FSTWriter(path: path, hierarchy: SignalHierarchy(root: [scope])).close(at: 1)
            let text = try message("d.fst", Data(contentsOf: URL(fileURLWithPath: path)))
            #expect(text.contains("the limit is 1000") != isRead, "\(text)")
        }
    }

    /// What goes into a VCD's declarations, and the limit that it passes.
    static let vcds: [(name: String, declarations: String, part: String)] = [
        ("name", "$var wire 1 ! \(String(repeating: "a", count: 70_000)) $end", "the limit is 65536"),
        ("scope", "$scope module \(String(repeating: "a b", count: 70_000)) $end", "the limit is 65536"),
        ("words", "$var wire 1 ! \(String(repeating: "a ", count: 70_000)) $end", "the limit is 65536"),
        ("width", "$var wire 16777217 ! a $end", "too wide; the limit is 16777216"),
        ("number", "$var wire 99999999999999999999 ! a $end", "not declared as VCD asks"),
        ("negative", "$var wire -1 ! a $end", "not declared as VCD asks"),
        (
            "bits", (0..<17).map { "$var wire 16777216 c\($0) v\($0) $end" }.joined(separator: "\n"),
            "too many bits together; the limit is 268435456"
        ),
        (
            "paths",
            "$scope module \(String(repeating: "p", count: 60_000)) $end\n"
                + String(repeating: "$var wire 1 ! a $end\n", count: 4_500), "the limit is 268435456"
        ),
    ]

    @Test(arguments: vcds.indices)
    func declarationsAreBounded(index: Int) throws {
        let limit = Self.vcds[index]
        let text = try message("a.vcd", (limit.declarations + "\n$enddefinitions $end\n#0\n").utf8)
        #expect(text.contains(limit.part), "\(limit.name): \(text)")
    }

    /// An alias may have its own width; not each of thousands.
    @Test func aValueHasFewWidths() throws {
        for (count, isRead) in [(64, true), (65, false)] {
            let variables = (1...count).map { "$var wire \($0) ! v\($0) $end" }.joined(separator: "\n")
            let text = try message("a.vcd", (variables + "\n$enddefinitions $end\n#0\nb1 !\n").utf8)
            #expect((text == "no error") == isRead && (isRead || text.contains("the limit is 64")), "\(text)")
        }
    }

    /// Time grows with the number of signals, not with its square, when all of them have one name.
    @Test func manySignalsOfOneNameAreCompared() throws {
        let variables = (0..<20_000).map { "$var wire 8 c\($0) same [\($0 + 7):\($0)] $end" }
        func file(_ name: String, _ variables: some Sequence<String>, _ value: String) throws -> TraceFile {
            let text = variables.joined(separator: "\n") + "\n$enddefinitions $end\n#0\n\(value) c9\n#1\n"
            return try TraceFile.open(folder.file(name, text.utf8))
        }
        let start = ContinuousClock.now
        let report = try TraceDiff.compare(
            file("a.vcd", variables, "b1"), file("b.vcd", variables.reversed(), "b0"))
        #expect(report.first?.path == "same[16:9]" && report.signalsCompared == 20_000)
        #expect(ContinuousClock.now - start < .seconds(15))
    }

    /// A comment may be long: it is not kept.
    @Test func aLongCommentIsPassedOver() throws {
        let comment = String(repeating: "word ", count: 50_000)
        let text =
            "$comment \(comment)$end $var wire 1 ! a $end $enddefinitions $end\n#0\n$comment \(comment)$end\n0!\n"
        #expect(try message("a.vcd", text.utf8) == "no error")
    }

    @Test func aWordMayHave32MiB() throws {
        let head = "$var wire 1 ! a $end $enddefinitions $end\n#0\nb"
        let long = head + String(repeating: "0", count: 1 << 25) + " !\n"
        #expect(try message("a.vcd.gz", TraceForm.gzip(Array(long.utf8))).contains("the limit is 33554432"))
    }

    /// An FST's own numbers are compared with its size and the limits before memory is taken for them.
    @Test func numbersOfAnFSTAreNotBelieved() throws {
        let stimulus = try Stimulus(seed: 3, times: 20)
        let path = folder.path("a.fst")
        try stimulus.write(to: FSTWriter(path: path, hierarchy: stimulus.hierarchy))
        let good = try Data(contentsOf: URL(fileURLWithPath: path))
        var refused = 0
        // Every aligned and unaligned place of a 64-bit number, and of a variable-length one.
        for offset in stride(from: 9, to: good.count - 10, by: 1) {
            for huge in [[UInt8](repeating: 0x7F, count: 8), [UInt8](repeating: 0xFF, count: 9) + [0x01]] {
                var bytes = good
                bytes.replaceSubrange(offset..<offset + huge.count, with: huge)
                if try message("b.fst", bytes) != "no error" { refused += 1 }
            }
        }
        #expect(refused > good.count / 2)
    }

    /// Gzip data that unpacks to far more than itself.
    @Test func aWrappedBombIsRefused() throws {
        let zeros = [UInt8](repeating: 0, count: (1 << 26) + 1)
        let text = try message("a.fst", TraceForm.gzip(zeros))
        #expect(text.contains("unpacks to too many bytes for its size; the limit is 67108864"), "\(text)")
    }

    @Test func aCutWrapperIsCut() throws {
        let stimulus = try Stimulus(seed: 3, times: 20)
        let path = folder.path("a.fst")
        try stimulus.write(to: FSTWriter(path: path, hierarchy: stimulus.hierarchy))
        let bytes = try Array(Data(contentsOf: URL(fileURLWithPath: path)))
        for whole in [TraceForm.wrap(bytes), TraceForm.gzip(bytes)] {
            #expect(try message("b.fst", whole) == "no error")
            for part in [0.3, 0.9] {
                let text = try message("c.fst", whole.prefix(Int(Double(whole.count) * part)))
                #expect(text.contains("it is cut"), "\(text)")
            }
        }
    }
}
