import Accelerator
import Design
import Diagnostics
import Foundation
import Networks
import Observation
import Streams
import Support
import Synchronization
import TestSupport
import Testing
import Waveforms

@testable import Machine

/// Does a trace of a run on streams show what the trace of the plain kernel shows, whatever it shows and when?
@Suite struct TraceNeutralityTests {
    /// Something of a fused sum, of which no other run has rows.
    private static let inner = ["array.pe[*].product"]

    /// The same image, traced on streams and on the plain kernel, whatever a run would choose: files and results are equal.
    private static func expectEqual(
        _ bench: Bench, _ request: TraceRequest, counts: Bool = false, threads: Int = 1, _ text: String = ""
    ) throws {
        let build = bench.build
        let scratch = try Scratch()
        var request = request
        request.path = scratch.path("plain.vcd")
        var options = MachineOptions(countsToggles: counts, threads: threads, trace: request)
        let plain = try #require(
            try build.run(bench.inputs[0], options: options, interrupted: { false }, progress: { _ in }))
        request.path = scratch.path("streams.vcd")
        options.trace = request
        let runs = try build.runTraced(
            bench.inputs[0], TraceScope(build, request), options, progress: { _ in }, interrupted: { false })
        let streams = try #require(runs.first, "\(text): interrupted")
        #expect(streams.output == plain.output && streams.timing == plain.timing, "\(text)")
        #expect(streams.toggles == plain.toggles && streams.tracedSignals == plain.tracedSignals, "\(text)")
        let files = try ["plain.vcd", "streams.vcd"].map {
            try Data(contentsOf: URL(fileURLWithPath: scratch.path($0)))
        }
        if files[0] != files[1] {
            let report = try TraceDiff.compare(
                TraceFile.open(scratch.path("plain.vcd")), TraceFile.open(request.path))
            Issue.record("\(text), \(request.taps), \(String(describing: request.window)): \(report.text)")
        }
    }

    private static func request(_ taps: [String] = [], _ window: Range<Int>? = nil, everything: Bool = false)
        -> TraceRequest
    {
        TraceRequest(path: "", taps: taps, window: window, clockMHz: 200, everything: everything)
    }

    /// The first cycles, those around a block's border, some in the middle, the last ones and all; sums of products are
    /// fused and are not.
    @Test(arguments: NeutralityTests.elements, [false, true])
    func windows(_ element: ProcessingElement, counts: Bool) throws {
        let bench = try NeutralityTests.bench(element, images: 1)
        let end = try bench.run().perImage.total
        let windows = [0..<40, 500..<530, 1020..<1030, 700..<701, end - 20..<end + 100, 1 << 40..<1 << 41]
        for window in windows where window.lowerBound < end {
            try Self.expectEqual(bench, Self.request([], window, everything: true), counts: counts)
            try Self.expectEqual(bench, Self.request(["sequencer.**", "load.**"], window), counts: counts)
            try Self.expectEqual(bench, Self.request(Self.inner, window), counts: counts)
        }
        try Self.expectEqual(bench, Self.request(), counts: counts, threads: 2)
    }

    /// Single signals of any array, in any window: nothing that a trace does not name is needed.
    @Test func randomSignals() throws {
        var convolvers = 0
        for seed in UInt64(1)...(Tools.isLong ? 300 : 16) {
            var random = RandomCase(seed: seed)
            if seed % 2 == 0, let other = random.onConvolver() {
                random = other
                convolvers += 1
            }
            let bench = try random.bench()
            let end = try bench.run().perImage.total
            var generator = SeededGenerator(seed: seed)
            let design = bench.accelerator.design
            let named = design.nets.indices.map { NetID($0) }.filter {
                design[$0].role != .hiddenRegister && design[$0].role != .temporary
            }
            for _ in 0..<3 {
                let taps = (0..<3).map { _ in
                    let id = named.randomElement(using: &generator)!
                    let lane = Int.random(in: 0..<design[id].lanes, using: &generator)
                    return String(design.path(of: id, lane: lane).dropFirst("top.".count))
                }
                let first = Int.random(in: 0..<end, using: &generator)
                let window = first..<first + Int.random(in: 1...200, using: &generator)
                try Self.expectEqual(bench, Self.request(Array(Set(taps)), window), random.text)
            }
        }
        #expect(convolvers > 3)
    }

    /// Layers, and a host that computes between runs of the array.
    @Test func layersAndHosts() throws {
        let bench = try NeutralityTests.bench(.svpe(weightBits: 3), images: 1)
        for layers in [["b"], ["a", "c"]] {
            var request = Self.request(["compute.*", "array.**"])
            request.layers = layers
            try Self.expectEqual(bench, request)
        }
        let p = AcceleratorParameters(.svpe(weightBits: 3), 2, 2, 4)
        let host = try Bench(p, HostLayerTests.network(.twoInTurn), timing: .ideal)
        try Self.expectEqual(host, Self.request())
    }

    /// A file is complete when its window has ended, though the last cycles of the window belong to no layer asked for.
    @Test func completeBeforeTheRunEnds() throws {
        let bench = try NeutralityTests.bench(.svpe(weightBits: 3), images: 1)
        let timing = try bench.run().perImage
        let end = timing.total - 2 * StreamRun.blockCycles
        try #require(end > 0)
        let scratch = try Scratch()
        var request = Self.request(["compute.active"], 0..<end)
        request.layers = ["a"]
        request.path = scratch.path("run.fst")
        var options = MachineOptions(countsToggles: false, trace: request)
        options.engine = .streams
        let seen = Mutex(Data())
        let file = URL(fileURLWithPath: request.path)
        _ = try bench.build.run(
            bench.inputs, options: options,
            interrupted: {
                // Before each block: the last time that is one behind the window's end.
                seen.withLock { $0 = (try? Data(contentsOf: file)) ?? Data() }
                return false
            })
        #expect(try seen.withLock { $0 } == Data(contentsOf: file))
    }

    /// Both formats, with images that nobody traces behind the one that is.
    @Test(arguments: ["run.fst", "run.vcd"])
    func severalImages(name: String) throws {
        let bench = try NeutralityTests.bench(.vpe(weightBits: 8), images: 4)
        let scratch = try Scratch()
        var request = Self.request(["array.**"], 600..<620)
        var options = MachineOptions(countsToggles: false)
        var results: [MachineResult] = []
        var paths: [String] = []
        for engine in MachineOptions.Engine.allCases {
            request.path = scratch.path("\(engine)-\(name)")
            paths.append(request.path)
            (options.engine, options.trace) = (engine, request)
            results.append(try bench.build.run(bench.inputs, options: options))
        }
        #expect(try TraceScope(bench.build, request).suitsStreams(bench.build))
        #expect(results[0].outputs == results[1].outputs && results[0].timing == results[1].timing)
        #expect(results[0].tracedSignals == results[1].tracedSignals && results[1].finishedImages == 4)
        let report = try TraceDiff.compare(TraceFile.open(paths[0]), TraceFile.open(paths[1]))
        #expect(report.isMatch && report.changesA == report.changesB && report.endA == report.endB, "\(report.text)")
        #expect(report.changesA > 40)
    }

    /// One signal all along and all signals for a while run on streams; all signals all along do not.
    @Test func theEngineFollowsFromWhatIsShown() throws {
        let build = try NeutralityTests.bench(.svpe(weightBits: 3), images: 1).build
        func suits(_ request: TraceRequest) throws -> Bool { try TraceScope(build, request).suitsStreams(build) }
        #expect(try suits(Self.request(["compute.active"])))
        #expect(try suits(Self.request([], 100..<200)))
        #expect(try !suits(Self.request()))
    }

    /// A trace without a cycle is refused, an interrupted one leaves none, as on the plain kernel.
    @Test func nothingToShow() throws {
        let bench = try NeutralityTests.bench(.svpe(weightBits: 3), images: 1)
        let scratch = try Scratch()
        var request = Self.request(["compute.active"], 1 << 30..<1 << 31)
        var messages: [String] = []
        for engine in MachineOptions.Engine.allCases {
            request.path = scratch.path("\(engine).fst")
            var options = MachineOptions(countsToggles: false, trace: request)
            options.engine = engine
            let error = #expect(throws: InputError.self) { try bench.build.run(bench.inputs, options: options) }
            messages.append(error.map { "\($0)" } ?? "")
            #expect(throws: Interruption.self) {
                try bench.build.run(bench.inputs, options: options, interrupted: { true })
            }
            #expect(!FileManager.default.fileExists(atPath: request.path))
        }
        #expect(messages[0] == messages[1])
    }
}
