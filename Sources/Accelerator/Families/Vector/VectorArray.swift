// The array of the `vector` family: buffers, lanes [pixel][input][output], adder tree over the inputs, one accumulator
// per pixel and output, and pooling lanes per pixel and granule. Outputs are innermost so that neighbours share an
// activation.

import Design

extension Elaboration {
    mutating func makeVectorArray(_ load: Load, _ control: Control, _ steps: VectorSteps) -> LaneArray {
        builder.beginScope(
            "array",
            about: "Ifmap and weight buffers, one multiplying lane per pixel, input and output, the adder "
                + "tree over the inputs, an accumulator per pixel and output, and the pooling lanes.")
        defer { builder.endScope() }
        let anyValid = or(steps.issued[1], control.pool.valid[1])
        let ifmap = makeIfmapBuffer(
            load, .init(read: control.issue, address: steps.ifmapAddress, output: anyValid))
        var load = load
        if p.packsProducts {
            precondition(p.canPackProducts)
            load.weights = builder.packedWeights(load.weights)
        }
        if let length = p.packsProducts ? p.cascade ?? 1 : p.cascade {
            let accumulator = makeCascades(ifmap, load, steps, length: length)
            return LaneArray(accumulator: accumulator, pool: makePool(ifmap, control.pool))
        }
        let weights = makeWeightBuffer(
            load, .init(read: steps.issued[0], address: steps.weightAddress, output: steps.issued[1]))
        let behindBuffers = Array(steps.issued[PipelineStages.buffer...])
        let sum =
            p.pairsLanes
            ? makePairedSum(ifmap, weights, enables: behindBuffers)
            : makeTree(
                makeLanes(ifmap, weights, enables: behindBuffers), enables: Array(behindBuffers[p.laneStages...]))
        let accumulator = makeAccumulators(sum, steps)
        return LaneArray(accumulator: accumulator, pool: makePool(ifmap, control.pool))
    }

    /// Products [pixel][input][output].
    private mutating func makeLanes(_ ifmap: Signal, _ weights: Signal, enables: [Signal]) -> Signal {
        let x = ifmap.mapped([
            .init(p.pixels, stride: p.inputs), .init(p.inputs, stride: 1), .init(p.outputs, stride: 0),
        ])
        let w = (0..<p.terms).map {
            weights.mapped(
                [.init(p.pixels, stride: 0), .init(p.inputs * p.outputs, stride: 1)], offset: $0 * p.inputs * p.outputs)
        }
        return builder.inArray("pe", lanes: p.lanes) { [p] builder in
            p.element.lane.makeProduct(x, w, enables: enables, &builder)
        }
    }

    /// [pixel][output]
    mutating func makeAccumulators(_ sum: Signal, _ steps: VectorSteps) -> Signal {
        let width = p.accumulatorBits
        let octaves = p.passOctaves
        return builder.inArray("accumulator", lanes: p.pixels * p.outputs) { [latency = p.vectorLatency] builder in
            let value = builder.register("value", width: width, signed: true)
            let next = builder.accumulate(
                sum, onto: value, first: steps.first, shift: steps.shift, octaves: octaves)
            builder.connect(value, next: next, enable: steps.issued[latency])
            return value
        }
    }
}
