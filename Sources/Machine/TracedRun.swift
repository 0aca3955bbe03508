// The image of a run that is traced. It runs on streams, and the trace looks at it through a tap that costs what it shows
// (RowTap). Where a trace shows much of the Design for much of the run the plain kernel is faster: it has all values of
// every cycle anyway.

import Design
import Diagnostics
import Networks
import Observation
import Streams

/// What a trace shows, and how much of the Design that takes.
struct TraceScope {
    let request: TraceRequest
    let signals: TraceSignals
    let cone: TapCone
    let window: Range<Int>

    init(_ build: Build, _ request: TraceRequest) throws {
        let design = build.accelerator.design
        self.request = request
        signals = try TraceSignals(design, taps: request.selection)
        cone = TapCone(design, of: signals.signals.map(\.net))
        window = request.window ?? 0..<Int.max
    }

    /// A lane of a cycle costs some `factor` times as much through a tap as on the plain kernel.
    func suitsStreams(_ build: Build) -> Bool {
        let factor = 4.0
        let cycles = Double(window.clamped(to: 0..<max(1, build.program.predictedCycles)).count)
        let all = build.accelerator.design.nets.reduce(0) { $0 + $1.lanes }
        return factor * cycles * Double(cone.lanes) <= Double(build.program.predictedCycles) * Double(all)
    }
}

extension Build {
    /// Runs the image of a trace on streams: the image, or none where it was interrupted. Throws as `run` does, and what
    /// streams throw where the image must run on the plain kernel.
    func runTraced(
        _ input: IntegerTensor, _ scope: TraceScope, _ options: MachineOptions,
        progress: (Double) -> Void, interrupted: () -> Bool
    ) throws -> [ImageRun] {
        let request = scope.request
        let isShown = try layerFilter(request)
        var recorder: TraceRecorder?
        do {
            let run = try StreamRun(
                self, countsToggles: options.countsToggles, level: options.rowLevel, watching: scope.cone)
            let made = try TraceRecorder(
                path: request.path, signals: scope.signals, times: request.times, window: scope.window)
            recorder = made
            let tap = try RowTap(
                run.separation, scope.cone,
                .init(
                    window: scope.window, isShown: isShown, observe: { try made.observe(cycle: $0, $1) },
                    passed: { try made.passed($0) }))
            let outcome = try run.run(
                [input], threads: options.threads, tap: tap, interrupted: interrupted, progress: progress)
            try made.close()
            guard let outcome else {
                if made.cycleCount == 0 { request.remove() }
                return []
            }
            try requireCycles(made, request, of: outcome.cycles)
            var result = imageRuns(outcome, options)
            result[0].tracedSignals = made.signalCount
            return result
        } catch {
            try? recorder?.close()
            throw error
        }
    }

    /// Whether a cycle belongs to a layer that is asked for: the cycle in which a layer ends does.
    func layerFilter(_ request: TraceRequest) throws -> (_ cycle: Int, _ ends: [Int]) -> Bool {
        let names = program.layers.filter { !$0.isOnHost }.map { $0.name }
        let shown = Set(request.layers.compactMap { names.firstIndex(of: $0) })
        guard shown.count == Set(request.layers).count else {
            throw Defect("the trace asks for layers \(request.layers), of which the program lacks some")
        }
        return { cycle, ends in
            shown.isEmpty || shown.contains(min(ends.prefix { $0 <= cycle }.count, names.count - 1))
        }
    }

    /// A trace without a cycle is an error of whoever asked for it.
    func requireCycles(_ recorder: TraceRecorder, _ request: TraceRequest, of cycles: Int) throws {
        guard recorder.cycleCount == 0 else { return }
        request.remove()
        throw InputError(
            at: "trace", "no cycle of the run is in the window and layers asked for; the run has \(cycles) cycles")
    }
}
