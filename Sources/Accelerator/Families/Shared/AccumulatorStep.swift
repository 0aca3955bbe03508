// What an accumulator adds to in a cycle: both families have it, one on a register, one on a psum from its buffer.

import Design

extension DesignBuilder {
    /// addend + sum, where the addend is 0 in the first step and `earlier` in the others, times 2^octaves where `shift`
    /// says so (the next window of a weight's digits). All have `width` signed bits.
    mutating func accumulate(
        _ sum: Signal, onto earlier: Signal, first: Signal, shift: Signal, octaves: Int
    ) -> Signal {
        let width = earlier.width
        var addend = earlier
        if octaves > 0 {
            let multiplied = logic(
                .shiftLeftConstant, [earlier], width: width, signed: true, term: "multiplied", parameter: octaves)
            addend = logic(.multiplex, [shift, multiplied, earlier], width: width, signed: true, term: "earlier")
        }
        let started = logic(.multiplex, [first, 0, addend], width: width, signed: true, term: "addend")
        return logic(.add, [started, sum], width: width, signed: true)
    }
}
