import Design

// Compute engine: the loop nest output group > row > column > pass > input group > kernel row > kernel column. One
// step per cycle, no stall inside a tile: its control stream depends on the instruction alone. The engine begins the
// next instruction when the last result of this one is in the ofmap buffer.

extension Elaboration {
    struct Control {
        var begin, busy, active: Signal
        var ifmapAddress, weightAddress: Signal
        /// valid[k]: a convolution step was issued k cycles ago; index 0 is the issue itself.
        var valid: [Signal]
        /// The same for pooling, k = 0...2.
        var poolValid: [Signal]
        /// Markers at the accumulator: the first product of a result; multiply the accumulator first.
        var first, shiftAccumulator: Signal
        var poolFirst, isPool, isMaxPool, poolGranule: Signal
        /// Two cycles before a result stands in the accumulator: read constants and residual.
        var resultSoon: Signal
        /// The same, for the last result of an output group.
        var groupEndsSoon: Signal
        var words: [Signal]
    }

    mutating func makeCompute(_ feedback: Feedback, _ sequencer: Sequencer) -> Control {
        builder.beginScope("compute")
        defer { builder.endScope() }
        let words = sequencer.compute.words
        let (busy, begin) = makeComputeBegin(feedback, sequencer)

        let nest = makeNest(words, begin)
        let advance = or(begin, nest.active)
        let ifmapAddress = makeIfmapAddress(words, begin, nest, enable: advance)
        let weightAddress = makeWeightAddress(words, begin, nest, enable: advance)
        let mode = field(ComputeField.mode, of: words)
        let isConvolution = equal(mode, ComputeMode.convolution.rawValue)
        let isPool = not(isConvolution, name: "is_pool")
        let isMaxPool = equal(mode, ComputeMode.maxPool.rawValue, name: "is_max_pool")

        // Valid bits beside the data, one chain per kind of step.
        let accumulate = 2 + p.laneStages + p.treeLevels
        var valid = [and(nest.active, isConvolution, name: "valid0")]
        for stage in 1...accumulate { valid.append(builder.register("valid\(stage)", valid[stage - 1])) }
        var poolValid = [and(nest.active, isPool, name: "pool_valid0")]
        for stage in 1...2 { poolValid.append(builder.register("pool_valid\(stage)", poolValid[stage - 1])) }

        let resultSoon = tap("result", and(nest.active, nest.pixelEnd, nest.hasResults), isPool, accumulate - 1)
        let groupEnds = tap("group_end", and(nest.active, nest.groupEnd), isPool, accumulate - 1)
        let tileEnds = tap("tile_end", and(nest.active, nest.tileEnd), isPool, accumulate - 1)
        // Result in the accumulator 2 cycles later, in the ofmap buffer's input registers 5 cycles after that.
        let finish = builder.delayed("finish", tileEnds, by: 7)
        builder.drive(feedback.computeFinish, with: finish)
        return Control(
            begin: begin, busy: busy, active: nest.active, ifmapAddress: ifmapAddress,
            weightAddress: weightAddress, valid: valid, poolValid: poolValid,
            first: builder.delayed("accumulate_first", nest.first, by: accumulate),
            shiftAccumulator: builder.delayed("shift_accumulator", nest.passShift, by: accumulate),
            poolFirst: builder.delayed("pool_first", nest.first, by: 2), isPool: isPool, isMaxPool: isMaxPool,
            poolGranule: field(ComputeField.poolGranule, of: words), resultSoon: resultSoon,
            groupEndsSoon: groupEnds, words: words)
    }

    /// The engine's busy flag, and the cycle in which it takes its next instruction.
    mutating func makeComputeBegin(_ feedback: Feedback, _ sequencer: Sequencer) -> (busy: Signal, begin: Signal) {
        let busy = builder.register("busy", width: 1)
        let begin = and(sequencer.compute.ready, not(busy))
        builder.drive(feedback.computeBegin, with: begin)
        builder.connect(busy, next: begin, enable: or(begin, feedback.computeFinish))
        return (busy, begin)
    }

    /// A marker 1 cycle after issue when pooling, `depth` cycles after it when convolving. Each kind has its own path:
    /// a pooling marker must not come out of the longer one inside the next tile.
    private mutating func tap(_ name: String, _ marker: Signal, _ isPool: Signal, _ depth: Int) -> Signal {
        let early = builder.register("\(name)_1", marker)
        let late = builder.delayed("\(name)_\(depth)", and(early, not(isPool)), by: depth - 1)
        return select(isPool, early, late, width: 1, name: "\(name)_soon")
    }

    struct Nest {
        var active, first, passShift: Signal
        /// The instruction does not leave its sums to the next one.
        var hasResults: Signal
        /// Ends of loops, true in the step that is the last of its kind.
        var kernelRowAdvance, inputGroupAdvance, passAdvance, pixelEnd, rowAdvance, groupEnd, tileEnd: Signal
    }

    mutating func makeNest(_ words: [Signal], _ begin: Signal) -> Nest {
        let active = builder.register("active", width: 1)
        func loop(
            _ name: String, _ last: InstructionField, _ advance: Signal?, _ this: inout Elaboration
        ) -> (value: Signal, end: Signal) {
            let limit = this.field(last, of: words)
            let step = advance.map { this.and(active, $0) } ?? active
            let (value, isLast) = this.counter(name, last: limit, advance: step, clear: begin)
            return (value, advance.map { this.and($0, isLast) } ?? isLast)
        }
        let kernelColumnEnd = loop("kernel_column", ComputeField.lastKernelColumn, nil, &self).end
        let kernelRow = loop("kernel_row", ComputeField.lastKernelRow, kernelColumnEnd, &self)
        let inputGroup = loop("input_group", ComputeField.lastInputGroup, kernelRow.end, &self)
        let pass = loop("pass", ComputeField.lastPass, inputGroup.end, &self)
        let column = loop("column", ComputeField.lastColumn, pass.end, &self)
        let row = loop("row", ComputeField.lastRow, column.end, &self)
        let outputGroup = loop("output_group", ComputeField.lastOutputGroup, row.end, &self)
        let finishing = and(active, outputGroup.end)
        builder.connect(active, next: begin, enable: or(begin, finishing))

        // First step of a result, first step of a later pass. With kept sums the first pass is a later one.
        let keepsSums = field(ComputeField.keepSums, of: words)
        let first = builder.register("first", width: 1)
        builder.connect(
            first, next: select(begin, not(keepsSums), pass.end, width: 1), enable: or(begin, active))
        let passBegins = builder.register("pass_begins", width: 1)
        let laterPass = and(inputGroup.end, not(pass.end))
        builder.connect(
            passBegins, next: select(begin, keepsSums, laterPass, width: 1), enable: or(begin, active))
        let mask = field(ComputeField.passShift, of: words)
        let here = builder.logic(.shiftRight, [mask, pass.value], width: 1)
        return Nest(
            active: active, first: first, passShift: and(passBegins, here),
            hasResults: not(field(ComputeField.leaveSums, of: words)),
            kernelRowAdvance: kernelColumnEnd, inputGroupAdvance: kernelRow.end, passAdvance: inputGroup.end,
            pixelEnd: pass.end, rowAdvance: column.end, groupEnd: row.end, tileEnd: outputGroup.end)
    }

    mutating func makeIfmapAddress(
        _ words: [Signal], _ begin: Signal, _ nest: Nest, enable: Signal
    ) -> Signal {
        let column: any Readable = p.dilates ? field(ComputeField.kernelColumnStep, of: words) : 1
        var jump = select(
            nest.kernelRowAdvance, field(ComputeField.kernelRowJump, of: words), column, width: 16)
        for (condition, name) in [
            (nest.inputGroupAdvance, ComputeField.inputGroupJump), (nest.passAdvance, ComputeField.passJump),
            (nest.pixelEnd, ComputeField.columnJump), (nest.rowAdvance, ComputeField.rowJump),
            (nest.groupEnd, ComputeField.outputGroupJump),
        ] {
            jump = select(condition, field(name, of: words), jump, width: 16)
        }
        let ifmap = builder.register("ifmap_address", width: 16)
        let moved = builder.logic(.add, [ifmap, jump], width: 16)
        builder.connect(
            ifmap, next: select(begin, field(ComputeField.ifmapAddress, of: words), moved, width: 16),
            enable: enable)
        return ifmap
    }

    private mutating func makeWeightAddress(
        _ words: [Signal], _ begin: Signal, _ nest: Nest, enable: Signal
    ) -> Signal {
        // Weights are read in storage order within a pixel and from the group's start again for the next pixel.
        let weight = builder.register("weight_address", width: 16)
        let groupStart = builder.register("weight_group_start", width: 16)
        let base = field(ComputeField.weightAddress, of: words)
        let next = builder.logic(.add, [weight, 1], width: 16)
        let again = and(nest.pixelEnd, not(nest.groupEnd))
        let following = select(again, groupStart, next, width: 16)
        builder.connect(weight, next: select(begin, base, following, width: 16), enable: enable)
        builder.connect(
            groupStart, next: select(begin, base, next, width: 16),
            enable: or(begin, and(nest.active, nest.groupEnd)))
        return weight
    }
}
