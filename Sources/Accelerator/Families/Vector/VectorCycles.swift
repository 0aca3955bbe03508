// Cycles of a convolution on the `vector` family: one per step of the loop nest, and these.

#if MUTANTS
    import Mutants
#endif

extension AcceleratorParameters {
    /// Cycles from a step's issue until its sum is at the accumulator: buffer, lane, adder tree. Along a cascade each lane
    /// is a cycle behind the one before it; where one chain has all inputs, its last P is the accumulator itself, and
    /// the sum is there a cycle earlier, when the last product is in M.
    var vectorLatency: Int {
        let lanes = laneStages + (cascade.map { $0 - 1 } ?? 0) - (accumulatesInCascade ? 1 : 0)
        #if MUTANTS
            if isPlanted("pipeline-latency") { return PipelineStages.buffer + lanes + treeLevels + 1 }
        #endif
        return PipelineStages.buffer + lanes + treeLevels
    }

    /// Cycles from the last step of a tile until the compute engine is free: up to the accumulator, the accumulator,
    /// requantization.
    public var drainCycles: Int {
        vectorLatency + PipelineStages.accumulator + PipelineStages.requantization
    }
    /// Cycles of one tile besides the steps of its loop nest: to begin and the drain.
    public var tileOverhead: Int { EngineCycles.begin + drainCycles }
}
