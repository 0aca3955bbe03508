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

    /// Part of the weight buffer with a read side of its own: words [input][output] of some of the inputs.
    struct WeightPart {
        /// The words, with what else shares their beats.
        var word: Signal
        /// Lane of the first weight.
        var first: Int
    }

    /// The part with `inputs`. It has whole beats, since a beat is written at once, unless a beat has all of its weights;
    /// the lanes of other inputs in its first and last beat are written and not read.
    mutating func makeWeightPart(
        _ name: String, inputs: Range<Int>, _ load: Load, _ port: ReadPort
    ) -> WeightPart {
        let perBeat = p.weightsPerBeat
        let (first, count) = (inputs.lowerBound * p.outputs, inputs.count * p.outputs)
        let beat = first / perBeat
        let isWithin = first % perBeat + count <= perBeat
        let beats = (first + count - 1) / perBeat - beat + 1
        let lanes = isWithin ? count : beats * perBeat
        let perBank = isWithin ? count : perBeat
        let offset = isWithin ? first % perBeat : 0
        let enables = load.banks[.weights]!
        let word = builder.inArray("\(name)_lane", lanes: lanes) { [p] in
            $0.memory(
                name, depth: p.weightDepth, width: p.storedWeightBits, signed: p.element.lane.hasSignedWeights,
                lanesPerBank: perBank,
                .init(
                    writeEnable: enables.mapped([.init(beats, stride: 1), .init(perBank, stride: 0)], offset: beat),
                    writeAddress: load.constants.address,
                    writeData: load.weights.mapped(
                        [.init(beats, stride: 0), .init(perBank, stride: 1)], offset: offset),
                    readEnable: port.read, readAddress: port.address, outputEnable: port.output))
        }
        return WeightPart(word: word, first: first - beat * perBeat - offset)
    }

    /// Words [term][input][output] of stored weights.
    mutating func makeWeightBuffer(_ load: Load, _ port: ReadPort) -> Signal {
        let perBeat = p.weightsPerBeat
        let enables = load.banks[.weights]!
        return builder.inArray("weight_lane", lanes: p.terms * p.inputs * p.outputs) { [p] in
            $0.memory(
                "weight", depth: p.weightDepth, width: p.storedWeightBits,
                signed: p.element.lane.hasSignedWeights, lanesPerBank: perBeat,
                .init(
                    writeEnable: enables.mapped([.init(p.weightBeats, stride: 1), .init(perBeat, stride: 0)]),
                    writeAddress: load.constants.address,
                    writeData: load.weights.mapped([.init(p.weightBeats, stride: 0), .init(perBeat, stride: 1)]),
                    readEnable: port.read, readAddress: port.address, outputEnable: port.output))
        }
    }
}
