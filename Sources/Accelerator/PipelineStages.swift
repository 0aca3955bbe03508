// The one table of register stages. Elaboration builds these many, and the cycle formulas of the families and of the
// engines count them.

/// Register stages of the parts that both families share; one stage is one cycle.
enum PipelineStages {
    /// A buffer: latch of the block RAM, output register.
    static let buffer = 2
    /// The accumulator, or the pooling lane's register.
    static let accumulator = 1
    /// DSP48E2: A and B, M, P.
    static let dsp = 3
    /// From an accumulator to its result at the ofmap buffer: the DSP48E2, rounding, saturation.
    static let requantization = dsp + 1 + 1
    /// From the cycle in which constants and residual are read, so that they meet their accumulator, to the result.
    static let post = buffer + requantization
    /// The pre-activation on the read path: output register of the constants (their latch stands beside the beat's own
    /// register), the DSP48E2, rounding, saturation.
    static let preActivation = 1 + dsp + 1 + 1
    /// The write of a beat into a buffer: the beat's register.
    static let loadWrite = 1
    /// The store engine: ofmap buffer, selected beat.
    static let store = buffer + 1
}

/// Cycles of the engines beside their pipelines.
enum EngineCycles {
    /// An engine begins: the cycle in which it takes its instruction.
    static let begin = 1
    /// A request is accepted.
    static let request = 1
    /// A beat is written, in memory that takes a cycle, and memory says so.
    static let storeEnd = 2
    /// The sequencer's fetch of one instruction from memory that answers at once: begin, request, a cycle a beat.
    static let fetch = 1 + request + Instruction.beats
}
