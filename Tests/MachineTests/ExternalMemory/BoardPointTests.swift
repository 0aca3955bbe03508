import ExternalMemory
import Foundation
import TestSupport
import Testing

/// How near is the PS model to what was measured on ZCU102 boards? Manev, Vaishnav, Koch, "Unexpected Diversity:
/// Quantitative Memory Analysis for Zynq UltraScale+ Systems", FPT 2019: traffic generators at the HP ports, reads and
/// writes as fast as they are accepted. Nothing is fitted: every parameter has its source (PSMemorySettings). Where the
/// buffers of the generators lay is not known, so two layouts are run: each in banks of its own, and all in the same.
@Suite struct BoardPointTests {
    struct Point: CustomTestStringConvertible {
        var name: String
        /// MB/s.
        var measured: Double
        var kHz: Int
        var places: [Int]
        /// Bytes per burst.
        var burst: Int
        var reads = true
        var writes = true
        var testDescription: String { name }
    }

    static let points = [
        Point(name: "3 ports, 192 B, 300 MHz", measured: 13_721, kHz: 300_000, places: [0, 1, 3], burst: 192),
        Point(name: "2 ports, 128 B, 300 MHz", measured: 11_600, kHz: 300_000, places: [0, 1], burst: 128),
        Point(name: "3 ports, 384 B, 100 MHz", measured: 8_800, kHz: 100_000, places: [0, 1, 3], burst: 384),
        Point(name: "1 port, 256 B, 300 MHz", measured: 9_600, kHz: 300_000, places: [0], burst: 256),
        Point(name: "1 port, 256 B, 100 MHz", measured: 3_200, kHz: 100_000, places: [0], burst: 256),
    ]

    /// Streams of which the n-th lies n * 16 MiB and, where they are apart, n rows of two bank groups further.
    static func rate(_ point: Point, apart: Bool, x16: Bool = false) -> Double {
        let microseconds = 300
        let beats = point.burst / 16
        func base(_ number: Int) -> Int { number << 24 | (apart ? number << 14 : 0) }
        let masters = point.places.indices.map { port in
            TrafficMaster(
                beats: beats, read: point.reads ? TrafficMaster.stream(at: base(2 * port), beats: beats) : nil,
                write: point.writes ? TrafficMaster.stream(at: base(2 * port + 1), beats: beats) : nil)
        }
        let settings = PSMemorySettings(
            timing: x16 ? .ddr4_2133 : .zcu102, geometry: x16 ? .x16 : .zcu102,
            ports: point.places.map { _ in point.kHz }, places: point.places)
        var traffic = Traffic(settings, masters)
        traffic.run(microseconds: microseconds)
        return traffic.rate(microseconds: microseconds)
    }

    /// The table of docs/internals/ExternalMemory.md: rates in MB/s with buffers apart, in the same banks, and apart in
    /// x16 devices. A change of the model shows here; the page tells what is known of each difference.
    static let known: [(apart: Double, same: Double, x16: Double)] = [
        (14_674, 7_540, 14_013), (14_651, 11_685, 13_129), (9_592, 9_536, 9_591), (9_510, 9_491, 9_468),
        (3_197, 3_197, 3_197),
    ]

    @Test(arguments: points.indices) func pointsAreAsDocumented(index: Int) {
        let (point, known) = (Self.points[index], Self.known[index])
        let rates = [
            (Self.rate(point, apart: true), known.apart), (Self.rate(point, apart: false), known.same),
            (Self.rate(point, apart: true, x16: true), known.x16),
        ]
        let cells = rates.map { String(format: "%.0f (%+.1f %%)", $0.0, 100 * ($0.0 / point.measured - 1)) }
        print("| \(point.name) | \(Int(point.measured)) | \(cells.joined(separator: " | ")) |")
        for (rate, known) in rates { #expect(abs(rate / known - 1) < 0.02, "\(rate)") }
    }

    /// Bursts of 16 bytes lose "up to 70 %" on the board. In the model each takes an access of 64 bytes, and a bus as busy
    /// as with long bursts moves a quarter, 75 % less; writes that join one that waits make it 68 %.
    @Test func smallBurstsLose() {
        let small = Point(name: "", measured: 0, kHz: 300_000, places: [0, 1, 3], burst: 16)
        let rates = [true, false].map { Self.rate(small, apart: $0) / Self.rate(Self.points[0], apart: $0) }
        print("16 B bursts lose \(rates.map { Int(100 * (1 - $0)) }) % (banks apart, same banks); measured: up to 70")
        #expect(abs(rates[0] - 0.32) < 0.02)
    }

    /// Writes are "11 to 13 % faster than reads": their answer does not wait for the DRAM.
    @Test func writesAreFaster() {
        var text: [String] = []
        for (ports, burst) in [([0], 16), ([0], 64), ([0, 1, 3], 64), ([0, 1, 3], 192)] {
            for apart in [true, false] {
                var point = Point(name: "", measured: 0, kHz: 300_000, places: ports, burst: burst, writes: false)
                let reads = Self.rate(point, apart: apart)
                (point.reads, point.writes) = (false, true)
                let ratio = Self.rate(point, apart: apart) / reads
                text.append("\(ports.count) ports \(burst) B \(apart ? "apart" : "same") \(Int(100 * ratio))")
                #expect(ratio > 0.99)
            }
        }
        print("writes in percent of reads: " + text.joined(separator: ", "))
    }

    /// A connection's rate is the port's: 16 bytes per edge and direction.
    @Test(arguments: [(300_000, 9600.0), (100_000, 3200.0)]) func onePortIsBoundByItsClock(kHz: Int, most: Double) {
        let rate = Self.rate(Point(name: "", measured: most, kHz: kHz, places: [0], burst: 256), apart: true)
        #expect(rate <= most && rate > 0.97 * most, "\(rate)")
    }
}
