// What the engines that all families share take besides a cycle per beat or step, from the table of stages.

extension AcceleratorParameters {
    /// Cycles that the pre-activation adds between memory and the buffers; 0 where the array has none.
    public var preActivationStages: Int { preActivationDepth == nil ? 0 : PipelineStages.preActivation }

    /// Bytes of a load's beats.
    public func loadBeatBytes(_ i: Instruction) -> Int { i[LoadField.roundBanks] == 1 ? weightBeatBytes : beatBytes }

    /// Cycles of one load besides a cycle per position, from memory that answers at once: to begin, the request, the
    /// write into the buffer and the pre-activation.
    public var loadOverhead: Int {
        EngineCycles.begin + EngineCycles.request + PipelineStages.loadWrite + preActivationStages
    }

    /// Cycles from the last position of a load until its engine finishes: the write into the buffer, behind the
    /// pre-activation where there is one.
    public var loadWriteCycles: Int { PipelineStages.loadWrite + preActivationStages }

    /// Cycles from the one in which an engine or the fetch unit begins to the one in which its first request is at the
    /// port.
    public static let requestCycles = EngineCycles.request

    /// Cycles from the one in which the store engine begins to the one in which its first beat is at the port.
    public static let storePipelineCycles = EngineCycles.begin + PipelineStages.store

    /// Cycles of one store besides a cycle per beat, to memory that answers at once: to begin, the pipeline, the last
    /// beat's being written.
    public static let storeOverhead = EngineCycles.begin + PipelineStages.store + EngineCycles.storeEnd

    /// Cycles from the start of a program until its first load begins, from memory that answers at once: the sequencer
    /// begins to run, fetches the first compute instruction and then the first load, and makes it the current one.
    public static let startCycles = 1 + 2 * EngineCycles.fetch + 1

    /// Cycles from the last step of a pooling tile until the compute engine is free: buffer, pooling lane,
    /// requantization.
    public var poolDrainCycles: Int {
        PipelineStages.buffer + PipelineStages.accumulator + PipelineStages.requantization
    }
    /// Cycles of one pooling tile besides the steps of its loop nest: to begin and the drain.
    public var poolTileOverhead: Int { EngineCycles.begin + poolDrainCycles }

    /// Steps that the compute engine issues for an instruction.
    public func computeSteps(_ i: Instruction) -> Int {
        switch (ComputeMode(rawValue: i[ComputeField.mode])!, family) {
        case (.convolution, .convolver): AcceleratorParameters.streams(i) * AcceleratorParameters.streamSlots(i)
        case (.convolution, .vector), (.maxPool, _), (.sumPool, _): AcceleratorParameters.loopSteps(i)
        }
    }

    /// Cycles that the compute engine takes for an instruction.
    public func computeCycles(_ i: Instruction) -> Int {
        switch (ComputeMode(rawValue: i[ComputeField.mode])!, family) {
        case (.convolution, .convolver(let convolver)): convolverCycles(i, convolver)
        case (.convolution, .vector): computeSteps(i) + tileOverhead
        case (.maxPool, _), (.sumPool, _): computeSteps(i) + poolTileOverhead
        }
    }

    /// Steps of the loop nest: the product of its counts.
    static func loopSteps(_ i: Instruction) -> Int {
        let inner =
            (i[ComputeField.lastInputGroup] + 1) * (i[ComputeField.lastPass] + 1)
            * (i[ComputeField.lastKernelRow] + 1) * (i[ComputeField.lastKernelColumn] + 1)
        return inner * (i[ComputeField.lastOutputGroup] + 1) * (i[ComputeField.lastRow] + 1)
            * (i[ComputeField.lastColumn] + 1)
    }
}
