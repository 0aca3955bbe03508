// Markers of a stream's results: from the slot through the delay of its window to the psum buffer, the accumulator and
// `post`.

import Design

/// Control beside the adder tree, the psum buffer and the accumulator. U is `convolverLatency`.
struct StreamResults {
    /// [d]: a result's marker, d cycles after its delay, d = 0...U + 1; in U the adder tree has its sum.
    var valid: [Signal]
    /// The sum at the accumulator (U) is its psum's first; the psum is to be multiplied.
    var first, shift: Signal
    /// The psum buffer is read (U - 2), its word is in the latch (U - 1), the accumulator is written back (U + 1).
    var psumRead, psumLatched, psumWrite: Signal
    /// Addresses beside `psumRead` and `psumWrite`, 16 bits.
    var psumReadAddress, psumWriteAddress: Signal
    /// A result that is final stands in the accumulator two cycles later (U - 1); it is its output group's last; the
    /// tile's last.
    var resultSoon, groupEndsSoon, tileEndsSoon: Signal
}

/// Places of the markers in their word, which is delayed as one.
private enum Marker: Int, CaseIterable {
    case isResult, first, shift, final, lastWindow, lastGroup, lastOfGroup
}

extension Elaboration {
    /// Markers of the issued slot, delayed until its window is complete and its rows are summed.
    mutating func makeDelayedMarkers(
        _ k: Int, _ words: [Signal], _ nest: StreamNest, _ masks: StreamMasks, rowIsResult: Signal
    ) -> Signal {
        let isResult = and(nest.active, rowIsResult, masks.columnIsResult, name: "slot_has_result")
        let lastWindow = and(nest.rowIsLast, masks.isLastResult, term: "is_last_window")
        let bits = Marker.allCases.map { marker in
            switch marker {
            case .isResult: isResult
            case .first: nest.first
            case .shift: nest.shift
            case .final: nest.final
            case .lastWindow: lastWindow
            case .lastGroup: nest.lastGroup
            case .lastOfGroup: nest.lastOfGroup
            }
        }
        return makeResultDelay(k, concatenated(bits, name: "markers"), words)
    }

    /// A shift register that markers enter at the stage that the instruction's delay (1 or more) says.
    private mutating func makeResultDelay(_ k: Int, _ markers: Signal, _ words: [Signal]) -> Signal {
        let delay = field(StreamField.resultDelay, of: words)
        let stages = 2 * (k - 1)
        var after: any Readable = 0
        var stage: Signal?
        for index in (0..<stages).reversed() {
            let enters = equal(delay, index + 1)
            let register = builder.register("result_delay\(index)", width: markers.width)
            builder.connect(register, next: select(enters, markers, after, width: markers.width))
            after = register
            stage = register
        }
        return stage!
    }

    /// Everything beside the adder tree, the psum buffer and the accumulator. The tree's result is there U cycles after
    /// the delayed marker; the psum is read in U - 2, added in U and, unless it is final, written in U + 1. The next
    /// stream reads the same word `convolverInterval` >= 4 cycles later at the earliest, in U + 2 or after.
    mutating func makeResults(
        _ convolver: ConvolverParameters, _ delayed: Signal, _ begin: Signal
    ) -> StreamResults {
        let u = p.convolverLatency(convolver)
        let early = u - PipelineStages.buffer
        var valid = [builder.logic(.slice, [delayed], width: 1, name: "result0")]
        for stage in 1...u + 1 { valid.append(builder.register("result\(stage)", valid[stage - 1])) }
        let markers = builder.delayed("markers_early", delayed, by: early)
        func bit(_ marker: Marker, _ name: String, _ this: inout Elaboration) -> Signal {
            this.builder.logic(.slice, [markers], width: 1, name: name, parameter: marker.rawValue)
        }
        let first = bit(.first, "psum_first", &self)
        let shift = bit(.shift, "psum_shift", &self)
        let final = bit(.final, "psum_final", &self)
        let lastWindow = bit(.lastWindow, "psum_last", &self)
        let lastGroup = bit(.lastGroup, "psum_last_group", &self)

        let address = builder.register("psum_address", width: 16)
        let more = builder.logic(.add, [address, 1], width: 16)
        builder.connect(
            address, next: select(lastWindow, 0, more, width: 16), enable: valid[early], reset: begin)
        let psumRead = and(valid[early], not(first), name: "psum_read")
        let psumLatched = builder.register("psum_latched", psumRead)
        let psumWriteAddress = builder.delayed("psum_write_address", address, by: u + 1 - early)
        let firstAtSum = builder.delayed("accumulate_first", first, by: u - early)
        let shiftAtSum = builder.delayed("shift_psum", shift, by: u - early)
        let final1 = builder.register("final1", final)
        let final2 = builder.register("final2", final1)
        let final3 = builder.register("final3", final2)
        let psumWrite = and(valid[u + 1], not(final3), name: "psum_write")
        let resultSoon = and(valid[u - 1], final1, name: "stream_result_soon")
        let groupEndsSoon = and(
            resultSoon, builder.register("last1", lastWindow), name: "stream_group_ends_soon")
        let lastOfTile = and(lastWindow, lastGroup, bit(.lastOfGroup, "psum_last_of_group", &self))
        let tileEndsSoon = and(
            valid[u - 1], builder.register("last_of_tile1", lastOfTile), name: "stream_tile_ends_soon")
        return StreamResults(
            valid: valid, first: firstAtSum, shift: shiftAtSum, psumRead: psumRead, psumLatched: psumLatched,
            psumWrite: psumWrite, psumReadAddress: address, psumWriteAddress: psumWriteAddress,
            resultSoon: resultSoon, groupEndsSoon: groupEndsSoon, tileEndsSoon: tileEndsSoon)
    }
}
