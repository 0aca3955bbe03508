import Foundation
import TestSupport
import Testing
import Waveforms

/// Does the SAIF of a trace say of each bit how long it was what, and how often it changed?
@Suite struct SAIFTests {
    /// A four-bit value, a bit with x and z, and one that never has a value, over 100 units of time.
    private static let vcd = """
        $timescale 10 ps $end
        $scope module top $end
        $var wire 4 ! count [3:0] $end
        $var wire 1 " bit $end
        $scope module lane[2] $end
        $var wire 1 # never $end
        $var wire 4 ! also [0:3] $end
        $upscope $end
        $upscope $end
        $enddefinitions $end
        #10
        b0000 !
        x"
        #30
        b0101 !
        1"
        #60
        b0110 !
        z"
        #80
        0"
        #110

        """

    private func saif(_ text: String, _ filter: String...) throws -> String {
        let scratch = try Scratch()
        let path = try scratch.write("run.vcd", text)
        let writer = SAIFWriter(filter: try SignalFilter(filter))
        _ = try writer.write(try TraceFile.open(path), to: scratch.path("run.saif"))
        return try scratch.read("run.saif")
    }

    /// count from 10 to 110: 0000 for 20, 0101 for 30, 0110 for 50.
    @Test func everyBitHasItsTimes() throws {
        let text = try saif(Self.vcd)
        #expect(text.contains("(TIMESCALE 10 ps)") && text.contains("(DURATION 100)"))
        let expected = [
            "(count\\[0\\] (T0 70) (T1 30) (TX 0) (TZ 0) (TB 0) (TC 2))",
            "(count\\[1\\] (T0 50) (T1 50) (TX 0) (TZ 0) (TB 0) (TC 1))",
            "(count\\[2\\] (T0 20) (T1 80) (TX 0) (TZ 0) (TB 0) (TC 1))",
            "(count\\[3\\] (T0 100) (T1 0) (TX 0) (TZ 0) (TB 0) (TC 0))",
            // x for 20, 1 for 30, z for 20, 0 for 30: no change between 0 and 1.
            "(bit (T0 30) (T1 30) (TX 20) (TZ 20) (TB 0) (TC 0))",
            "(never (T0 0) (T1 0) (TX 100) (TZ 0) (TB 0) (TC 0))",
            // The lowest bit of [0:3] is 3.
            "(also\\[3\\] (T0 70) (T1 30) (TX 0) (TZ 0) (TB 0) (TC 2))", "(INSTANCE lane\\[2\\]",
        ]
        for line in expected { #expect(text.contains(line), "\(line)\n\(text)") }
    }

    @Test func aFilterChooses() throws {
        let text = try saif(Self.vcd, "top.bit")
        #expect(text.contains("(bit ") && !text.contains("count") && !text.contains("lane"))
    }

    @Test func whatSAIFCannotSayIsRefused() throws {
        let slow = Self.vcd.replacing("10 ps", with: "1 ms")
        #expect(throws: WaveformError.self) { try saif(slow) }
        let two = Self.vcd.replacing(
            "$enddefinitions", with: "$scope module other $end $var wire 1 % b $end $upscope $end $enddefinitions")
        #expect(throws: WaveformError.self) { try saif(two) }
    }

    /// The strict checker of the folder beside the repository agrees, on a real run.
    @Test(
        .enabled(
            if: Repository.hasShared("tools/saif_check.py") && Tools.python != nil,
            "needs ../shared/tools/saif_check.py and a Python"))
    func anIndependentCheckerAgrees() throws {
        let scratch = try Scratch()
        let path = try scratch.write("run.saif", saif(Self.vcd))
        let fst = Repository.root.appendingPathComponent("traces/tiny-svpe.fst").path
        let result = try SAIFWriter().write(try TraceFile.open(fst), to: scratch.path("tiny.saif"))
        #expect(result.nets > 1000)
        for file in [path, scratch.path("tiny.saif")] {
            let python = try #require(Tools.python)
            let (code, output) = try Tools.run(python, [Repository.shared("tools/saif_check.py"), file])
            #expect(code == 0 && output.hasPrefix("OK"), "\(output)")
        }
    }
}
