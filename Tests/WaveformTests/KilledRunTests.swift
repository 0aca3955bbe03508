// Does a trace whose writer was killed still open, with everything written before?
import Foundation
import TestSupport
import Testing

@testable import Waveforms

@Suite struct KilledRunTests {
    /// Writes with many sections and keeps a copy of the file after every single write.
    private func states(_ folder: Scratch, _ stimulus: Stimulus) throws -> [String] {
        let path = folder.path("run.fst")
        let options = TraceWriterOptions(sectionBytes: 800)
        let writer = try FSTWriter(path: path, hierarchy: stimulus.hierarchy, options: options)
        var copies: [String] = []
        writer.file.didWrite = {
            let copy = folder.path("state\(copies.count).fst")
            try? FileManager.default.copyItem(atPath: path, toPath: copy)
            copies.append(copy)
        }
        try stimulus.write(to: writer)
        return copies
    }

    /// The expected lines that a cut run must start with, given how many it has.
    private func isPrefix(_ lines: [String], of expected: [String]) -> Bool { expected.starts(with: lines) }

    @Test func everyStateOfTheFileOpens() throws {
        let folder = try Scratch()
        let stimulus = try Stimulus(seed: 21, times: 120)
        let expected = stimulus.expectedLines
        var last = 0
        var sizes: Set<Int> = []
        let states = try states(folder, stimulus)
        for (number, state) in states.enumerated() {
            let file = try TraceFile.open(state)
            let lines = try canonicalLines(of: file)
            #expect(isPrefix(lines, of: expected), "state \(number)")
            #expect(lines.count >= last)
            last = lines.count
            sizes.insert(lines.count)
            #expect(try !file.forEachChange { _ in }.isComplete || number >= states.count - 2)
        }
        // Three writes a section and two for the header at the end; the last states hold everything.
        #expect(states.count > 12 && states.count % 3 == 2)
        #expect(sizes.count == (states.count - 2) / 3 + 1)
        #expect(last == expected.count)
    }

    @Test(
        .enabled(if: Tools.pywellen && Tools.pylibfst, "pywellen and pylibfst are not installed"),
        arguments: ["pywellen", "pylibfst"])
    func otherReadersOpenEveryState(reader: String) throws {
        let folder = try Scratch()
        let stimulus = try Stimulus(seed: 22, times: 40)
        // Before the first section is published (three writes) there is nothing to show.
        for state in try states(folder, stimulus).dropFirst(2) {
            let lines = try Tools.lines(of: state, reader: reader)
            #expect(try lines == canonicalLines(of: TraceFile.open(state)))
            #expect(!lines.isEmpty && isPrefix(lines, of: stimulus.expectedLines))
        }
    }

    @Test func aWriterThatIsNeverClosedLeavesAReadableFile() throws {
        let folder = try Scratch()
        let stimulus = try Stimulus(seed: 23)
        for (name, options) in [
            ("a.fst", TraceWriterOptions(sectionBytes: 300)), ("b.fst", TraceWriterOptions(flushSeconds: 0)),
            ("c.vcd", TraceWriterOptions(flushSeconds: 0)), ("d.vcd.gz", TraceWriterOptions(flushSeconds: 0)),
        ] {
            let path = folder.path(name)
            try stimulus.write(
                to: makeTraceWriter(path: path, hierarchy: stimulus.hierarchy, options: options), close: false)
            let lines = try canonicalLines(of: TraceFile.open(path))
            #expect(lines.count >= stimulus.hierarchy.signalCount, "\(name)")
            #expect(isPrefix(lines, of: stimulus.expectedLines), "\(name)")
        }
    }

    @Test(arguments: ["a.vcd", "a.vcd.gz"])
    func aVCDCutAnywhereGivesItsBeginning(name: String) throws {
        let folder = try Scratch()
        let stimulus = try Stimulus(seed: 24, times: 60)
        let path = folder.path(name)
        try stimulus.write(to: makeTraceWriter(path: path, hierarchy: stimulus.hierarchy))
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        var seenIncomplete = 0
        var most = 0
        for cut in stride(from: 1, to: whole.count, by: 17) {
            let part = try folder.file("cut", whole.prefix(cut))
            // A cut inside the declarations is an error, behind them it shortens the run.
            guard let file = try? TraceFile.open(part) else { continue }
            let extent = try file.forEachChange { _ in }
            // Of the last time only the first changes may be there; all before is complete.
            let settled = try canonicalLines(of: file).filter { !$0.hasPrefix("\(extent.end) ") }
            #expect(isPrefix(settled, of: stimulus.expectedLines), "cut at \(cut)")
            most = max(most, settled.count)
            if !extent.isComplete { seenIncomplete += 1 }
        }
        #expect(seenIncomplete > 3)
        #expect(most > stimulus.hierarchy.signalCount)
    }
}
