// Compute engine of the `vector` family: the loop nest and the markers that travel beside its data. The engine begins
// the next instruction when the last result of this one is in the ofmap buffer.

import Design

/// What the `vector` array needs to know of the steps of a convolution. U is `vectorLatency`.
struct VectorSteps {
    /// [d]: a convolution step was issued d cycles ago, d = 0...U; in U its sum is at the accumulator.
    var issued: [Signal]
    /// Read addresses of the issued step, 16 bits; pooling uses the ifmap's, too.
    var ifmapAddress, weightAddress: Signal
    /// Beside the sum at the accumulator (U): the first product of a result; multiply the accumulator first.
    var first, shift: Signal
}

extension Elaboration {
    mutating func makeVectorCompute(_ feedback: Feedback, _ sequencer: Sequencer) -> (Control, VectorSteps) {
        builder.beginScope(
            "compute",
            about: "The loop nest of convolutions and pooling, one step a cycle: addresses of the buffers, "
                + "and the markers that travel beside the data.")
        defer { builder.endScope() }
        let words = sequencer.compute.words
        let (busy, begin) = makeComputeBegin(feedback, sequencer)

        let nest = makeNest(words, begin)
        let advance = or(begin, nest.active)
        let ifmapAddress = makeNestAddress(words, begin, nest, enable: advance)
        let weightAddress = makeWeightAddress(words, begin, nest, enable: advance)
        let mode = makeMode(words)

        // Valid bits beside the data, one chain per kind of step.
        let latency = p.vectorLatency
        var issued = [and(nest.active, mode.isConvolution, name: "valid0")]
        for stage in 1...latency { issued.append(builder.register("valid\(stage)", issued[stage - 1])) }
        let poolValid = makePoolValid(and(nest.active, mode.isPool, name: "pool_valid0"))

        let result = makeSoon("result", and(nest.active, nest.pixelEnd, nest.hasResults), mode.isPool)
        let groupEnd = makeSoon("group_end", and(nest.active, nest.groupEnd), mode.isPool)
        let tileEnd = makeSoon("tile_end", and(nest.active, nest.tileEnd), mode.isPool)
        let finish = builder.delayed("finish", tileEnd, by: PipelineStages.post)
        builder.drive(feedback.computeFinish, with: finish)
        let steps = VectorSteps(
            issued: issued, ifmapAddress: ifmapAddress, weightAddress: weightAddress,
            first: builder.delayed("accumulate_first", nest.first, by: latency),
            shift: builder.delayed("shift_accumulator", nest.passShift, by: latency))
        let pool = PoolControl(
            valid: poolValid, first: builder.delayed("pool_first", nest.first, by: PipelineStages.buffer),
            isPool: mode.isPool, isMax: mode.isMaxPool, granule: field(ComputeField.poolGranule, of: words))
        let control = Control(
            begin: begin, busy: busy, issue: nest.active, words: words, pool: pool, resultSoon: result,
            groupEndsSoon: groupEnd)
        return (control, steps)
    }

    /// A marker of an issued step, two cycles before its result stands in the accumulator or the pooling lane. Each
    /// kind has its own path: a pooling marker must not come out of the longer one inside the next tile.
    private mutating func makeSoon(_ name: String, _ marker: Signal, _ isPool: Signal) -> Signal {
        let depth = p.vectorLatency + PipelineStages.accumulator - PipelineStages.buffer
        let early = builder.register("\(name)_1", marker)
        let late = builder.delayed("\(name)_\(depth)", and(early, not(isPool)), by: depth - 1)
        return select(isPool, early, late, width: 1, name: "\(name)_soon")
    }

    /// Weights are read in storage order within a pixel and from the group's start again for the next pixel.
    private mutating func makeWeightAddress(
        _ words: [Signal], _ begin: Signal, _ nest: Nest, enable: Signal
    ) -> Signal {
        let weight = builder.register("weight_address", width: 16)
        let groupStart = builder.register("weight_group_start", width: 16)
        let base = field(ComputeField.weightAddress, of: words)
        let next = builder.logic(.add, [weight, 1], width: 16)
        let again = and(nest.pixelEnd, not(nest.groupEnd), term: "group_again")
        let following = select(again, groupStart, next, width: 16, term: "following_weight_address")
        builder.connect(weight, next: select(begin, base, following, width: 16), enable: enable)
        builder.connect(
            groupStart, next: select(begin, base, next, width: 16),
            enable: or(begin, and(nest.active, nest.groupEnd)))
        return weight
    }
}
