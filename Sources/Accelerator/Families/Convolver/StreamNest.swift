// The loops of a stream: output group > pass > input group > row of slots > slot, and the pause between streams in
// which their weights come.

import Design

/// Loops and markers of the stream that runs, in the cycle of a slot's issue.
struct StreamNest {
    /// The instruction begins; a stream may begin in the next cycle; a slot is issued; it is a stream's first.
    var begin, go, active, begins: Signal
    /// The slot's number in its row, the row's number.
    var slot, row: Signal
    /// Last slot of a row; a row begins in the next cycle; the row is the stream's last.
    var rowStep, newRow, rowIsLast: Signal
    /// Last slot of a stream; the stream is the instruction's last; of a pass.
    var streamEnd, lastStream, inputGroupIsLast: Signal
    /// Markers of the stream: its psums are new, are to be shifted, are results; it is the tile's last of its group.
    var first, shift, final, lastOfGroup, lastGroup: Signal
}

extension Elaboration {
    mutating func makeStreamNest(
        _ words: [Signal], _ begin: Signal, weightsReady: Signal
    ) -> StreamNest {
        let active = builder.register("active", width: 1)
        let go = builder.wire("go", width: 1)
        let (slot, slotIsLast) = counter(
            "slot", last: field(StreamField.lastSlot, of: words), advance: active, clear: go)
        let rowStep = and(active, slotIsLast, term: "row_step")
        let (row, rowIsLast) = counter(
            "row", last: field(StreamField.lastStreamRow, of: words), advance: rowStep, clear: go)
        let streamEnd = and(rowStep, rowIsLast, name: "stream_end")
        let (inputGroup, inputGroupIsLast) = counter(
            "input_group", last: field(ComputeField.lastInputGroup, of: words), advance: streamEnd, clear: begin)
        let passStep = and(streamEnd, inputGroupIsLast, term: "pass_step")
        let (pass, passIsLast) = counter(
            "pass", last: field(ComputeField.lastPass, of: words), advance: passStep, clear: begin)
        let groupStep = and(passStep, passIsLast, term: "output_group_step")
        let (_, groupIsLast) = counter(
            "output_group", last: field(ComputeField.lastOutputGroup, of: words), advance: groupStep, clear: begin)
        let lastOfGroup = and(inputGroupIsLast, passIsLast, term: "last_of_group")
        let final = and(lastOfGroup, not(field(ComputeField.leaveSums, of: words)), term: "is_final")
        let lastStream = and(lastOfGroup, groupIsLast, name: "last_stream")

        let pending = builder.register("pending", width: 1)
        builder.connect(pending, next: begin, enable: or(begin, and(streamEnd, lastStream)))
        let free = or(not(active), and(streamEnd, not(lastStream)), term: "may_go")
        builder.drive(go, .and, [and(pending, weightsReady), free])
        builder.connect(active, next: go, enable: or(go, streamEnd))

        let isFirstInput = equal(inputGroup, 0)
        let mask = field(ComputeField.passShift, of: words)
        let here = builder.logic(.shiftRight, [mask, pass], width: 1)
        return StreamNest(
            begin: begin, go: go, active: active, begins: builder.register("begins", go), slot: slot, row: row,
            rowStep: rowStep, newRow: or(go, rowStep, term: "new_row"), rowIsLast: rowIsLast, streamEnd: streamEnd,
            lastStream: lastStream, inputGroupIsLast: inputGroupIsLast,
            first: and(isFirstInput, equal(pass, 0), not(field(ComputeField.keepSums, of: words)), term: "begins_sums"),
            shift: and(isFirstInput, here, term: "shifts_sums"), final: final, lastOfGroup: lastOfGroup,
            lastGroup: groupIsLast)
    }
}
