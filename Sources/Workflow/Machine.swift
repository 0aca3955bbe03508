import Accelerator
import Design
import Dispatch
import ExternalMemory
import Foundation
import Kernel
import Networks
import Observation
import Schedule
import Synchronization

// Running a compiled network on an accelerator, image by image. Each image is one run of the machine from power-up:
// the host writes the image, starts the program and waits for `done`; where it has a layer to compute it does so then
// and starts the next part of the program. Images do not influence each other, so they
// run in parallel and in any order with the same cycles and the same toggles.

/// What a run must do besides computing.
public struct MachineOptions: Sendable {
    /// Count toggles of every register (mode `full`).
    public var countsToggles: Bool
    /// Images simulated at a time.
    public var threads: Int
    /// Trace of the first image.
    public var trace: TraceRequest?
    /// Keep every feature map of each image.
    public var keepsTensors: Bool

    public init(countsToggles: Bool, threads: Int = 1, trace: TraceRequest? = nil, keepsTensors: Bool = false) {
        self.countsToggles = countsToggles
        self.threads = threads
        self.trace = trace
        self.keepsTensors = keepsTensors
    }
}

/// A trace of the first image.
public struct TraceRequest: Sendable {
    /// .fst, .vcd or .vcd.gz
    public var path: String
    /// Globs on paths below `top`; empty: every named signal.
    public var taps: [String]
    /// Cycles; nil: all.
    public var window: Range<Int>?
    /// Layers shown; empty: all.
    public var layers: [String]
    public var clockMHz: Double
    /// Also unnamed intermediate nets, for co-simulation.
    public var everything: Bool

    public init(
        path: String, taps: [String] = [], window: Range<Int>? = nil, layers: [String] = [], clockMHz: Double,
        everything: Bool = false
    ) {
        self.path = path
        self.taps = taps
        self.window = window
        self.layers = layers
        self.clockMHz = clockMHz
        self.everything = everything
    }

    /// Clock period in picoseconds.
    public var period: UInt64 { UInt64((1e6 / clockMHz).rounded()) }
}

/// Cycles by cause: total = compute + stallLoad + stallStore + fillDrain + host.
public struct CycleCounts: Sendable, Codable, Equatable {
    public var total: Int
    /// Cycles in which a step of the loop nest is issued.
    public var compute: Int
    /// Waiting for operands or instructions from memory.
    public var stallLoad: Int
    /// Waiting for results to be written.
    public var stallStore: Int
    /// Pipeline filling and draining at tile borders.
    public var fillDrain: Int
    /// The host computes a layer, by its time model.
    public var host = 0

    init(_ causes: CycleCauses) {
        compute = causes.issue
        stallLoad = causes.load
        stallStore = causes.store
        fillDrain = causes.fillDrain
        total = causes.total
    }

    init(host: Int) {
        self.init(CycleCauses())
        self.host = host
        total = host
    }

    mutating func add(_ other: CycleCounts) {
        total += other.total
        compute += other.compute
        stallLoad += other.stallLoad
        stallStore += other.stallStore
        fillDrain += other.fillDrain
        host += other.host
    }
}

/// One layer of one image.
public struct LayerRun: Sendable, Codable, Equatable {
    public var name: String
    public var startCycle: Int
    /// First cycle after the layer.
    public var endCycle: Int
    public var counts: CycleCounts
    public var readBytes: Int
    public var writtenBytes: Int
}

/// What a run yields.
public struct MachineResult: Sendable {
    /// The network's output of every image.
    public var outputs: [IntegerTensor]
    /// Every feature map by name, of every image, if kept.
    public var tensors: [[String: IntegerTensor]]
    /// Cycles of one image; all images take the same.
    public var perImage: CycleCounts
    public var layers: [LayerRun]
    /// Lanes times issued steps, all images.
    public var laneUpdates: Int
    /// External memory traffic of one image.
    public var readBytes: Int
    public var writtenBytes: Int
    /// Register toggles of all images by scope path, and in all.
    public var toggles: [String: UInt64]
    public var togglesTotal: UInt64
    public var wallSeconds: Double
    /// Signals in the trace; 0 without one.
    public var tracedSignals: Int
    /// Images finished; fewer than asked for when interrupted.
    public var finishedImages: Int
}

/// A defect of this program, not of the user's input.
public struct MachineFailure: Error, CustomStringConvertible {
    public var description: String
}

/// The simulated accelerator and its memory.
public enum Machine {
    /// Runs all `inputs`. Throws `MachineFailure` on a deadlock (the limit follows from the program) and
    /// `WaveformError` when the trace cannot be written.
    public static func run(
        _ accelerator: Accelerator, _ compiled: CompiledNetwork, inputs: [IntegerTensor], timing: MemoryTiming,
        clockMHz: Double, options: MachineOptions, progress: (@Sendable (Double) -> Void)? = nil,
        interrupted: @escaping @Sendable () -> Bool = { false }
    ) throws -> MachineResult {
        let started = DispatchTime.now().uptimeNanoseconds
        let finished = Mutex<[Int: Result<ImageRun, any Error>]>([:])
        let next = Atomic<Int>(0)
        let done = Atomic<Int>(0)
        let workers = max(1, min(options.threads, inputs.count))
        DispatchQueue.concurrentPerform(iterations: workers) { _ in
            while true {
                let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard index < inputs.count, !interrupted() else { return }
                let result = Result<ImageRun, any Error> {
                    try ImageRun(
                        accelerator, compiled, inputs[index], timing, options, clockMHz: clockMHz,
                        trace: index == 0 ? options.trace : nil,
                        interrupted: interrupted,
                        progress: { part in
                            let before = Double(done.load(ordering: .relaxed))
                            progress?(min(1, (before + part) / Double(inputs.count)))
                        })
                }
                done.wrappingAdd(1, ordering: .relaxed)
                finished.withLock { $0[index] = result }
            }
        }
        let seconds = Double(DispatchTime.now().uptimeNanoseconds - started) / 1e9
        return try collect(finished.withLock { $0 }, accelerator, compiled, seconds: seconds)
    }

    private static func collect(
        _ results: [Int: Result<ImageRun, any Error>], _ accelerator: Accelerator, _ compiled: CompiledNetwork,
        seconds: Double
    ) throws -> MachineResult {
        var runs: [ImageRun] = []
        for index in results.keys.sorted() {
            let run = try results[index]!.get()
            if run.isComplete { runs.append(run) } else { break }
        }
        guard let first = runs.first else { throw MachineInterrupted() }
        if let other = runs.first(where: { $0.counts != first.counts }) {
            throw MachineFailure(
                description: "images take different cycles: \(first.counts.total) and \(other.counts.total)")
        }
        var toggles: [String: UInt64] = [:]
        for run in runs { toggles.merge(run.toggles, uniquingKeysWith: +) }
        return MachineResult(
            outputs: runs.map { $0.output }, tensors: runs.map { $0.tensors }, perImage: first.counts,
            layers: first.layers, laneUpdates: first.counts.compute * accelerator.parameters.lanes * runs.count,
            readBytes: first.readBytes, writtenBytes: first.writtenBytes, toggles: toggles,
            togglesTotal: toggles.values.reduce(0, +), wallSeconds: seconds, tracedSignals: first.tracedSignals,
            finishedImages: runs.count)
    }
}

/// Interrupted before the first image was finished.
public struct MachineInterrupted: Error {}
