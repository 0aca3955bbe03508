// The ifmap and weight buffers: block RAMs that the load engine writes bank by bank and the array reads word by word.

import Design

extension Elaboration {
    /// Granules of a word of the ifmap buffer for each pixel.
    var inputGranules: Int { p.inputs / p.granule }
    /// Granules of a word of the ofmap buffer for each pixel.
    var outputGranules: Int { p.outputs / p.granule }

    /// The read side of a buffer: `read` and `address` in one cycle, the latch in the next, the output register, which
    /// takes it where `output` is high, in the one after.
    struct ReadPort { var read, address, output: Signal }

    /// Words [pixel][input] of activations.
    mutating func makeIfmapBuffer(_ load: Load, _ port: ReadPort) -> Signal {
        let banks = bankCount(.ifmap)
        let enables = load.banks[.ifmap]!
        return builder.inArray("ifmap_lane", lanes: p.pixels * p.inputs) { [p] in
            $0.memory(
                "ifmap", depth: p.ifmapDepth, width: p.activationBits, signed: true, lanesPerBank: p.granule,
                .init(
                    writeEnable: enables.mapped([.init(banks, stride: 1), .init(p.granule, stride: 0)]),
                    writeAddress: load.activations.address,
                    writeData: load.activations.data.mapped([.init(banks, stride: 0), .init(p.granule, stride: 1)]),
                    readEnable: port.read, readAddress: port.address, outputEnable: port.output))
        }
    }

    /// Words [term][input][output] of stored weights.
    mutating func makeWeightBuffer(_ load: Load, _ port: ReadPort) -> Signal {
        let perBeat = p.weightsPerBeat
        let enables = load.banks[.weights]!
        return builder.inArray("weight_lane", lanes: p.terms * p.inputs * p.outputs) { [p] in
            $0.memory(
                "weight", depth: p.weightDepth, width: p.element.weightBits,
                signed: p.element.lane.hasSignedWeights, lanesPerBank: perBeat,
                .init(
                    writeEnable: enables.mapped([.init(p.weightBeats, stride: 1), .init(perBeat, stride: 0)]),
                    writeAddress: load.constants.address,
                    writeData: load.weights.mapped([.init(p.weightBeats, stride: 0), .init(perBeat, stride: 1)]),
                    readEnable: port.read, readAddress: port.address, outputEnable: port.output))
        }
    }
}
