import Machine
import Observation
import TestSupport
import Testing
import Waveforms

/// Does the time of a waveform stay that of its clock, however many cycles pass?
@Suite struct CycleTimesTests {
    /// Frequencies in MHz as digits and a power of ten below them: 1 to 775 whole, and fractions.
    static let clocks: [(megahertz: Double, digits: UInt128, fraction: Int)] =
        (1...775).map { (Double($0), UInt128($0), 0) }
        + [
            (333.3, 3333, 1), (166.666667, 166_666_667, 6), (0.5, 5, 1), (774.9999999, 7_749_999_999, 7),
            (1.000000000000001, 1_000_000_000_000_001, 15), (48.828125, 48_828_125, 6),
        ]

    /// Cycle t begins at t * 10^(6 + fraction) / digits: the time is the nearest whole number, for ever.
    @Test func everyEdgeIsTheNearestPicosecond() {
        let cycles = [0, 1, 2, 3, 7, 999, 8_000, 1_000_003, 4_000_000_007, 1 << 40]
        for clock in Self.clocks {
            let times = CycleTimes(megahertz: clock.megahertz)
            let scale = (0..<(6 + clock.fraction)).reduce(UInt128(1)) { power, _ in power * 10 }
            for cycle in cycles {
                let exact = UInt128(cycle) * scale
                let shown = UInt128(times.start(of: cycle)) * clock.digits
                let error = exact > shown ? exact - shown : shown - exact
                #expect(2 * error <= clock.digits, "cycle \(cycle) at \(clock.megahertz) MHz")
                // clk falls between two rising edges, at most half a picosecond before the middle.
                let middle = UInt128(times.middle(of: cycle)) * 2 * clock.digits
                let exactMiddle = 2 * exact + scale
                #expect(middle <= exactMiddle && exactMiddle - middle < 2 * clock.digits)
                #expect(times.start(of: cycle) < times.middle(of: cycle))
                #expect(times.middle(of: cycle) < times.start(of: cycle + 1))
            }
        }
    }

    /// 10^6 / 775 = 1,290.3226 ps: cycle 8,000 begins at 10,322,580.645 ps; 1,290 ps a cycle would give 10,320,000.
    @Test func nothingAccumulates() {
        #expect(CycleTimes(megahertz: 775).start(of: 8_000) == 10_322_581)
        #expect(CycleTimes(megahertz: 300).start(of: 3) == 10_000)
        // Whole periods are multiples, halves rounded down: 640 MHz has 1,562.5 ps, 125 MHz 8,000 ps.
        #expect((0...4).map(CycleTimes(megahertz: 640).start) == [0, 1563, 3125, 4688, 6250])
        #expect((0...2).map(CycleTimes(picoseconds: 3125).middle) == [1562, 4687, 7812])
    }

    @Test(arguments: [200, 300, 775, 333.3])
    func aTraceEndsWhereItsLastCycleDoes(megahertz: Double) throws {
        let bench = try NeutralityTests.bench(.vpe(weightBits: 8), images: 1)
        let scratch = try Scratch()
        var request = TraceRequest(path: scratch.path("run.fst"), clockMHz: megahertz)
        request.taps = ["compute.active"]
        let run = try bench.run(trace: request)
        let extent = try TraceFile.open(request.path).forEachChange { _ in }
        let cycles = run.perImage.total
        // The trace also shows the cycles in which the host sees that all is done.
        let shown = (Double(extent.end) * megahertz / 1e6).rounded()
        #expect(abs(Double(extent.end) - shown * 1e6 / megahertz) <= 0.5)
        #expect(shown >= Double(cycles) && shown < Double(cycles) + 20)
    }
}
