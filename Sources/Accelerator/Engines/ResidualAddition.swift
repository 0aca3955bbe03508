// Residual addition: the other branch's activation, shifted to the accumulator's scale, is added to the bias, so that
// it takes no cycle of its own (PostEngine, cycle r). The load engine fills the residual buffer.

import Design

#if MUTANTS
    import Mutants
#endif

extension Elaboration {
    /// The residual operand of the result in the accumulator.
    struct Residual {
        /// [pixel][output], an activation wide.
        var value: Signal
        /// The instruction adds it; constant while it runs.
        var enable: Signal

        /// In an instance array [pixel][output]: what is added to the bias, 48 bits.
        func addend(shift: Signal, _ builder: inout DesignBuilder) -> Signal {
            let shifted = builder.logic(.shiftLeft, [value, shift], width: 48, signed: true)
            return builder.logic(.multiplex, [enable, shifted, 0], width: 48, signed: true)
        }
    }

    /// The residual buffer, read in the order of the results. `valid` are the result's markers, [0] the one in which it
    /// is read.
    mutating func makeResidual(_ load: Load, _ control: Control, _ valid: [Signal]) -> Residual {
        let enable = field(ComputeField.addResidual, of: control.words)
        let banks = bankCount(.residual)
        let enables = load.banks[.residual]!
        let read = and(valid[0], enable)
        let address = resultCounter("residual_address", ComputeField.residualAddress, control, advance: read)
        #if MUTANTS
            let outputEnable = and(valid[isPlanted("residual-alignment") ? 0 : 1], enable)
        #else
            let outputEnable = and(valid[1], enable)
        #endif
        let value = builder.inArray("residual_lane", lanes: p.pixels * p.outputs) { [p] in
            $0.memory(
                "residual", depth: p.ofmapDepth, width: p.activationBits, signed: true, lanesPerBank: p.granule,
                .init(
                    writeEnable: enables.mapped([.init(banks, stride: 1), .init(p.granule, stride: 0)]),
                    writeAddress: load.activations.address,
                    writeData: load.activations.data.mapped([.init(banks, stride: 0), .init(p.granule, stride: 1)]),
                    readEnable: read, readAddress: address, outputEnable: outputEnable))
        }
        return Residual(value: value, enable: enable)
    }
}
