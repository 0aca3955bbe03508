import ExternalMemory
import Testing

@testable import Configuration

/// Are nanoseconds and bytes per second of memory the cycles that pencil and paper give?
@Suite struct MemoryTimingTests {
    /// Memory that answers within a cycle answers at its end: a part of a cycle is a whole one, and none is one.
    @Test(arguments: [
        (100.0, 200.0, 20), (101, 200, 21), (99.9, 200, 20), (1, 200, 1), (0, 200, 1), (100, 333, 34), (5, 200, 1),
    ])
    func latencyIsRoundedUp(nanoseconds: Double, clock: Double, cycles: Int) {
        var memory = MemorySettings()
        memory.latencyNs = nanoseconds
        #expect(memory.timing(clockMHz: clock)?.latency == cycles)
    }

    /// 10^9 bytes/s at 200 MHz are 5 bytes a cycle; two ports of 16 bytes at 200 MHz give at most 32.
    @Test func bandwidthIsTheSmallerOfMemoryAndPorts() {
        var memory = MemorySettings()
        (memory.bandwidthGBs, memory.ports, memory.portMHz) = (1, 2, 200)
        #expect(memory.timing(clockMHz: 200)?.bytesPerCycle65536 == 5 << 16)
        memory.bandwidthGBs = 100
        #expect(memory.timing(clockMHz: 200)?.bytesPerCycle65536 == 32 << 16)
    }
}
