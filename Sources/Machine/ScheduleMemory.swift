// Memory as the scheduler counts with it.

import Accelerator
import ExternalMemory
import Schedule

extension ScheduleOptions.Memory {
    /// That of a run: exact for `ideal` and `fixed`; of ports the one that comes nearest (MemoryModel.fixedEquivalent).
    package init(_ memory: MemoryModel, for p: AcceleratorParameters) {
        let timing = memory.fixedEquivalent(beatBytes: max(p.beatBytes, p.weightBeatBytes))
        self.init(latency: timing.latency, bytesPerCycle65536: timing.bytesPerCycle65536)
    }
}
