// Does every command find in every form of a trace what its declarations say, however odd they are?
import Foundation
import TestSupport
import Testing

@testable import Waveforms

@Suite struct OddTraceTests {
    /// Every odd trace in every form.
    static let walk = OddTrace.all.flatMap { trace in TraceForm.allCases.map { (trace, $0) } }

    private let folder: Scratch

    init() throws { folder = try Scratch() }

    private func dump(_ file: TraceFile, filter: SignalFilter? = nil) throws -> [String] {
        var lines: [String] = []
        let extent = try TraceDump(filter: filter).run(file) { lines.append($0) }
        #expect(extent.isComplete && extent.misfits == 0)
        return lines
    }

    @Test(arguments: walk)
    func allCommandsAgree(trace: OddTrace, form: TraceForm) throws {
        guard let file = try form.make(trace.text, of: trace, "a", in: folder) else { return }
        #expect(try dump(file).sorted() == trace.dump.sorted())
        let original = try TraceFile.open(folder.path("a.vcd"))
        // diff: nothing differs, nothing is left out, in both directions.
        for (one, other) in [(original, file), (file, original)] {
            let report = try TraceDiff.compare(one, other, options: TraceDiffOptions(limit: 99))
            #expect(report.isMatch && report.notCompared.isEmpty, "\(report.text)")
            #expect(report.signalsCompared == original.signals.count)
            #expect(report.text.hasSuffix("no difference\n"))
        }
        // info: the labels of the dump, its changes, no signal lost.
        let info = try TraceInfo(of: file)
        let labels = Set(info.signals.map(\.path))
        #expect(labels.count == original.signals.count)
        #expect(labels.isSuperset(of: trace.dump.map { $0.split(separator: " ")[1] }.map(String.init)))
        let changes = info.signals.reduce(0) { $0 + $1.changes }
        #expect(changes == UInt64(trace.dump.count))
        // stats: the same changes; find: every line of the dump is found by its value.
        let stats = try TraceStats(of: file)
        #expect(stats.signals.map(\.path) == info.signals.map(\.path))
        #expect(stats.signals.map(\.changes) == info.signals.map(\.changes))
        for line in trace.dump {
            let value = String(line.split(separator: " ")[2])
            var found: [String] = []
            try TraceSearch(value: value).run(file) { found.append($0) }
            #expect(found.contains(line) && Set(trace.dump).isSuperset(of: found))
        }
        // convert: to every format, and the same again.
        for format in TraceFormat.allCases {
            let path = folder.path("again\(format.fileExtension)")
            let result = try TraceConverter().convert(file, to: path)
            #expect(result.signals == original.signals.count)
            #expect(try dump(TraceFile.open(path)).sorted() == trace.dump.sorted())
        }
    }

    @Test(arguments: walk)
    func aFaultIsSeen(trace: OddTrace, form: TraceForm) throws {
        guard let whole = try form.make(trace.text, of: trace, "a", in: folder),
            let faulty = try form.make(trace.faulty, of: trace, "b", in: folder)
        else { return }
        #expect(trace.faulty != trace.text)
        let report = try TraceDiff.compare(whole, faulty, options: TraceDiffOptions(limit: 99, commonOnly: true))
        #expect(!report.isMatch)
        #expect(report.differences.contains { $0.path == trace.fault.label && $0.step == trace.fault.time })
        #expect(report.first?.step == trace.fault.time)
    }

    /// A time zero moves all times of a VCD and of an FST, and a converted file has the moved ones.
    @Test(arguments: [Int64(7), -5, -11], ["a.vcd", "a.vcd.gz", "a.fst", "b.fst"])
    func timesCountFromTheirZero(zero: Int64, name: String) throws {
        let declaration = "$var wire 1 ! clk $end\n$enddefinitions $end\n"
        let body = "#10\n0!\n#20\n1!\n#30\n"
        let plain = Array((declaration + body).utf8)
        let shifted = Array(("$timezero \(zero) $end\n" + declaration + body).utf8)
        var bytes = name.hasSuffix(".gz") ? TraceForm.gzip(shifted) : shifted
        if name.hasSuffix(".fst") {
            let path = folder.path("plain.fst")
            _ = try TraceConverter().convert(TraceFile.open(folder.file("plain.vcd", plain)), to: path)
            bytes = try Array(Data(contentsOf: URL(fileURLWithPath: path)))
            // The last number of the header.
            bytes.replaceSubrange(
                322..<330, with: (0..<8).map { UInt8(truncatingIfNeeded: zero >> Int64(56 - 8 * $0)) })
            // A cut file takes its times from its sections.
            if name == "b.fst" { bytes += [FSTLayout.Block.blackout.rawValue, 0] }
        }
        let file = try TraceFile.open(folder.file(name, bytes))
        guard zero > -10 else {
            let error = #expect(throws: WaveformError.self) { try TraceInfo(of: file) }
            #expect(error?.description.contains("its time zero is -11: time 10 ") ?? false, "\(error as Any)")
            return
        }
        let times = [10, 20, 30].map { UInt64($0 + zero) }
        var lines: [String] = []
        let extent = try TraceDump().run(file) { lines.append($0) }
        #expect(lines == ["\(times[0]) clk 0", "\(times[1]) clk 1"])
        #expect(extent.start == times[0] && extent.end == times[2] && extent.isComplete == (name != "b.fst"))
        let moved = declaration + "#\(times[0])\n0!\n#\(times[1])\n1!\n#\(times[2])\n"
        let other = try TraceFile.open(folder.file("moved.vcd", moved.utf8))
        let common = TraceDiffOptions(commonOnly: true)
        #expect(try TraceDiff.compare(file, other, options: common).isMatch)
        let unmoved = try TraceFile.open(folder.file("unmoved.vcd", plain))
        #expect(try !TraceDiff.compare(file, unmoved, options: common).isMatch)
        for format in TraceFormat.allCases {
            let path = folder.path("again\(format.fileExtension)")
            _ = try TraceConverter().convert(file, to: path)
            let report = try TraceDiff.compare(TraceFile.open(path), other, options: common)
            #expect(report.isMatch && report.lastStep == times[2], "\(report.text)")
        }
    }

    /// A label chooses one of the signals of a path, a path all of them.
    @Test(arguments: OddTrace.all)
    func labelsChooseSignals(trace: OddTrace) throws {
        let file = try TraceFile.open(folder.file("a.vcd", trace.text.utf8))
        for label in Set(trace.dump.map { $0.split(separator: " ")[1] }) {
            let glob = try SignalFilter([String(label)])
            let lines = trace.dump.filter { $0.split(separator: " ")[1] == label }
            #expect(try Set(dump(file, filter: glob)).isSuperset(of: lines))
            if label.contains("#") { #expect(try dump(file, filter: glob) == lines) }
        }
    }

    /// Every pattern must choose something, in every command.
    @Test func patternsThatChooseNothingAreErrors() throws {
        let file = try TraceFile.open(folder.file("a.vcd", OddTrace.all[0].text.utf8))
        for taps in [["t.none"], ["t.*", "t.none"], ["none", "t.bus"]] {
            let filter = try SignalFilter(taps)
            let idle = taps.first { $0.contains("none") } ?? ""
            let commands: [() throws -> Void] = [
                { try TraceDump(filter: filter).run(file) { _ in } },
                { _ = try TraceConverter(filter: filter).convert(file, to: folder.path("b.fst")) },
                { _ = try TraceDiff.compare(file, file, options: TraceDiffOptions(filter: filter)) },
                { _ = try TraceStats(of: file, filter: filter) },
                { try TraceSearch(value: "1", filter: filter).run(file) { _ in } },
            ]
            for command in commands {
                let error = #expect(throws: WaveformError.self) { try command() }
                #expect(error?.description.contains("the taps '\(idle)'; its signals are t.bus, t.bus") ?? false)
            }
        }
        #expect(!FileManager.default.fileExists(atPath: folder.path("b.fst")))
    }

    /// What GTKWave's reader makes of our FSTs of odd traces is what they hold.
    @Test(.enabled(if: Tools.fst2vcd != nil || Tools.isCI, Tools.noFst2vcd), arguments: OddTrace.all)
    func fst2vcdSeesTheSame(trace: OddTrace) throws {
        // fst2vcd writes 16 digits of a real, one fewer than some need.
        let text = trace.text.replacing("0.30000000000000004", with: "0.25")
        let file = try TraceFile.open(folder.file("a.vcd", text.utf8))
        _ = try TraceConverter().convert(file, to: folder.path("a.fst"))
        let result = try Tools.run(#require(Tools.fst2vcd), [folder.path("a.fst"), "-o", folder.path("b.vcd")])
        #expect(result.code == 0)
        let theirs = try TraceFile.open(folder.path("b.vcd"))
        let report = try TraceDiff.compare(file, theirs, options: TraceDiffOptions(limit: 99))
        #expect(report.isMatch, "\(report.text)")
    }

    /// And what a reader in Rust makes of them is what it makes of the VCD.
    @Test(
        .enabled(if: Tools.pywellen || Tools.isCI, Tools.noReaders),
        arguments: OddTrace.all.filter { ["x and z", "strings", "reals", "escaped names"].contains($0.name) })
    func pywellenSeesTheSame(trace: OddTrace) throws {
        let file = try TraceFile.open(folder.file("a.vcd", trace.text.utf8))
        for name in ["a.fst", "b.vcd"] {
            _ = try TraceConverter().convert(file, to: folder.path(name))
            let lines = try Tools.lines(of: folder.path(name), reader: "pywellen")
            #expect(lines.count == trace.dump.count, "\(lines)")
            if trace.name != "strings" {
                #expect(try lines == Tools.lines(of: file.path, reader: "pywellen"))
            } else {
                // It takes a VCD's escapes as they stand.
                #expect(lines.prefix(2) == ["0 t.state IDLE", "5 t.state "])
            }
        }
    }
}
