// Do info, dump and conversion say what the trace holds?
import Foundation
import TestSupport
import Testing

@testable import Waveforms

@Suite struct TraceToolTests {
    let folder: Scratch

    init() throws { folder = try Scratch() }

    private func sample() throws -> TraceFile {
        let element = SignalScope(
            name: "pe[0]",
            signals: [
                SignalDeclaration(name: "product", width: 12, kind: .register),
                SignalDeclaration(name: "shown", width: 12, alias: 1),
            ])
        let top = SignalScope(name: "top", scopes: [element], signals: [SignalDeclaration(name: "valid", width: 1)])
        let hierarchy = try SignalHierarchy(root: [top], timescaleExponent: -10)
        let writer = try makeTraceWriter(path: folder.path("a.fst"), hierarchy: hierarchy)
        try writer.setTime(0)
        try writer.setTime(4)
        writer.change(0, value: 1)
        writer.change(1, value: 0xFFE)
        try writer.close(at: 9)
        return try TraceFile.open(folder.path("a.fst"))
    }

    @Test func infoCounts() throws {
        let info = try TraceInfo(of: sample())
        #expect(info.format == .fst && info.timescaleExponent == -10)
        #expect(info.scopes == ["top", "top.pe[0]"])
        #expect(info.extent == TraceExtent(start: 0, end: 9, changes: 4, isComplete: true))
        #expect(info.signals.map(\.changes) == [2, 2, 2])
        #expect(info.signals[2].aliasOf == "top.pe[0].product")
        #expect(
            info.text(listingSignals: true) == """
                file       \(folder.path("a.fst"))
                format     fst
                bytes      \(info.byteCount)
                timescale  100 ps
                time       0 to 9 x 100 ps
                scopes     2
                signals    3, 1 of them aliases, 25 bits
                changes    4
                      1          2 wire top.valid
                     12          2 reg top.pe[0].product
                     12          2 wire top.pe[0].shown = top.pe[0].product

                """)
        let decoded = try JSONDecoder().decode(TraceInfo.self, from: JSONEncoder().encode(info))
        #expect(decoded == info)
    }

    private func dump(_ dump: TraceDump) throws -> [String] {
        var lines: [String] = []
        try dump.run(sample()) { lines.append($0) }
        return lines
    }

    @Test func dumpFiltersAndFormats() throws {
        #expect(
            try dump(TraceDump()) == [
                "0 top.valid 0", "0 top.pe[0].product 0x000", "0 top.pe[0].shown 0x000", "4 top.valid 1",
                "4 top.pe[0].product 0xffe", "4 top.pe[0].shown 0xffe",
            ])
        let shown = try SignalFilter(["**.shown"])
        #expect(try dump(TraceDump(filter: shown, radix: .signed)) == ["0 top.pe[0].shown 0", "4 top.pe[0].shown -2"])
        #expect(try dump(TraceDump(filter: shown, radix: .decimal, window: 1...4)) == ["4 top.pe[0].shown 4094"])
        #expect(
            try dump(TraceDump(filter: shown, radix: .binary, window: 0...3)) == ["0 top.pe[0].shown 0b000000000000"])
    }

    @Test func wideValuesAreHexadecimal() {
        let bits = TraceBits(width: 70, words: [0x0123_4567_89AB_CDEF, 0x2A], unknown: [0, 0])
        #expect(bits.text() == "0x2a0123456789abcdef")
        #expect(bits.text(.decimal) == bits.text(.signed) && bits.text(.signed) == bits.text())
        #expect(TraceBits(width: 64, words: [.max], unknown: [0]).text(.signed) == "-1")
    }

    @Test(arguments: ["b.vcd", "b.vcd.gz", "b.fst"])
    func conversionKeepsEverything(name: String) throws {
        let stimulus = try Stimulus(seed: 51)
        try stimulus.write(to: makeTraceWriter(path: folder.path("a.fst"), hierarchy: stimulus.hierarchy))
        let original = try TraceFile.open(folder.path("a.fst"))
        let result = try TraceConverter().convert(original, to: folder.path(name))
        #expect(result.signals == stimulus.hierarchy.signalCount && result.extent.isComplete)
        #expect(result.changesWithUnknownBits == 0)
        let copy = try TraceFile.open(folder.path(name))
        #expect(try canonicalLines(of: copy) == stimulus.expectedLines)
        #expect(copy.signals.map(\.kind) == original.signals.map(\.kind))
        #expect(try copy.forEachChange { _ in }.end == stimulus.end)
    }

    @Test func conversionTellsWhatItCannotKeep() throws {
        let text = "$var wire 2 ! a $end $enddefinitions $end\n#0\nbuw !\n#1\nb1h !\n#2\nbxz !\n"
        let file = try TraceFile.open(folder.file("x.vcd", text.utf8))
        let result = try TraceConverter().convert(file, to: folder.path("x.fst"))
        #expect(result.simplifiedChanges == 2 && result.changesWithUnknownBits == 2 && result.changes == 3)
        var lines: [String] = []
        try TraceDump().run(TraceFile.open(folder.path("x.fst"))) { lines.append($0) }
        #expect(lines == ["0 a 0bxx", "1 a 0x3", "2 a 0bxz"])
    }

    @Test func conversionOfVerilatorsFileKeepsAll() throws {
        let vcd = try TraceFile.open(folder.file("v.vcd.gz", VerilatorTraces.compressedVCD))
        let result = try TraceConverter().convert(vcd, to: folder.path("v.fst"))
        let report = try TraceDiff.compare(vcd, TraceFile.open(folder.path("v.fst")))
        #expect(report.isMatch && report.signalsCompared == result.signals && result.signals == vcd.signals.count)
        // A choice of signals is a file of these alone.
        let chosen = try TraceConverter(filter: SignalFilter(["TOP.top.r", "TOP.clk"]))
        #expect(try chosen.convert(vcd, to: folder.path("w.fst")).signals == 2)
        #expect(try TraceFile.open(folder.path("w.fst")).signals.map(\.path) == ["TOP.clk", "TOP.top.r"])
    }

    @Test func failedConversionsLeaveNoFile() throws {
        let file = try sample()
        #expect(throws: WaveformError.invalid("a trace cannot be converted into itself: '\(file.path)'")) {
            try TraceConverter().convert(file, to: file.path)
        }
        #expect(FileManager.default.fileExists(atPath: file.path))
        let bad = "$var wire 2 ! a $end $enddefinitions $end\n#0\nb11 !\n#1\nb11 ?\n"
        let broken = try TraceFile.open(folder.file("x.vcd", bad.utf8))
        #expect(throws: WaveformError.self) { try TraceConverter().convert(broken, to: folder.path("y.fst")) }
        #expect(!FileManager.default.fileExists(atPath: folder.path("y.fst")))
    }

    @Test func timescalesAreWrittenAndRead() {
        for exponent in Int8(-15)...2 {
            #expect(VCDText.exponent(timescale: VCDText.timescale(exponent: exponent)) == exponent)
        }
        #expect(VCDText.timescale(exponent: -10) == "100 ps" && VCDText.timescale(exponent: 1) == "10 s")
        #expect(VCDText.exponent(timescale: "1000ns") == nil && VCDText.exponent(timescale: "1 h") == nil)
    }
}
