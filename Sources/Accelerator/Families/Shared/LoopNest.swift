// The loop nest output group > row > column > pass > input group > kernel row > kernel column, one step per cycle, no
// stall inside a tile: its control stream depends on the instruction alone. Convolutions of the family `vector` and the
// pooling of all families run in it.

import Design

extension Elaboration {
    /// The engine's busy flag, and the cycle in which it takes its next instruction: when the last result of the one
    /// before is in the ofmap buffer.
    mutating func makeComputeBegin(_ feedback: Feedback, _ sequencer: Sequencer) -> (busy: Signal, begin: Signal) {
        let busy = builder.register("busy", width: 1)
        let begin = and(sequencer.compute.ready, not(busy), term: "begins")
        builder.drive(feedback.computeBegin, with: begin)
        builder.connect(busy, next: begin, enable: or(begin, feedback.computeFinish))
        return (busy, begin)
    }

    /// What the instruction does.
    struct Mode { var isConvolution, isPool, isMaxPool: Signal }

    mutating func makeMode(_ words: [Signal]) -> Mode {
        let mode = field(ComputeField.mode, of: words)
        let isConvolution = equal(mode, ComputeMode.convolution.rawValue)
        return Mode(
            isConvolution: isConvolution, isPool: not(isConvolution, name: "is_pool"),
            isMaxPool: equal(mode, ComputeMode.maxPool.rawValue, name: "is_max_pool"))
    }

    /// The step that is issued in this cycle.
    struct Nest {
        /// A step is issued.
        var active: Signal
        /// It is the first of a result; the first of a later pass, whose accumulator is to be multiplied.
        var first, passShift: Signal
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
            let step = advance.map { this.and(active, $0, term: "\(name)_step") } ?? active
            let (value, isLast) = this.counter(name, last: limit, advance: step, clear: begin)
            return (value, advance.map { this.and($0, isLast, term: "\(name)_end") } ?? isLast)
        }
        let kernelColumnEnd = loop("kernel_column", ComputeField.lastKernelColumn, nil, &self).end
        let kernelRow = loop("kernel_row", ComputeField.lastKernelRow, kernelColumnEnd, &self)
        let inputGroup = loop("input_group", ComputeField.lastInputGroup, kernelRow.end, &self)
        let pass = loop("pass", ComputeField.lastPass, inputGroup.end, &self)
        let column = loop("column", ComputeField.lastColumn, pass.end, &self)
        let row = loop("row", ComputeField.lastRow, column.end, &self)
        let outputGroup = loop("output_group", ComputeField.lastOutputGroup, row.end, &self)
        let finishing = and(active, outputGroup.end, term: "nest_end")
        builder.connect(active, next: begin, enable: or(begin, finishing))

        // First step of a result, first step of a later pass. With kept sums the first pass is a later one.
        let keepsSums = field(ComputeField.keepSums, of: words)
        let first = builder.register("first", width: 1)
        builder.connect(
            first, next: select(begin, not(keepsSums), pass.end, width: 1), enable: or(begin, active))
        let passBegins = builder.register("pass_begins", width: 1)
        let laterPass = and(inputGroup.end, not(pass.end), term: "later_pass_begins")
        builder.connect(
            passBegins, next: select(begin, keepsSums, laterPass, width: 1), enable: or(begin, active))
        let mask = field(ComputeField.passShift, of: words)
        let here = builder.logic(.shiftRight, [mask, pass.value], width: 1)
        return Nest(
            active: active, first: first, passShift: and(passBegins, here, term: "pass_shifts"),
            hasResults: not(field(ComputeField.leaveSums, of: words)),
            kernelRowAdvance: kernelColumnEnd, inputGroupAdvance: kernelRow.end, passAdvance: inputGroup.end,
            pixelEnd: pass.end, rowAdvance: column.end, groupEnd: row.end, tileEnd: outputGroup.end)
    }

    /// The ifmap buffer's read address of the issued step, 16 bits: moved by the jump of the outermost loop that ends.
    mutating func makeNestAddress(_ words: [Signal], _ begin: Signal, _ nest: Nest, enable: Signal) -> Signal {
        let column: any Readable = p.family.dilates ? field(ComputeField.kernelColumnStep, of: words) : 1
        var jump = select(
            nest.kernelRowAdvance, field(ComputeField.kernelRowJump, of: words), column, width: 16,
            term: "jump_up_to_kernel_row")
        for (condition, name) in [
            (nest.inputGroupAdvance, ComputeField.inputGroupJump), (nest.passAdvance, ComputeField.passJump),
            (nest.pixelEnd, ComputeField.columnJump), (nest.rowAdvance, ComputeField.rowJump),
            (nest.groupEnd, ComputeField.outputGroupJump),
        ] {
            let level = name.name.replacing("_jump", with: "")
            jump = select(condition, field(name, of: words), jump, width: 16, term: "jump_up_to_\(level)")
        }
        let ifmap = builder.register("ifmap_address", width: 16)
        let moved = builder.logic(.add, [ifmap, jump], width: 16, term: "ifmap_address_moved")
        builder.connect(
            ifmap, next: select(begin, field(ComputeField.ifmapAddress, of: words), moved, width: 16),
            enable: enable)
        return ifmap
    }
}
