import ExternalMemory
import TestSupport
import Testing

/// Is the bandwidth what the rules give? Masters ask for more than the DRAM can do: three ports at half the DRAM's clock,
/// 16 bytes each per edge and direction, is one and a half times the pins, with queues long enough that nothing but the
/// DRAM binds. Each test has its closed form in DRAM clocks; all within 3 %.
@Suite struct DDR4BandwidthTests {
    static let timing = DDR4Timing.zcu102
    static let microseconds = 300

    /// Share of the pins' rate that masters get.
    static func share(_ masters: [TrafficMaster], _ geometry: DDR4Geometry = .zcu102) -> Double {
        var settings = PSMemorySettings(
            timing: timing, geometry: geometry, ports: masters.map { _ in timing.clockKHz / 2 }, places: [0, 1, 3])
        settings.path.acceptLimit = 32
        settings.path.issueLimit = 32
        var traffic = Traffic(settings, masters)
        traffic.run(microseconds: microseconds)
        let statistics = traffic.memory.statistics
        let clocks = Double(microseconds) * Double(timing.clockKHz) / 1000
        return Double(statistics.busyClocks) / clocks
    }

    static func isNear(_ value: Double, _ expected: Double) -> Bool { abs(value / expected - 1) < 0.03 }

    /// What refresh leaves: per tREFI, precharge, refresh and activate again: tRP + tRFC + tRCD = 18 + 276 + 16 = 310 of
    /// 8192 clocks, 3.8 %.
    static let refreshed = 1 - Double(timing.tRP + timing.tRFC + timing.tRCD) / Double(timing.tREFI)

    /// Streams: bit 6 changes the bank group, so that accesses follow at tCCD_S = 4 = their data; a row of both groups,
    /// 16 KiB, hides the next one's activate behind other streams.
    @Test func streamsTakeThePins() {
        let share = Self.share(
            (0..<3).map { TrafficMaster(beats: 16, read: TrafficMaster.stream(at: $0 << 24 | $0 << 15, beats: 16)) })
        #expect(Self.isNear(share, Self.refreshed), "\(share)")
    }

    /// Every second access of 64 bytes: one bank group, so tCCD_L = 6 clocks for 4 of data: two thirds.
    @Test func oneGroupTakesTwoThirds() {
        let share = Self.share(
            (0..<3).map { port in TrafficMaster(beats: 4, read: { port << 24 | port << 15 | $0 * 128 % 8192 }) })
        #expect(Self.isNear(share, Self.refreshed * 4 / 6), "\(share)")
    }

    /// A new row for each access, in all 16 banks in turn: four activates per tFAW = 32 clocks, and so four accesses of 4
    /// clocks of data: half. (tRC / 16 banks = 3.1 and tRRD_S = 4 clocks per access do not bind.) Refresh costs less than
    /// elsewhere: no row is lost that would have been hit.
    @Test func oneAccessPerRowTakesWhatFourActivatesGive() {
        let share = Self.share(
            (0..<3).map { port in
                TrafficMaster(
                    beats: 4,
                    read: { number in
                        let bank = (number & 1) << 6 | (number >> 1 & 1) << 14 | (number >> 2 & 3) << 15
                        return bank | (number >> 4 & 255) << 17 | port << 26
                    })
            })
        let refreshed = 1 - Double(Self.timing.tRP + Self.timing.tRFC) / Double(Self.timing.tREFI)
        #expect(Self.isNear(share, refreshed * 16 / 32), "\(share)")
    }

    /// Reads and writes that both always wait: the bus turns when the other has not been served for 128 clocks. From the
    /// last write on: the first read after CWL + 4 + tWTR_S = 14 + 4 + 4 = 22, then one per 4 while before 128: 27 reads,
    /// the last at 126. The first write after tRTW = 12, at 138; one per 4 before 126 + 128 = 254: 29 writes, the last at
    /// 250, from which the next round counts. 56 accesses of 4 clocks of data per 250 clocks: 89.6 %.
    @Test func turnaroundsCostTheirGaps() {
        let share = Self.share(
            (0..<3).map { port in
                TrafficMaster(
                    beats: 16, read: { port << 24 | port << 15 | $0 * 256 % 16384 },
                    write: { port << 24 | port << 15 | $0 * 256 % 16384 })
            })
        #expect(Self.isNear(share, Self.refreshed * 56 * 4 / 250), "\(share)")
    }
}
