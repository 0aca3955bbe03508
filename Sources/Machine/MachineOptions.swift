// What a run of images is asked for besides its result.

import Foundation
import Observation
import Streams

/// What a run must do besides computing.
package struct MachineOptions: Sendable {
    /// Count toggles of every register (mode `full`).
    package var countsToggles: Bool
    /// Count changes of the outputs of logic, too; on the plain kernel.
    package var countsNets = false
    /// Images simulated at a time.
    package var threads: Int
    /// Trace of the first image.
    package var trace: TraceRequest?
    /// Keep every feature map of each image.
    package var keepsTensors: Bool
    /// How cycles are computed; the results are the same.
    package var engine = Engine.streams
    /// Who computes the streams' rows; the results are the same.
    package var rowLevel = RowLevel.best

    /// A way to run a Design.
    package enum Engine: Sendable, Hashable, CaseIterable {
        /// every net of the Design cycle by cycle: the definition
        case plain
        /// control once for all images, data behind it in blocks; the plain kernel where that does not apply (a trace of
        /// much of the Design in much of the run, a Design in which data influences control, toggles where no vector unit
        /// counts them)
        case streams
    }

    /// Options of a run; by default one image at a time, without trace.
    package init(countsToggles: Bool, threads: Int = 1, trace: TraceRequest? = nil, keepsTensors: Bool = false) {
        self.countsToggles = countsToggles
        self.threads = threads
        self.trace = trace
        self.keepsTensors = keepsTensors
    }
}

/// A trace of the first image.
package struct TraceRequest: Sendable {
    /// With the ending of a `TraceFormat`.
    package var path: String
    /// Globs on paths below `top`; empty: every named signal.
    package var taps: [String]
    /// Cycles; nil: all.
    package var window: Range<Int>?
    /// Layers shown; empty: all.
    package var layers: [String]
    /// The core clock: a trace counts time, not cycles.
    package var clockMHz: Double
    /// Also unnamed intermediate nets, for co-simulation.
    package var everything: Bool

    /// A trace of the named signals, over all cycles and layers unless said otherwise.
    package init(
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

    /// The signals that it shows.
    var selection: TapSelection { everything ? .everything : taps.isEmpty ? .named : .globs(taps) }

    /// Removes the file: a trace without a cycle is no trace. Pipes and devices stay.
    func remove() {
        let isFile = (try? URL(fileURLWithPath: path).resourceValues(forKeys: [.isRegularFileKey]))?.isRegularFile
        if isFile == true { try? FileManager.default.removeItem(atPath: path) }
    }

    /// The times of the clock's edges.
    package var times: CycleTimes { CycleTimes(megahertz: clockMHz) }
}
