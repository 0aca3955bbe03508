// Does a trace hold exactly the changes that were given to its writer?
import Foundation
import TestSupport
import Testing

@testable import Waveforms

@Suite struct RoundTripTests {
    /// File name and options of every way to write a trace.
    static let variants: [(name: String, options: TraceWriterOptions)] = [
        ("a.fst", TraceWriterOptions()),
        ("stored.fst", TraceWriterOptions(compressionLevel: 0)),
        ("sections.fst", TraceWriterOptions(sectionBytes: 200)),
        ("storedsections.fst", TraceWriterOptions(compressionLevel: 0, sectionBytes: 1)),
        ("timed.fst", TraceWriterOptions(flushSeconds: 0)),
        ("a.vcd", TraceWriterOptions()),
        ("a.vcd.gz", TraceWriterOptions()),
        ("stored.vcd.gz", TraceWriterOptions(compressionLevel: 0)),
    ]

    @Test(arguments: variants.indices, [1, 2, 3] as [UInt64])
    func ownReaderFindsEveryChange(variant: Int, seed: UInt64) throws {
        let (name, options) = Self.variants[variant]
        let folder = try Scratch()
        let stimulus = try Stimulus(seed: seed, times: 300, firstTime: seed == 3 ? 1 << 40 : 0)
        try stimulus.write(
            to: makeTraceWriter(path: folder.path(name), hierarchy: stimulus.hierarchy, options: options))
        let file = try TraceFile.open(folder.path(name))
        #expect(try canonicalLines(of: file) == stimulus.expectedLines)
        #expect(file.signals.map(\.path) == stimulus.hierarchy.paths)
        #expect(file.signals.map(\.width) == stimulus.hierarchy.signals.map(\.width))
        #expect(file.signals.last?.source == 5)
        let extent = try file.forEachChange { _ in }
        #expect(extent.start == stimulus.changes[0].time)
        #expect(extent.end == stimulus.end)
        #expect(extent.isComplete)
    }

    @Test func manySectionsAreReallyWritten() throws {
        let folder = try Scratch()
        let stimulus = try Stimulus(seed: 7)
        let options = TraceWriterOptions(sectionBytes: 200)
        try stimulus.write(
            to: FSTWriter(path: folder.path("a.fst"), hierarchy: stimulus.hierarchy, options: options))
        guard case .fst(let container, nil) = try TraceFile.open(folder.path("a.fst")).body else { throw Unexpected() }
        #expect(container.sections.count > 10)
    }

    @Test func kindsAreKept() throws {
        let folder = try Scratch()
        let stimulus = try Stimulus(seed: 1, times: 2)
        for name in ["a.fst", "a.vcd"] {
            try stimulus.write(to: makeTraceWriter(path: folder.path(name), hierarchy: stimulus.hierarchy))
            let kinds = try TraceFile.open(folder.path(name)).signals.map(\.kind.rawValue)
            #expect(kinds == stimulus.hierarchy.signals.map(\.kind.rawValue))
        }
    }

    @Test func equalRunsGiveEqualFiles() throws {
        let folder = try Scratch()
        let stimulus = try Stimulus(seed: 5)
        for ending in ["fst", "vcd", "vcd.gz"] {
            let paths = ["one.\(ending)", "two.\(ending)"].map(folder.path)
            for path in paths { try stimulus.write(to: makeTraceWriter(path: path, hierarchy: stimulus.hierarchy)) }
            let contents = try paths.map { try Data(contentsOf: URL(fileURLWithPath: $0)) }
            #expect(contents[0] == contents[1])
        }
    }

    @Test(arguments: ["a.fst", "a.vcd"])
    func onlyRealChangesAndTheirTimesAreWritten(name: String) throws {
        let folder = try Scratch()
        let signals = [SignalDeclaration(name: "a", width: 4), SignalDeclaration(name: "b", width: 100)]
        let hierarchy = try SignalHierarchy(root: [SignalScope(name: "top", signals: signals)])
        let writer = try makeTraceWriter(path: folder.path(name), hierarchy: hierarchy)
        let wide: [UInt64] = [5, ~0 << 36]
        writer.change(0, value: 3)
        for time: UInt64 in 10..<20 {
            try writer.setTime(time)
            writer.change(0, value: time < 15 ? 0x13 : 4)
            writer.change(1, wide)
        }
        try writer.close(at: 99)
        var found: [String] = []
        let extent = try TraceFile.open(folder.path(name)).forEachChange {
            found.append("\($0.time) \($0.signal) \(Array($0.words))")
        }
        // Bits above the width are dropped: 0x13 is 3, and the upper 64 bits of `wide` keep none of theirs.
        #expect(found == ["10 0 [3]", "10 1 [5, 0]", "15 0 [4]"])
        #expect(extent.start == 10 && extent.end == 99)
    }

    @Test(arguments: ["a.fst", "a.vcd"])
    func aRunWithoutAnyTimeStillOpens(name: String) throws {
        let folder = try Scratch()
        let stimulus = try Stimulus(seed: 1)
        try makeTraceWriter(path: folder.path(name), hierarchy: stimulus.hierarchy).close()
        let info = try TraceInfo(of: TraceFile.open(folder.path(name)))
        #expect(info.extent == TraceExtent(start: 0, end: 0, changes: 15, isComplete: true))
    }

    @Test(arguments: ["a.fst", "a.vcd"])
    func writingAnAliasChangesItsSource(name: String) throws {
        let folder = try Scratch()
        let stimulus = try Stimulus(seed: 1)
        let writer = try makeTraceWriter(path: folder.path(name), hierarchy: stimulus.hierarchy)
        try writer.setTime(1)
        try writer.setTime(2)
        writer.change(stimulus.hierarchy.signalCount - 1, [9, 1])
        try writer.close()
        let lines = try canonicalLines(of: TraceFile.open(folder.path(name))).filter { $0.hasPrefix("2 ") }
        let bits = "1" + String(repeating: "0", count: 60) + "1001"
        #expect(lines == ["2 top.tail.again \(bits)", "2 top.wire65 \(bits)"])
    }

    @Test(arguments: ["a.fst", "a.vcd"])
    func callOrderIsChecked(name: String) throws {
        let folder = try Scratch()
        let stimulus = try Stimulus(seed: 1)
        let writer = try makeTraceWriter(path: folder.path(name), hierarchy: stimulus.hierarchy)
        try writer.setTime(5)
        #expect(throws: WaveformError.self) { try writer.setTime(4) }
        try writer.close()
        try writer.close()
        #expect(throws: WaveformError.invalid("the trace '\(folder.path(name))' is closed")) { try writer.setTime(6) }
    }
}

struct Unexpected: Error {}
