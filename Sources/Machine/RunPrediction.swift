// The cycles of a run, told without it: the array's by the clock of programs, the host's by its time model. They are the
// simulation's own on the memories `ideal` and `fixed` (without random stalls); behind memory ports they are those of the
// memory `fixed` that comes nearest (ExternalMemory/Models/FixedEquivalent).

import Accelerator
import Diagnostics
import ExternalMemory
import Schedule

/// Predicted cycles of one image.
package struct RunPrediction: Sendable, Equatable {
    /// The cycles of each layer, in the order of the program, as `LayerRun` has them.
    package var layers: [Range<Int>]
    /// Of the array and the host.
    package var total: Int
    /// Of the array alone: what a simulation counts.
    package var arrayCycles: Int
}

extension Build {
    /// The cycles that an image takes. Costs what `ProgramClock.run` does. Throws `Defect` where the program would wait
    /// for ever.
    package func prediction() throws -> RunPrediction {
        let p = accelerator.parameters
        let timing = ScheduleOptions.Memory(memory, for: p)
        let clock = ProgramClock(p, latency: timing.latency, bytesPerCycle65536: timing.bytesPerCycle65536)
        guard let array = program.predictedTiming(clock) else {
            throw Defect("deadlock: the program's instructions wait for each other")
        }
        var host = 0
        let layers = array.layers.enumerated().map { index, cycles in
            let start = cycles.lowerBound + host
            host += program.hostCycles(index, clockMHz: clockMHz)
            return start..<cycles.upperBound + host
        }
        return RunPrediction(layers: layers, total: array.total + host, arrayCycles: array.total)
    }
}
