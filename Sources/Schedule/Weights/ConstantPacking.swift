// Requantization and pre-activation constants in memory, word by word as the buffers hold them.

import Accelerator
import Networks

extension Scheduler {
    /// Constants of the channels, one word per output group.
    mutating func storeConstants(
        _ requantization: Requantization, channels: Range<Int>, groups: Int
    ) -> Int {
        let base = image.allocate(groups * p.constantBeats * p.weightBeatBytes)
        for (position, channel) in channels.enumerated() {
            let (group, lane) = position.quotientAndRemainder(dividingBy: p.outputs)
            put(
                multiplier: requantization.multiplier[channel], bias: requantization.bias[channel], lane: lane,
                wordAddress: base + group * p.constantBeats * p.weightBeatBytes)
        }
        return base
    }

    /// Pooling results stand in the first granule of the outputs. Words outside all regions, then those of each region.
    mutating func storePoolConstants(_ layer: QuantizedLayer, granule: Int, words: Int) -> Int {
        let channels = placements[layer.name]!.channels
        let multipliers = [layer.requantization.multiplier] + layer.regions.map(\.multiplier)
        let base = image.allocate(multipliers.count * words * p.constantBeats * p.weightBeatBytes)
        for (set, multiplier) in multipliers.enumerated() {
            for word in 0..<words {
                for lane in 0..<p.granule {
                    guard let channel = channels[word * p.inputs + granule * p.granule + lane] else { continue }
                    put(
                        multiplier: multiplier[channel], bias: layer.requantization.bias[channel], lane: lane,
                        wordAddress: base + (set * words + word) * p.constantBeats * p.weightBeatBytes)
                }
            }
        }
        return base
    }

    /// One word per plane, in this order: the pre-activation of the channels that stand there.
    mutating func storePreActivation(_ constants: PreActivation, of tensor: String, planes: [Int]) -> Int {
        let channels = placements[tensor]!.channels
        let base = image.allocate(planes.count * p.preActivationBeats * p.weightBeatBytes)
        for (word, plane) in planes.enumerated() {
            for lane in 0..<p.granule {
                guard let channel = channels[plane * p.granule + lane] else { continue }
                put(
                    multiplier: constants.multiplier[channel], bias: constants.bias[channel], lane: lane,
                    wordAddress: base + word * p.preActivationBeats * p.weightBeatBytes)
            }
        }
        return base
    }

    /// Puts one channel's constants, 16 and 48 bits, into its lane of a word.
    private mutating func put(multiplier: Int32, bias: Int64, lane: Int, wordAddress: Int) {
        let fieldsPerChannel = AcceleratorParameters.constantBits / p.activationBits
        let bits = UInt64(Int(multiplier) & 0xffff) | UInt64(Int(bias) & 0xffff_ffff_ffff) << 16
        for field in 0..<fieldsPerChannel {
            let (beat, place) = (lane * fieldsPerChannel + field).quotientAndRemainder(dividingBy: p.weightBeatFields)
            let address = wordAddress + beat * p.weightBeatBytes + place * fieldBytes
            image.write(bits >> UInt64(field * p.activationBits), bytes: fieldBytes, at: address)
        }
    }
}
