// Cycles of a convolution on the `vector` family: one per step of the loop nest, and these.

#if MUTANTS
    import Mutants
#endif

extension AcceleratorParameters {
    /// Cycles from a step's issue until its sum is at the accumulator: buffer, lane, adder tree.
    var vectorLatency: Int {
        #if MUTANTS
            if isPlanted("pipeline-latency") { return PipelineStages.buffer + laneStages + treeLevels + 1 }
        #endif
        return PipelineStages.buffer + laneStages + treeLevels
    }

    /// Cycles from the last step of a tile until the compute engine is free: up to the accumulator, the accumulator,
    /// requantization.
    public var drainCycles: Int {
        vectorLatency + PipelineStages.accumulator + PipelineStages.requantization
    }
    /// Cycles of one tile besides the steps of its loop nest: to begin and the drain.
    public var tileOverhead: Int { EngineCycles.begin + drainCycles }
}
