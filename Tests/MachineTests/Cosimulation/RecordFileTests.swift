import Foundation
import TestSupport
import Testing

@testable import Cosimulation

/// Does the recorded stimulus stay out of memory, however long the run?
@Suite struct RecordFileTests {
    @Test func memoryDoesNotGrowWithTheCycles() throws {
        let scratch = try Scratch()
        let url = scratch.url.appendingPathComponent("records.bin")
        let file = try RecordFile(url)
        var expected = Data()
        let cycles = 3 * RecordFile.capacity / 64 + 5
        for cycle in 0..<cycles {
            let record = [UInt8](repeating: UInt8(truncatingIfNeeded: cycle), count: 64)
            expected.append(contentsOf: record)
            try file.append(record)
        }
        try file.finish()
        #expect(file.peak < RecordFile.capacity + 64)
        #expect(try Data(contentsOf: url) == expected)
    }

    @Test func aFullDiskIsAnErrorWithThePlace() throws {
        let full = URL(fileURLWithPath: "/dev/full")
        try #require(FileManager.default.fileExists(atPath: full.path))
        let scratch = try Scratch()
        let link = scratch.url.appendingPathComponent("stimulus.bin")
        try FileManager.default.createSymbolicLink(at: link, withDestinationURL: full)
        let error = #expect(throws: (any Error).self) {
            let file = try RecordFile(link)
            try file.append([1, 2, 3])
            try file.finish()
        }
        #expect("\(try #require(error))".contains("stimulus.bin"))
    }
}
