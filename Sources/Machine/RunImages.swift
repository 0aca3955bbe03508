// Running a program image by image. Each image is one run of the machine from power-up: the host writes the image,
// starts the program and waits for `done`; where it has a layer to compute it does so then and starts the next part of
// the program. Images do not influence each other, so they run in parallel and in any order with the same cycles and
// the same toggles.

import Diagnostics
import Dispatch
import Networks
import Observation
import Streams
import Support
import Synchronization

extension Build {
    /// Runs all `inputs`, `options.threads` at a time; the trace is of the first. `progress` gets the fraction done.
    /// Throws `Defect` on a deadlock (the limit follows from the program), `WaveformError` when the trace cannot be
    /// written, and `Interruption` when not one image was finished.
    package func run(
        _ inputs: [IntegerTensor], options: MachineOptions, progress: (@Sendable (Double) -> Void)? = nil,
        interrupted: @escaping @Sendable () -> Bool = { false }
    ) throws -> MachineResult {
        let started = DispatchTime.now().uptimeNanoseconds
        var reason: String?
        let runs: [ImageRun]
        switch options.engine {
        case .streams where options.countsToggles && !options.rowLevel.countsToggles:
            reason = "no vector unit that streams can use here counts toggles"
            runs = try runPlainly(inputs, options, progress, interrupted)
        case .streams where options.countsNets:
            reason = "activity.nets counts outputs of logic, which streams do not have in every cycle"
            runs = try runPlainly(inputs, options, progress, interrupted)
        case .plain: runs = try runPlainly(inputs, options, progress, interrupted)
        case .streams: runs = try runOnStreams(inputs, options, &reason, progress, interrupted)
        }
        let seconds = Double(DispatchTime.now().uptimeNanoseconds - started) / 1e9
        return try collect(runs, seconds: seconds, plainKernelReason: reason)
    }

    /// Every image for itself, on the plain kernel; images up to the first that was not finished.
    private func runPlainly(
        _ inputs: [IntegerTensor], _ options: MachineOptions, _ progress: (@Sendable (Double) -> Void)?,
        _ interrupted: @escaping @Sendable () -> Bool
    ) throws -> [ImageRun] {
        let done = Atomic<Int>(0)
        var others = options
        others.trace = nil
        let runs = try mapParallel(count: inputs.count, workers: options.threads, stop: interrupted) {
            [others] index -> ImageRun? in
            defer {
                let count = done.add(1, ordering: .relaxed).newValue
                progress?(Double(count) / Double(inputs.count))
            }
            return try run(
                inputs[index], options: index == 0 ? options : others, interrupted: interrupted,
                progress: { part in
                    let before = Double(done.load(ordering: .relaxed))
                    progress?(min(1, (before + part) / Double(inputs.count)))
                })
        }
        return Array(runs.prefix { $0 != nil }.compactMap { $0 })
    }

    /// Images on the streams, some at a time behind one control; images of finished groups. The traced image runs before
    /// the others. All take the plain kernel where streams do not apply: the reason says why.
    private func runOnStreams(
        _ inputs: [IntegerTensor], _ options: MachineOptions, _ reason: inout String?,
        _ progress: (@Sendable (Double) -> Void)?, _ interrupted: @escaping @Sendable () -> Bool
    ) throws -> [ImageRun] {
        func plainly(from first: Int, to end: Int, _ options: MachineOptions) throws -> [ImageRun] {
            let (before, share) = (Double(first), Double(end - first))
            let all = Double(inputs.count)
            let scaled = progress.map { progress in
                { @Sendable (part: Double) in progress((before + share * part) / all) }
            }
            return try runPlainly(Array(inputs[first..<end]), options, scaled, interrupted)
        }
        var others = options
        others.trace = nil
        var result: [ImageRun] = []
        if let trace = options.trace, let input = inputs.first {
            let scope = try TraceScope(self, trace)
            let traced =
                try scope.suitsStreams(self)
                ? unlessObstructed(&reason) {
                    try runTraced(
                        input, scope, options, progress: { progress?(min(1, $0 / Double(inputs.count))) },
                        interrupted: interrupted)
                } : nil
            result = try traced ?? plainly(from: 0, to: 1, options)
            // An interrupted image ends the run.
            if result.isEmpty { return result }
        }
        if options.trace != nil && (result.isEmpty || inputs.count == 1) { return result }
        if reason != nil { return result + (try plainly(from: result.count, to: inputs.count, others)) }
        try unlessObstructed(&reason) {
            let run = try StreamRun(self, countsToggles: options.countsToggles, level: options.rowLevel)
            let group = run.imagesAtOnce(threads: options.threads)
            while result.count < inputs.count {
                let first = result.count
                let part = Array(inputs[first..<min(inputs.count, first + group)])
                let share = Double(part.count) / Double(inputs.count)
                let outcome = try run.run(part, threads: options.threads, interrupted: interrupted) {
                    progress?(min(1, Double(first) / Double(inputs.count) + share * $0))
                }
                guard let outcome else { return }
                result += imageRuns(outcome, options)
                progress?(Double(result.count) / Double(inputs.count))
            }
        }
        return reason == nil ? result : result + (try plainly(from: result.count, to: inputs.count, others))
    }

    /// The result of `body`; nil where streams do not apply, which `reason` says.
    @discardableResult
    private func unlessObstructed<Result>(_ reason: inout String?, _ body: () throws -> Result) throws -> Result? {
        do {
            return try body()
        } catch let obstacle as Separation.Obstacle {
            reason = "\(obstacle)"
        } catch let lost as DataPath.Lost {
            reason = "\(lost)"
        }
        return nil
    }

    func imageRuns(_ outcome: StreamRun.Outcome, _ options: MachineOptions) -> [ImageRun] {
        outcome.images.enumerated().map { index, image in
            var run = image.state.withMemory {
                ImageRun(program, memory: UnsafeRawBufferPointer($0), timing: outcome.timing, options)
            }
            if options.countsToggles {
                run.toggles = outcome.togglesByScope(of: image, in: accelerator.design)
                run.activity = outcome.activity[index]
            }
            return run
        }
    }

    /// Images up to the first that was not finished.
    private func collect(_ runs: [ImageRun], seconds: Double, plainKernelReason: String?) throws -> MachineResult {
        guard let first = runs.first else { throw Interruption() }
        let timing = first.timing
        if let other = runs.first(where: { $0.timing.perImage != timing.perImage })?.timing {
            throw Defect("images take different cycles: \(timing.perImage.total) and \(other.perImage.total)")
        }
        var toggles: [String: UInt64] = [:]
        for run in runs { toggles.merge(run.toggles, uniquingKeysWith: +) }
        return MachineResult(
            outputs: runs.map { $0.output }, tensors: runs.map { $0.tensors }, perImage: timing.perImage,
            layers: timing.layers, laneUpdates: timing.perImage.compute * accelerator.parameters.lanes * runs.count,
            readBytes: timing.readBytes, writtenBytes: timing.writtenBytes, dram: timing.dram, toggles: toggles,
            togglesTotal: toggles.values.reduce(0, +), wallSeconds: seconds, tracedSignals: first.tracedSignals,
            finishedImages: runs.count, plainKernelReason: plainKernelReason,
            activity: first.activity.indices.map { layer in
                runs.dropFirst().reduce(first.activity[layer]) { $0 + $1.activity[layer] }
            })
    }
}
