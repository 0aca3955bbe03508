// Pre-activation: an affine layer and a ReLU between memory and the buffers, one lane per channel of the granule, one
// beat per cycle. A position of the load in cycle t (padding is filled after it, docs/internals/Numerics.md has the rule):
//   t      the plane's constants are read; the beat, or fill, goes into a register
//   t+1    constants: output register; the beat into a register that no other load moves
//   t+2    DSP48E2: the beat into A, the multiplier into B; the bias into a register
//   t+3    M = A * B; C
//   t+4    P = M + C
//   t+5    round half to even by the instruction's shift
//   t+6    ReLU and saturation; loads without pre-activation and fill join here
//   t+7    the buffer is written: `AcceleratorParameters.preActivationStages` cycles later than without this stage
// Constants are memory words, one per plane: for each channel the multiplier (16 bits), then the bias (48 bits).

import Design

extension Elaboration {
    /// The load engine in cycle t.
    struct LoadPosition {
        /// The instruction's words.
        var words: [Signal]
        /// The engine begins; the writer goes on to the next position.
        var begin, advance: Signal
        /// A position that is read from memory, not filled.
        var inside: Signal
        /// The writer goes on to the next plane.
        var planeAdvance: Signal
        /// The beat in t + 1.
        var data: Signal
    }

    /// Ports that write the constants, in t + 1, with the beat that holds them.
    struct ConstantWrite { var enable, bank, address, data: Signal }

    /// The load's address of constants, by plane: that of cycle t.
    private mutating func constantAddress(_ load: LoadPosition) -> Signal {
        let address = builder.register("pre_address", width: 16)
        let more = builder.logic(.add, [address, 1], width: 16)
        let first = field(LoadField.preActivationAddress, of: load.words)
        builder.connect(
            address, next: select(load.begin, first, more, width: 16), enable: or(load.begin, load.planeAdvance))
        return address
    }

    /// The beats of t + 7.
    mutating func makePreActivation(_ load: LoadPosition, _ write: ConstantWrite, depth: Int) -> Signal {
        let active = and(load.advance, load.inside, field(LoadField.preActivation, of: load.words), name: "pre0")
        var valid = [active]
        for stage in 1...PipelineStages.preActivation {
            valid.append(builder.register("pre\(stage)", valid[stage - 1]))
        }
        let (multiplier, bias) = makePreActivationConstants(load, write, valid, depth: depth)
        let shift = field(LoadField.preActivationShift, of: load.words)
        let relu = field(LoadField.preActivationRelu, of: load.words)
        let lower = builder.logic(
            .multiplex, [relu, 0, -(1 << (p.activationBits - 1))], width: p.activationBits, signed: true,
            name: "pre_lower_bound")
        let written = builder.delayed("late_advance", load.advance, by: p.preActivationStages)
        return builder.inArray("late_beat", lanes: p.granule) { [p] builder in
            let operand = builder.register("operand", load.data, enable: valid[1])
            let offset = builder.register("offset", bias, enable: valid[2])
            let affine = builder.dsp(
                "dsp", a: operand, b: multiplier, c: offset,
                enables: .init(operands: valid[2], m: valid[3], c: valid[3], p: valid[4]))
            let nearest = builder.logic(.roundShift, [affine, shift], width: 48, signed: true)
            let rounded = builder.register("rounded", nearest, enable: valid[5])
            let positive = builder.logic(.maximum, [rounded, lower], width: 48, signed: true)
            let saturated = builder.logic(.saturate, [positive], width: p.activationBits, signed: true)
            // What the stage leaves as it is: 5 cycles behind the beat's register.
            let plain = builder.delayed("plain", load.data, by: p.preActivationStages - 1)
            let chosen = builder.logic(
                .multiplex, [valid[6], saturated, plain], width: p.activationBits, signed: true)
            return builder.register("late_data", chosen, enable: written)
        }
    }

    /// Multiplier and bias of each channel of the granule, in t + 2.
    private mutating func makePreActivationConstants(
        _ load: LoadPosition, _ write: ConstantWrite, _ valid: [Signal], depth: Int
    ) -> (multiplier: Signal, bias: Signal) {
        let perChannel = AcceleratorParameters.constantBits / p.activationBits
        let fields = p.weightBeatFields
        let address = constantAddress(load)
        let enables = builder.inArray("pre_bank", lanes: p.preActivationBeats) {
            let mine = $0.logic(.equal, [write.bank, LaneIndex()], width: 1)
            return $0.logic(.and, [mine, write.enable], width: 1, name: "write")
        }
        let word = builder.inArray("pre_constant", lanes: p.granule * perChannel) { [p] in
            $0.memory(
                "pre", depth: depth, width: p.activationBits, signed: true, lanesPerBank: fields,
                .init(
                    writeEnable: enables.mapped([.init(p.preActivationBeats, stride: 1), .init(fields, stride: 0)]),
                    writeAddress: write.address,
                    writeData: write.data.mapped([.init(p.preActivationBeats, stride: 0), .init(fields, stride: 1)]),
                    readEnable: valid[0], readAddress: address, outputEnable: valid[1]))
        }
        func gather(_ name: String, bits: Int, offset: Int, _ this: inout Elaboration) -> Signal {
            let (fields, granule, width) = (bits / this.p.activationBits, this.p.granule, this.p.activationBits)
            let parts = this.builder.inArray("pre_\(name)_field", lanes: granule * fields) {
                $0.logic(
                    .slice,
                    [word.mapped([.init(granule, stride: perChannel), .init(fields, stride: 1)], offset: offset)],
                    width: width, signed: true, name: "field")
            }
            return this.builder.inArray("pre_\(name)_lane", lanes: granule) {
                $0.logic(.pack, [parts], width: bits, signed: true, name: name, parameter: fields)
            }
        }
        return (
            gather("multiplier", bits: 16, offset: 0, &self),
            gather("bias", bits: 48, offset: 16 / p.activationBits, &self)
        )
    }
}
