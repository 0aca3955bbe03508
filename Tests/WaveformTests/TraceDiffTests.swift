// Is the first difference of two traces found, at its time and by its name?
import Foundation
import TestSupport
import Testing

@testable import Waveforms

@Suite struct TraceDiffTests {
    let folder: Scratch

    init() throws { folder = try Scratch() }

    private func vcd(_ name: String, _ declarations: String, _ body: String, timescale: String = "1ns") throws
        -> TraceFile
    {
        let text = "$timescale \(timescale) $end\n\(declarations)\n$enddefinitions $end\n\(body)\n"
        return try TraceFile.open(folder.file(name, text.utf8))
    }

    private static let two = """
        $scope module top $end $var wire 8 ! a [7:0] $end $var wire 1 " b $end $upscope $end
        """

    @Test func equalContentInAllFormatsMatches() throws {
        let stimulus = try Stimulus(seed: 41)
        let files = try ["a.fst", "a.vcd", "a.vcd.gz"].map { name in
            try stimulus.write(to: makeTraceWriter(path: folder.path(name), hierarchy: stimulus.hierarchy))
            return try TraceFile.open(folder.path(name))
        }
        for file in files {
            let report = try TraceDiff.compare(files[0], file)
            #expect(report.isMatch)
            #expect(report.signalsCompared == stimulus.hierarchy.signalCount)
            #expect(report.changesA == report.changesB && report.changesA > 100)
            #expect(report.lastStep == stimulus.end && report.endA == report.endB)
            #expect(report.onlyInA.isEmpty && report.onlyInB.isEmpty)
        }
    }

    @Test func theFirstDifferenceIsNamed() throws {
        let one = try vcd("1", Self.two, "#0\nb1 !\n0\"\n#10\nb10 !\n#20\n1\"\n#30")
        let other = try vcd("2", Self.two, "#0\nb1 !\n0\"\n#10\nb11 !\n#21\n1\"\n#30")
        let report = try TraceDiff.compare(one, other)
        #expect(
            report.first
                == TraceDifference(
                    step: 10, timeA: 10, timeB: 10, path: "top.a",
                    valueA: .bits(TraceBits(width: 8, words: [2], unknown: [0])),
                    valueB: .bits(TraceBits(width: 8, words: [3], unknown: [0]))))
        #expect(!report.isMatch && report.lastStep == nil)
        #expect(report.text.contains("top.a differs at time 10 / 10: 0x02 / 0x03"))
        let all = try TraceDiff.compare(one, other, options: TraceDiffOptions(limit: 5))
        #expect(all.differences.map(\.path) == ["top.a", "top.b"])
        #expect(all.differences.map(\.step) == [10, 20])
        #expect(all.changesA == 4 && all.changesB == 4 && all.lastStep == 30)
    }

    @Test func severalChangesOfOneTimeCountAsTheLast() throws {
        let one = try vcd("1", Self.two, "#0\nb1 !\n0\"\nb11 !\nb1 !\n#10")
        let other = try vcd("2", Self.two, "#0\nb1 !\n0\"\n#10")
        #expect(try TraceDiff.compare(one, other).isMatch)
    }

    @Test func signalsOfOneFileOnlyAreListed() throws {
        let one = try vcd(
            "1", "$var wire 1 ! x $end $var wire 2 \" w $end $var wire 1 # m $end", "#0\n0!\nb1 \"\n0#\n#1")
        let other = try vcd(
            "2", "$var wire 1 ! y $end $var wire 3 \" w $end $var wire 1 # m $end", "#0\n0!\nb1 \"\n0#\n#1")
        let report = try TraceDiff.compare(one, other)
        #expect(report.onlyInA == ["x"] && report.onlyInB == ["y"] && report.widthMismatches == ["w"])
        #expect(report.signalsCompared == 1 && !report.isMatch && report.differences.isEmpty)
    }

    @Test func prefixesAndFiltersSelectSignals() throws {
        let one = try vcd(
            "1", "$scope module top $end $var wire 1 ! a $end $var wire 1 \" b $end $upscope $end", "#0\n1!\n0\"\n#1")
        let other = try vcd(
            "2",
            "$var wire 1 # other $end $scope module TOP $end $scope module top $end $var wire 1 ! a $end "
                + "$var wire 1 \" b $end $upscope $end $upscope $end", "#0\n1!\n1\"\n1#\n#1")
        #expect(try TraceDiff.compare(one, other).signalsCompared == 0)
        var options = TraceDiffOptions(prefixA: "top", prefixB: "TOP.top.")
        #expect(try TraceDiff.compare(one, other, options: options).first?.path == "b")
        options.filter = try SignalFilter(["a"])
        let report = try TraceDiff.compare(one, other, options: options)
        #expect(report.isMatch && report.signalsCompared == 1 && report.onlyInB.isEmpty)
    }

    /// A clocked trace with a period of 10 that settles at the rising edge 5, 15, ..., against one item a cycle.
    @Test func aClockedTraceIsSampledAgainstCycles() throws {
        let clocked = try vcd(
            "1", Self.two, "#0\nb0 !\n0\"\n#5\nb1 !\n#8\nb1111 !\n#12\nb1 !\n#15\nb10 !\n#25\nb11 !\n#34")
        let cycles = try vcd("2", Self.two, "#0\nb0 !\n0\"\n#1\nb1 !\n#2\nb10 !\n#3\nb11 !")
        #expect(try !TraceDiff.compare(clocked, cycles).isMatch)
        var options = TraceDiffOptions(samplingA: try TraceSampling(period: 10, offset: 4))
        let report = try TraceDiff.compare(clocked, cycles, options: options)
        #expect(report.isMatch && report.lastStep == 3 && report.endA == 3)
        // Sampled in the middle of the glitch the second sample differs.
        options.samplingA = try TraceSampling(period: 10, offset: 0)
        let shifted = try TraceDiff.compare(clocked, cycles, options: options)
        #expect(shifted.first?.step == 1 && shifted.first?.timeA == 10 && shifted.first?.timeB == 1)
        #expect(shifted.first?.valueA.text() == "0x0f")
        #expect(throws: WaveformError.self) { try TraceSampling(period: 0) }
    }

    @Test func timescalesAreBroughtTogether() throws {
        let fine = try vcd("1", Self.two, "#0\nb1 !\n0\"\n#5000\nb10 !\n#9000", timescale: "1 ps")
        let coarse = try vcd("2", Self.two, "#0\nb1 !\n0\"\n#5\nb10 !\n#9", timescale: "1 ns")
        let report = try TraceDiff.compare(fine, coarse)
        #expect(report.isMatch && report.lastStep == 9000)
        let late = try vcd("3", Self.two, "#0\nb1 !\n0\"\n#6\nb10 !\n#9", timescale: "1 ns")
        let difference = try TraceDiff.compare(fine, late).first
        #expect(difference?.timeA == 5000 && difference?.timeB == 5)
    }

    @Test func unknownBitsDifferUnlessAsked() throws {
        let one = try vcd("1", Self.two, "#0\nbx1 !\n0\"\n#10")
        let other = try vcd("2", Self.two, "#0\nb1 !\n0\"\n#10")
        #expect(try TraceDiff.compare(one, other).first?.valueA.text() == "0bxxxxxxx1")
        #expect(try TraceDiff.compare(one, other, options: TraceDiffOptions(unknownMatchesAnything: true)).isMatch)
    }

    @Test func aLongerFileIsComparedUpToTheShorter() throws {
        let short = try vcd("1", Self.two, "#0\nb1 !\n0\"\n#10")
        let long = try vcd("2", Self.two, "#0\nb1 !\n0\"\n#20\nb11 !\n#40")
        let report = try TraceDiff.compare(short, long)
        #expect(!report.isMatch && report.lastStep == 10 && report.endA == 10 && report.endB == 40)
        #expect(report.text.contains("the files end at different steps: 10 and 40"))
        #expect(report.text.hasSuffix("no difference up to 10 in what both files have\n"))
        #expect(try TraceDiff.compare(short, long, options: TraceDiffOptions(commonOnly: true)).isMatch)
    }

    @Test func theLimitIsChecked() throws {
        let file = try vcd("1", Self.two, "#0\nb1 !\n0\"\n#10")
        #expect(throws: WaveformError.self) { try TraceDiff.compare(file, file, options: TraceDiffOptions(limit: 0)) }
    }
}
