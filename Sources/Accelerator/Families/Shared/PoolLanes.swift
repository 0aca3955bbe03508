// Pooling lanes, one per pixel and channel of the granule, behind the ifmap buffer: maximum or sum of a window.

import Design

/// What the array and `post` need to know of a pooling.
struct PoolControl {
    /// [d]: a pooling step was issued d cycles ago, d = 0...2; in 2 its activation leaves the ifmap buffer.
    var valid: [Signal]
    /// Beside the activation at the lane: it is the first of its window.
    var first: Signal
    /// The instruction is a pooling; its operation is the maximum. Constant while it runs.
    var isPool, isMax: Signal
    /// Granule of the input word that it works on. Constant while the instruction runs.
    var granule: Signal
}

extension Elaboration {
    /// Valid bits of a pooling's steps beside their data; `issued` is that of the step itself.
    mutating func makePoolValid(_ issued: Signal) -> [Signal] {
        var valid = [issued]
        for stage in 1...PipelineStages.buffer {
            valid.append(builder.register("pool_valid\(stage)", valid[stage - 1]))
        }
        return valid
    }

    /// [pixel][channel of the granule]: the window so far, 3 cycles after a step's issue.
    mutating func makePool(_ ifmap: Signal, _ control: PoolControl) -> Signal {
        let width = p.activationBits + AcceleratorParameters.accumulationBits
        let map: [LaneMap.Dimension] = [.init(p.pixels, stride: p.inputs), .init(p.granule, stride: 1)]
        return builder.inArray("pool", lanes: p.pixels * p.granule) { [p] builder in
            let x: Signal
            if p.inputs == p.granule {
                x = builder.logic(.slice, [ifmap.mapped(map)], width: p.activationBits, signed: true, name: "operand")
            } else {
                x = builder.logic(
                    .laneSelect, [ifmap.mapped(map), control.granule], width: p.activationBits, signed: true,
                    name: "operand", parameter: p.granule)
            }
            let value = builder.register("value", width: width, signed: true)
            let larger = builder.logic(.maximum, [x, value], width: width, signed: true, term: "larger")
            let sum = builder.logic(.add, [x, value], width: width, signed: true, term: "sum")
            let merged = builder.logic(
                .multiplex, [control.isMax, larger, sum], width: width, signed: true, term: "merged")
            let next = builder.logic(.multiplex, [control.first, x, merged], width: width, signed: true)
            builder.connect(value, next: next, enable: control.valid[PipelineStages.buffer])
            return value
        }
    }
}
