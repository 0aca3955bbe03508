// Does every command say that a file was cut, and take only what is surely there?
import Foundation
import TestSupport
import Testing

@testable import Waveforms

@Suite struct CutTraceTests {
    private let folder: Scratch

    init() throws { folder = try Scratch() }

    static let head = """
        $timescale 1 ns $end
        $var wire 1 ! clk $end
        $var wire 4 " d [3:0] $end
        $var wire 1 ab two $end
        $var wire 1 a one $end
        $var string 1 s text $end
        $var real 64 r real $end
        $enddefinitions $end

        """

    /// What stands at the end of the file, whether it is cut, and the lines of its dump from time 10 on.
    static let ends: [(end: String, isCut: Bool, lines: [String])] = [
        ("#10\n1!\n", false, ["10 clk 1"]),
        // `!` is no other code's beginning, `a` is that of `ab`.
        ("#10\n1!", false, ["10 clk 1"]), ("#10\n1ab", false, ["10 two 1"]), ("#10\n1a", true, []),
        ("#10\n1", true, []), ("#10\n1!\n1", true, ["10 clk 1"]), ("#10\nx", true, []),
        ("#10\nb11 \"", false, ["10 d 0x3"]), ("#10\nb11 ", true, []), ("#10\nb11", true, []),
        ("#10\nb", true, []), ("#10\nsRUN s", false, ["10 text RUN"]), ("#10\nsRUN ", true, []),
        ("#10\nsRU", true, []), ("#10\nr1.5 r", false, ["10 real 1.5"]), ("#10\nr1.", true, []),
        ("#10\nr", true, []), ("#1", true, []), ("#", true, []), ("#10\n#2", true, []), ("#10\n", false, []),
        ("#10\n$dumpoff\nx!\n$end", false, ["10 clk x"]), ("#10\n$dumpoff\nx!\n", true, ["10 clk x"]),
        ("#10\n$dum", true, []), ("#10\n$comment cut", true, []), ("#10\n$comment whole $end", false, []),
    ]

    @Test(arguments: ends.indices, ["vcd", "vcd.gz"])
    func theEndOfAVCDIsJudged(index: Int, ending: String) throws {
        let (end, isCut, lines) = Self.ends[index]
        let text = Array((Self.head + "#0\n0!\nb1 \"\n" + end).utf8)
        let file = try TraceFile.open(folder.file("a.\(ending)", ending == "vcd" ? text : TraceForm.gzip(text)))
        var found: [String] = []
        let extent = try TraceDump().run(file) { found.append($0) }
        #expect(found == ["0 clk 0", "0 d 0x1"] + lines, "\(end)")
        let extents = [
            extent, try TraceInfo(of: file).extent, try TraceStats(of: file).extent,
            try TraceSearch(value: "1").run(file) { _ in },
            try TraceConverter().convert(file, to: folder.path("b.fst")).extent,
        ]
        for extent in extents {
            #expect(extent.isComplete != isCut, "\(end)")
            #expect(extent.notes(on: "a").count == (isCut ? 1 : 0))
        }
        // What a cut file becomes is cut, too.
        #expect(try TraceFile.open(folder.path("b.fst")).forEachChange { _ in }.isComplete != isCut)
        let report = try TraceDiff.compare(file, file)
        #expect(report.notes.count == (isCut ? 2 : 0) && report.isMatch != isCut, "\(report.text)")
    }

    /// A VCD cut inside of a line against the whole one: never a difference, always something that was not compared.
    /// (Cut behind a line, nothing shows it; then the end or the last step differs.)
    @Test func aCutFileNeverDiffers() throws {
        let body = "#0\n0!\nb1 \"\nsIDLE s\n#10\n1!\n1a\n#20\n0!\nb11 \"\n1ab\nsRUN s\nr2.5 r\n#30\n1!\n"
        let text = Self.head + body
        let whole = try TraceFile.open(folder.file("whole.vcd", text.utf8))
        var seen = 0
        for count in Self.head.utf8.count..<text.utf8.count {
            let cut = try TraceFile.open(folder.file("cut.vcd", text.utf8.prefix(count)))
            guard try !cut.forEachChange({ _ in }).isComplete else { continue }
            seen += 1
            for (one, other) in [(cut, whole), (whole, cut)] {
                let report = try TraceDiff.compare(one, other)
                #expect(report.differences.isEmpty && !report.isMatch, "at \(count): \(report.text)")
                if count > Self.head.utf8.count + body.utf8.count / 2 {
                    let common = try TraceDiff.compare(one, other, options: TraceDiffOptions(commonOnly: true))
                    #expect(common.isMatch && common.signalsCompared == 6, "at \(count): \(common.text)")
                }
            }
        }
        #expect(seen > 30)
    }

    /// An FST of many sections cut anywhere: its end is that of the last whole section, whatever its header says.
    @Test func aCutFSTEndsWithItsLastWholeSection() throws {
        let stimulus = try Stimulus(seed: 31, times: 60, firstTime: 50)
        let options = TraceWriterOptions(sectionBytes: 100)
        try stimulus.write(
            to: makeTraceWriter(path: folder.path("whole.fst"), hierarchy: stimulus.hierarchy, options: options))
        let bytes = try Array(Data(contentsOf: URL(fileURLWithPath: folder.path("whole.fst"))))
        let whole = try TraceFile.open(folder.path("whole.fst"))
        guard case .fst(let container, nil) = whole.body else { throw WaveformError.invalid("no FST") }
        #expect(container.sections.count > 4 && container.endTime == stimulus.end)
        let first = try #require(container.sections.first).offset - FSTLayout.blockHead
        var ends: Set<UInt64> = []
        for count in stride(from: first, to: bytes.count, by: 173) {
            let cut = try TraceFile.open(folder.file("cut.fst", bytes.prefix(count)))
            let last = container.sections.last { $0.offset + $0.count <= count }
            // The end of a section is its second number.
            let end = last.map { bytes[($0.offset + 8)..<($0.offset + 16)].reduce(UInt64(0)) { $0 << 8 | UInt64($1) } }
            ends.insert(end ?? 50)
            let converted = folder.path("again.fst")
            let extents = [
                try TraceDump().run(cut) { _ in }, try TraceInfo(of: cut).extent, try TraceStats(of: cut).extent,
                try TraceSearch(value: "1").run(cut) { _ in },
                try TraceConverter().convert(cut, to: converted).extent,
                try TraceFile.open(converted).forEachChange { _ in },
            ]
            #expect(extents.allSatisfy { $0.end == end ?? 50 && $0.start == 50 && !$0.isComplete }, "at \(count)")
            for (one, other) in [(cut, whole), (whole, cut), (cut, cut)] {
                let report = try TraceDiff.compare(one, other)
                #expect(report.differences.isEmpty && !report.isMatch, "at \(count): \(report.text)")
                #expect(report.notCompared.contains { $0.contains("cut") } && !report.notes.isEmpty)
                let common = try TraceDiff.compare(one, other, options: TraceDiffOptions(commonOnly: true))
                #expect(common.lastStep == end && common.isMatch == (end != nil), "at \(count): \(common.text)")
            }
        }
        #expect(ends.count > 4)
    }

    @Test func whatIsNotComparedIsListed() throws {
        let one = try TraceFile.open(folder.file("a.vcd", (Self.head + "#0\n0!\n#10\n1!\n").utf8))
        let more = Self.head.replacing("$enddef", with: "$var wire 1 + more $end\n$enddef") + "#0\n0!\n1+\n#10\n1!\n"
        let other = try TraceFile.open(folder.file("b.vcd", more.utf8))
        let wide = Self.head.replacing("wire 4 \" d [3:0]", with: "wire 5 \" d [4:0]") + "#0\n0!\n#10\n1!\n"
        let wider = try TraceFile.open(folder.file("c.vcd", wide.utf8))
        let late = try TraceFile.open(folder.file("d.vcd", (Self.head + "#5\n0!\n#10\n1!\n").utf8))
        let report = try TraceDiff.compare(one, other)
        #expect(!report.isMatch && report.notCompared == ["only in the second file: 1", "  more"])
        #expect(report.text.hasSuffix("no difference in what both files have\n"))
        #expect(try TraceDiff.compare(one, other, options: TraceDiffOptions(commonOnly: true)).isMatch)
        // A range of the same width is another signal.
        let moved = try TraceFile.open(
            folder.file("e.vcd", (Self.head.replacing("d [3:0]", with: "d [7:4]") + "#0\n0!\n#10\n1!\n").utf8))
        let apart = try TraceDiff.compare(one, moved)
        #expect(apart.onlyInA == ["d[3:0]"] && apart.onlyInB == ["d[7:4]"] && !apart.isMatch)
        // One name of two widths is a difference, of whatever is compared.
        for common in [false, true] {
            let report = try TraceDiff.compare(one, wider, options: TraceDiffOptions(commonOnly: common))
            #expect(!report.isMatch && report.widthMismatches == ["d"] && report.onlyInA.isEmpty)
            // Before the later file begins there is nothing in common.
            #expect(try TraceDiff.compare(one, late, options: TraceDiffOptions(commonOnly: common)).isMatch == common)
        }
    }

    /// Values that do not fit their signal are counted, said, and never compared in silence.
    @Test(arguments: ["r1.5 !", "sTEXT !", "b1 s", "1s", "b1 r", "sTEXT r", "r1.5 s"])
    func misfitsAreSaid(change: String) throws {
        let file = try TraceFile.open(folder.file("a.vcd", (Self.head + "#0\n0!\n\(change)\n#10\n").utf8))
        var lines = 0
        let extent = try TraceDump().run(file) { _ in lines += 1 }
        #expect(lines == 1 && extent.misfits == 1 && extent.isComplete)
        #expect(
            extent.notes(on: "a.vcd") == [
                "'a.vcd' has 1 values that do not fit the type of their signal; they are left out"
            ])
        let report = try TraceDiff.compare(file, file)
        #expect(!report.isMatch && report.notes.count == 2)
    }
}
