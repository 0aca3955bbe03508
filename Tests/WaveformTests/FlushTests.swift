// Is what was given to a writer in the file after a flush, and do flushes come in time?

import Foundation
import TestSupport
import Testing

@testable import Waveforms

@Suite struct FlushTests {
    @Test(arguments: ["a.fst", "a.vcd", "a.vcd.gz"])
    func aFlushedFileHoldsEverything(name: String) throws {
        let folder = try Scratch()
        let stimulus = try Stimulus(seed: 31, times: 30)
        let path = folder.path(name)
        let writer = try makeTraceWriter(path: path, hierarchy: stimulus.hierarchy)
        try stimulus.write(to: writer, close: false)
        let before = try canonicalLines(of: TraceFile.open(path))
        try writer.flush()
        try writer.flush()
        let flushed = try canonicalLines(of: TraceFile.open(path))
        #expect(before.count < flushed.count)
        #expect(flushed == stimulus.expectedLines)
        try writer.close()
        #expect(try canonicalLines(of: TraceFile.open(path)) == stimulus.expectedLines)
    }

    /// After half a second, then at doubling intervals up to four.
    @Test func flushesComeSoonAndThenEveryFewSeconds() {
        var schedule = FlushSchedule()
        let moments = stride(from: 0, through: 20, by: 0.25).filter { schedule.isDue(at: 100 + $0) }
        #expect(moments == [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5])
    }
}
