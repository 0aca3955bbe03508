// Cycles of a convolution on the `convolver` family, all of them derived.

extension AcceleratorParameters {
    /// Cycles from one stream's first slot to the next one's at least, for weights of `words` words: the next set is
    /// asked for from the cycle after the first slot, one word a cycle; the stream begins when the last one has passed
    /// the weight buffer.
    public func convolverInterval(words: Int) -> Int { 1 + words + PipelineStages.buffer }

    /// Cycles by which a result's marker is delayed before the pipeline's own latency, for a window at tap T and
    /// `padLeft` columns of padding: the window is complete T - 1 - padLeft slots after its marker, and its T rows are
    /// summed one cycle after the other.
    public static func resultDelay(tap: Int, padLeft: Int) -> Int { 2 * (tap - 1) - padLeft }

    /// Cycles from a delayed marker until the adder tree has its result: buffer, masked pixel, cell, column adder,
    /// tree.
    func convolverLatency(_ convolver: ConvolverParameters) -> Int {
        PipelineStages.buffer + ConvolverParameters.pixelStages + laneStages + convolver.columnStages + treeLevels
    }

    /// Slots of one stream.
    static func streamSlots(_ i: Instruction) -> Int {
        (i[StreamField.lastStreamRow] + 1) * (i[StreamField.lastSlot] + 1)
    }

    /// Streams of a convolution: one per output group, pass and input group.
    static func streams(_ i: Instruction) -> Int {
        (i[ComputeField.lastOutputGroup] + 1) * (i[ComputeField.lastPass] + 1) * (i[ComputeField.lastInputGroup] + 1)
    }

    /// Cycles that the compute engine takes for a convolution on the convolver family:
    ///   1 (begin)
    /// + words + buffer (the first stream's weights: all words, latch and output register)
    /// + max(slots, convolverInterval) for every stream but the last
    /// + slots up to the last result's marker
    /// + result delay + latency up to the adder tree + accumulator + requantization
    func convolverCycles(_ i: Instruction, _ convolver: ConvolverParameters) -> Int {
        let words = (i[ComputeField.lastKernelRow] + 1) * (i[ComputeField.lastKernelColumn] + 1)
        let interval = max(AcceleratorParameters.streamSlots(i), convolverInterval(words: words))
        let last = i[StreamField.lastStreamRow] * (i[StreamField.lastSlot] + 1) + i[StreamField.lastResultSlot] + 1
        let first = EngineCycles.begin + words + PipelineStages.buffer
        let result = i[StreamField.resultDelay] + convolverLatency(convolver)
        return first + (AcceleratorParameters.streams(i) - 1) * interval + last + result
            + PipelineStages.accumulator + PipelineStages.requantization
    }
}
