// Weights in memory, word by word as the weight buffer holds them.

import Accelerator
import Networks

extension Scheduler {
    /// Words [output group][pass][input group][kernel row][kernel column], lanes [term][input][output], packed into
    /// beats. For the convolver family the last kernel row is the first. Slots without a channel keep code 0: their
    /// activations are zero.
    mutating func storeWeights(
        _ passes: WeightPasses, shape: LayerShape, channels: [Int?], outputs: Int
    ) -> Int {
        let inputs = channels.count { $0 != nil }
        let kernel = shape.window.kernelHeight * shape.window.kernelWidth
        let words = shape.outputGroups * passes.count * shape.inputGroups * kernel
        let base = image.allocate(words * p.weightBeats * p.beatBytes)
        guard storesWeights else { return base }
        let bits = p.element.weightBits
        let mask = (1 << bits) - 1
        var word = 0
        for outputGroup in 0..<shape.outputGroups {
            let group = outputGroup * p.outputs..<min(outputs, (outputGroup + 1) * p.outputs)
            for pass in 0..<passes.count {
                for inputGroup in 0..<shape.inputGroups {
                    let slots = inputGroup * p.inputs..<min(channels.count, (inputGroup + 1) * p.inputs)
                    for position in 0..<kernel {
                        let tap = shape.streams && !shape.isFlattened ? shape.window.fromBottom(position) : position
                        for slot in slots {
                            guard let input = channels[slot] else { continue }
                            let m = slot - slots.lowerBound
                            for output in group {
                                for (term, codes) in passes.lanes[pass].enumerated() {
                                    let value = Int(codes[(output * inputs + input) * kernel + tap]) & mask
                                    let lane = (term * p.inputs + m) * p.outputs + output - group.lowerBound
                                    put(value, lane: lane, wordAddress: base + word * wordBytes)
                                }
                            }
                        }
                        word += 1
                    }
                }
            }
        }
        return base
    }

    /// Bytes of a word of the weight buffer in memory.
    private var wordBytes: Int { p.weightBeats * p.beatBytes }

    /// Puts a stored weight into its lane of a word.
    private mutating func put(_ value: Int, lane: Int, wordAddress: Int) {
        let (beat, position) = lane.quotientAndRemainder(dividingBy: p.weightsPerBeat)
        let (field, part) = position.quotientAndRemainder(dividingBy: p.weightsPerField)
        let bit = part * p.element.weightBits
        let place = wordAddress + beat * p.beatBytes + field * fieldBytes
        image.merge(value << bit, bytes: fieldBytes, at: place)
    }
}
