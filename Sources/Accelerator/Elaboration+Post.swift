import Design

// Requantization, one lane per pixel and output, one result per cycle, five stages after the accumulator (cycle r):
//   r    t = acc >> preShift into DSP A; multiplier into B; bias + (residual << residualShift) into a register
//   r+1  M = A * B; C
//   r+2  P = M + C
//   r+3  round half to even by `shift`
//   r+4  ReLU and saturation
//   r+5  the ofmap buffer is written
// docs/internals/Numerics.md has the rule in words.

extension Elaboration {
    struct Post {
        /// [pixel][output]
        var result: Signal
        var write, address: Signal
    }

    mutating func makePost(_ load: Load, _ control: Control, _ array: LaneArray) -> Post {
        builder.beginScope("post")
        defer { builder.endScope() }
        let words = control.words
        var valid = [control.resultSoon]
        for stage in 1...7 { valid.append(builder.register("valid\(stage)", valid[stage - 1])) }
        let constants = makeConstants(load, control, valid)
        let residual = makeResidual(load, control, valid)
        let lanes = p.pixels * p.outputs
        let result = valid[2]

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
                .multiplex, [control.isPool, pool, array.accumulator], width: p.accumulatorBits, signed: true)
            let aligned = builder.logic(.shiftRight, [source, preShift], width: 27, signed: true, name: "aligned")
            let shifted = builder.logic(.shiftLeft, [residual.value, residualShift], width: 48, signed: true)
            let addend = builder.logic(.multiplex, [residual.enable, shifted, 0], width: 48, signed: true)
            let offset = builder.logic(
                .add, [constants.bias.mapped(perOutput), addend], width: 48, signed: true)
            let biased = builder.register("biased", offset, enable: result)
            let affine = builder.dsp(
                "dsp", a: aligned, b: constants.multiplier.mapped(perOutput), c: biased,
                enables: .init(operands: result, m: valid[3], c: valid[3], p: valid[4]))
            let nearest = builder.logic(.roundShift, [affine, shift], width: 48, signed: true)
            let rounded = builder.register("rounded", nearest, enable: valid[5])
            let positive = builder.logic(.maximum, [rounded, lower], width: 48, signed: true)
            let saturated = builder.logic(.saturate, [positive], width: p.activationBits, signed: true)
            return builder.register("value", saturated, enable: valid[6])
        }
        let address = resultCounter("ofmap_address", ComputeField.ofmapAddress, control, advance: valid[7])
        return Post(result: value, write: valid[7], address: address)
    }

    /// An address that starts with the instruction's and advances by one.
    private mutating func resultCounter(
        _ name: String, _ base: InstructionField, _ control: Control, advance: Signal
    ) -> Signal {
        let address = builder.register(name, width: 16)
        let more = builder.logic(.add, [address, 1], width: 16)
        let first = builder.logic(
            .slice, [control.words[base.word / 4].lane(base.word % 4)], width: 16, parameter: base.low)
        builder.connect(
            address, next: select(control.begin, first, more, width: 16), enable: or(control.begin, advance))
        return address
    }

    private struct Constants { var multiplier, bias: Signal }

    /// One word per output group: for each output the multiplier (16 bits), then the bias (48 bits).
    private mutating func makeConstants(_ load: Load, _ control: Control, _ valid: [Signal]) -> Constants {
        let perChannel = AcceleratorParameters.constantBits / p.activationBits
        let fields = p.outputs * perChannel
        let multiplierFields = 16 / p.activationBits
        let biasFields = 48 / p.activationBits
        let enables = load.banks[.constants]!
        let advance = and(valid[0], control.groupEndsSoon)
        let address = resultCounter("constant_address", ComputeField.constantAddress, control, advance: advance)
        let word = builder.inArray("constant_field", lanes: fields) { [p] in
            $0.memory(
                "constant", depth: p.constantDepth, width: p.activationBits, signed: true, lanesPerBank: p.granule,
                .init(
                    writeEnable: enables.mapped([.init(p.constantBeats, stride: 1), .init(p.granule, stride: 0)]),
                    writeAddress: load.bufferAddress,
                    writeData: load.data.mapped([.init(p.constantBeats, stride: 0), .init(p.granule, stride: 1)]),
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

    private struct Residual { var value, enable: Signal }

    /// The residual operand, in the order of the results.
    private mutating func makeResidual(_ load: Load, _ control: Control, _ valid: [Signal]) -> Residual {
        let enable = field(ComputeField.addResidual, of: control.words)
        let banks = bankCount(.residual)
        let enables = load.banks[.residual]!
        let read = and(valid[0], enable)
        let address = resultCounter("residual_address", ComputeField.residualAddress, control, advance: read)
        let outputEnable = and(valid[1], enable)
        let value = builder.inArray("residual_lane", lanes: p.pixels * p.outputs) { [p] in
            $0.memory(
                "residual", depth: p.ofmapDepth, width: p.activationBits, signed: true, lanesPerBank: p.granule,
                .init(
                    writeEnable: enables.mapped([.init(banks, stride: 1), .init(p.granule, stride: 0)]),
                    writeAddress: load.bufferAddress,
                    writeData: load.data.mapped([.init(banks, stride: 0), .init(p.granule, stride: 1)]),
                    readEnable: read, readAddress: address, outputEnable: outputEnable))
        }
        return Residual(value: value, enable: enable)
    }
}
