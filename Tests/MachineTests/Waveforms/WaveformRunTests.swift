import Accelerator
import Networks
import Schedule
import TestSupport
import Testing
import Waveforms

@testable import Diagnostics
@testable import Machine

/// Is the waveform of a run the same in both formats and to readers we did not write, and does it show what was asked?
@Suite struct WaveformRunTests {
    static func request(_ path: String) -> TraceRequest { TraceRequest(path: path, clockMHz: 200) }

    /// A run traced as FST and as VCD.
    private static func bothFormats() throws -> (scratch: Scratch, fst: String, vcd: String) {
        let bench = try NeutralityTests.bench(.svpe(weightBits: 3), images: 1)
        let scratch = try Scratch()
        let (fst, vcd) = (scratch.path("run.fst"), scratch.path("run.vcd"))
        let first = try bench.run(trace: request(fst))
        let second = try bench.run(trace: request(vcd))
        #expect(first.tracedSignals == second.tracedSignals)
        return (scratch, fst, vcd)
    }

    private static func expectEqual(_ first: String, _ second: String) throws {
        let report = try TraceDiff.compare(TraceFile.open(first), TraceFile.open(second))
        #expect(report.isMatch && report.onlyInA.isEmpty && report.onlyInB.isEmpty, "\(report.text)")
        #expect(report.changesA == report.changesB && report.endA == report.endB, "\(report.text)")
    }

    @Test func bothFormatsAreEqual() throws {
        let run = try Self.bothFormats()
        try Self.expectEqual(run.fst, run.vcd)
    }

    @Test(.enabled(if: Tools.fst2vcd != nil || Tools.isCI, Tools.noFst2vcd))
    func fst2vcdAgrees() throws {
        let run = try Self.bothFormats()
        let theirs = run.scratch.path("theirs.vcd")
        let result = try Tools.run(#require(Tools.fst2vcd), [run.fst, "-o", theirs])
        #expect(result.code == 0, "\(result.output)")
        try Self.expectEqual(run.vcd, theirs)
    }

    @Test(.enabled(if: Tools.hasReaders, Tools.noReaders))
    func pywellenAndPylibfstAgree() throws {
        let run = try Self.bothFormats()
        let wellen = try lines(of: run.fst, reader: "pywellen")
        #expect(wellen.count > 10_000)
        #expect(try lines(of: run.fst, reader: "pylibfst") == wellen)
        #expect(try lines(of: run.vcd, reader: "pywellen") == wellen)
    }

    private func lines(of path: String, reader: String) throws -> [Substring] {
        let output = try Tools.runPython(["-m", "shiftsim_tools.read_trace", "--reader", reader, path])
        return output.split(separator: "\n")
    }

    /// Times of changes, in cycles, of the signals of a trace.
    private func changes(_ request: TraceRequest, _ bench: Bench) throws -> (paths: [String], cycles: [Int]) {
        let run = try bench.run(trace: request)
        let file = try TraceFile.open(request.path)
        #expect(run.tracedSignals == file.signals.count)
        var cycles: Set<Int> = []
        try file.forEachChange { cycles.insert(Int($0.time / 5000)) }
        return (file.signals.map { $0.path }, cycles.sorted())
    }

    @Test(arguments: ["run.fst", "run.vcd"])
    func theWindowIsRespected(name: String) throws {
        let bench = try NeutralityTests.bench(.vpe(weightBits: 8), images: 1)
        let scratch = try Scratch()
        var request = Self.request(scratch.path(name))
        request.window = 100..<150
        // The clock changes in every cycle shown; the file ends where cycle 149 does.
        #expect(try changes(request, bench).cycles == Array(100..<150))
    }

    @Test func tapsAreGlobs() throws {
        let bench = try NeutralityTests.bench(.vpe(weightBits: 8), images: 1)
        let scratch = try Scratch()
        var request = Self.request(scratch.path("run.fst"))
        request.taps = ["array.pe[*].product", "top.compute.active"]
        let shown = try changes(request, bench).paths
        let lanes = bench.accelerator.parameters.lanes
        let products = (0..<lanes).map { "top.array.pe[\($0)].product" }
        #expect(Set(shown) == Set(products + ["top.compute.active", "top.clk"]))
        for taps in [["nowhere.*"], ["array.pe[*].product", "nowhere.*"]] {
            request.taps = taps
            #expect(throws: WaveformError.self) { try bench.run(trace: request) }
        }
    }

    @Test func layersAreFiltered() throws {
        let bench = try NeutralityTests.bench(.vpe(weightBits: 8), images: 1)
        let scratch = try Scratch()
        let layers = try bench.run().layers
        var request = Self.request(scratch.path("run.fst"))
        request.layers = ["b"]
        // Cycles from the end of layer a to the end of layer b.
        #expect(try changes(request, bench).cycles == Array(layers[1].startCycle..<layers[1].endCycle))
        request.layers = ["a", "c"]
        let both = Array(0..<layers[0].endCycle) + Array(layers[2].startCycle..<layers[2].endCycle)
        #expect(try changes(request, bench).cycles == both)
        request.layers = ["d"]
        #expect(throws: Defect.self) { try bench.run(trace: request) }
    }
}
