// Requantization, one lane per pixel and output, one result per cycle, five stages after the accumulator (cycle r):
//   r    t = acc >> preShift into DSP A; multiplier into B; bias + (residual << residualShift) into a register
//        (ResidualAddition)
//   r+1  M = A * B; C
//   r+2  P = M + C
//   r+3  round half to even by `shift`
//   r+4  ReLU and saturation
//   r+5  the ofmap buffer is written
// docs/internals/Numerics.md has the rule in words.

import Design

extension Elaboration {
    struct Post {
        /// [pixel][output], saturated.
        var result: Signal
        /// It is written into the ofmap buffer in this cycle; at this word, 16 bits.
        var write, address: Signal
    }

    mutating func makePost(_ load: Load, _ control: Control, _ array: LaneArray) -> Post {
        builder.beginScope(
            "post",
            about: "Requantization: accumulator times multiplier plus bias and residual, rounded, ReLU, "
                + "saturated; one result per lane and cycle.")
        defer { builder.endScope() }
        let words = control.words
        // A result's marker beside it, from the read of its constants to the write into the ofmap buffer.
        var valid = [control.resultSoon]
        for stage in 1...PipelineStages.post { valid.append(builder.register("valid\(stage)", valid[stage - 1])) }
        let stage = Array(valid[PipelineStages.buffer...])
        let constants = makeConstants(load, control, valid)
        let residual = makeResidual(load, control, valid)
        let lanes = p.pixels * p.outputs

        let preShift = field(ComputeField.preShift, of: words)
        let residualShift = field(ComputeField.residualShift, of: words)
        let shift = field(ComputeField.shift, of: words)
        let relu = field(ComputeField.relu, of: words)
        let minimum = -(1 << (p.activationBits - 1))
        let lower = builder.logic(
            .multiplex, [relu, 0, minimum], width: p.activationBits, signed: true, name: "lower_bound")
        let pool = array.pool.mapped([
            .init(p.pixels, stride: p.granule), .init(p.outputs, stride: 1, limit: p.granule),
        ])
        let perOutput: [LaneMap.Dimension] = [.init(p.pixels, stride: 0), .init(p.outputs, stride: 1)]
        let value = builder.inArray("result", lanes: lanes) { [p] builder in
            let source = builder.logic(
                .multiplex, [control.pool.isPool, pool, array.accumulator], width: p.accumulatorBits, signed: true,
                term: "source")
            let aligned = builder.logic(.shiftRight, [source, preShift], width: 27, signed: true, name: "aligned")
            let addend = residual.addend(shift: residualShift, &builder)
            let offset = builder.logic(
                .add, [constants.bias.mapped(perOutput), addend], width: 48, signed: true)
            let biased = builder.register("biased", offset, enable: stage[0])
            let affine = builder.dsp(
                "dsp", a: aligned, b: constants.multiplier.mapped(perOutput), c: biased,
                enables: .init(operands: stage[0], m: stage[1], c: stage[1], p: stage[2]))
            let nearest = builder.logic(.roundShift, [affine, shift], width: 48, signed: true)
            let rounded = builder.register("rounded", nearest, enable: stage[3])
            let positive = builder.logic(.maximum, [rounded, lower], width: 48, signed: true)
            let saturated = builder.logic(.saturate, [positive], width: p.activationBits, signed: true)
            return builder.register("value", saturated, enable: stage[4])
        }
        let write = valid[PipelineStages.post]
        let address = resultCounter("ofmap_address", ComputeField.ofmapAddress, control, advance: write)
        return Post(result: value, write: write, address: address)
    }

    /// An address that starts with the instruction's and advances by one.
    mutating func resultCounter(
        _ name: String, _ base: InstructionField, _ control: Control, advance: Signal
    ) -> Signal {
        let address = builder.register(name, width: 16)
        let more = builder.logic(.add, [address, 1], width: 16)
        let first = builder.logic(
            .slice, [control.words[base.word / 4].lane(base.word % 4)], width: 16, term: "first_\(name)",
            parameter: base.low)
        builder.connect(
            address, next: select(control.begin, first, more, width: 16), enable: or(control.begin, advance))
        return address
    }

    /// [output]: 16 and 48 bits, beside the accumulator's result.
    private struct Constants { var multiplier, bias: Signal }

    /// The constant buffer, one word per output group: for each output the multiplier (16 bits), then the bias (48
    /// bits).
    private mutating func makeConstants(_ load: Load, _ control: Control, _ valid: [Signal]) -> Constants {
        let perChannel = AcceleratorParameters.constantBits / p.activationBits
        let fields = p.outputs * perChannel
        let perBeat = p.weightBeatFields
        let multiplierFields = 16 / p.activationBits
        let biasFields = 48 / p.activationBits
        let enables = load.banks[.constants]!
        let advance = and(valid[0], control.groupEndsSoon)
        let address = resultCounter("constant_address", ComputeField.constantAddress, control, advance: advance)
        let word = builder.inArray("constant_field", lanes: fields) { [p] in
            $0.memory(
                "constant", depth: p.constantDepth, width: p.activationBits, signed: true, lanesPerBank: perBeat,
                .init(
                    writeEnable: enables.mapped([.init(p.constantBeats, stride: 1), .init(perBeat, stride: 0)]),
                    writeAddress: load.constants.address,
                    writeData: load.constants.data.mapped([
                        .init(p.constantBeats, stride: 0), .init(perBeat, stride: 1),
                    ]),
                    readEnable: valid[0], readAddress: address, outputEnable: valid[1]))
        }
        func gather(_ name: String, _ count: Int, offset: Int, _ builder: inout DesignBuilder) -> Signal {
            let parts = builder.inArray("\(name)_field", lanes: p.outputs * count) { [p] in
                $0.logic(
                    .slice,
                    [word.mapped([.init(p.outputs, stride: perChannel), .init(count, stride: 1)], offset: offset)],
                    width: p.activationBits, signed: true, name: "field")
            }
            return builder.inArray("\(name)_lane", lanes: p.outputs) { [p] in
                $0.logic(
                    .pack, [parts], width: count * p.activationBits, signed: true, name: name, parameter: count)
            }
        }
        return Constants(
            multiplier: gather("multiplier", multiplierFields, offset: 0, &builder),
            bias: gather("bias", biasFields, offset: multiplierFields, &builder))
    }
}
