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
        let base = image.allocate(words * wordBytes)
        guard storesWeights else { return base }
        let lanes = LaneSlots(p, fieldBytes: fieldBytes)
        var address = base
        for outputGroup in 0..<shape.outputGroups {
            let group = outputGroup * p.outputs..<min(outputs, (outputGroup + 1) * p.outputs)
            for pass in passes.lanes {
                for inputGroup in 0..<shape.inputGroups {
                    let slots = inputGroup * p.inputs..<min(channels.count, (inputGroup + 1) * p.inputs)
                    for position in 0..<kernel {
                        let tap = shape.streams && !shape.isFlattened ? shape.window.fromBottom(position) : position
                        for (term, codes) in pass.enumerated() {
                            for slot in slots {
                                guard let input = channels[slot] else { continue }
                                let lane = (term * p.inputs + slot - slots.lowerBound) * p.outputs
                                lanes.put(
                                    codes,
                                    from: ((group.lowerBound * inputs + input) * kernel + tap, inputs * kernel),
                                    lanes: lane..<lane + group.count, word: address, into: &image)
                            }
                        }
                        address += wordBytes
                    }
                }
            }
        }
        return base
    }

    /// Bytes of a word of the weight buffer in memory.
    private var wordBytes: Int { p.weightBeats * p.beatBytes }
}

/// Where the lanes of a word of weights lie: each has some bits of a field of its beat.
private struct LaneSlots {
    private let offsets: [Int]
    private let shifts: [Int]
    private let mask: Int
    private let fieldBytes: Int

    init(_ p: AcceleratorParameters, fieldBytes: Int) {
        let (perBeat, perField, bits) = (p.weightsPerBeat, p.weightsPerField, p.element.weightBits)
        let beatBytes = p.beatBytes
        let lanes = 0..<p.terms * p.inputs * p.outputs
        offsets = lanes.map { $0 / perBeat * beatBytes + $0 % perBeat / perField * fieldBytes }
        shifts = lanes.map { $0 % perBeat % perField * bits }
        mask = (1 << bits) - 1
        self.fieldBytes = fieldBytes
    }

    /// Puts stored weights, the first one and then one each step, into consecutive lanes of a word; their bits are zero
    /// there.
    func put(
        _ codes: [Int32], from source: (first: Int, step: Int), lanes: Range<Int>, word: Int,
        into image: inout MemoryImage
    ) {
        guard let last = lanes.last else { return }
        precondition(last < offsets.count && source.first + (lanes.count - 1) * source.step < codes.count)
        image.withBytes { bytes in
            precondition(word + offsets[last] + fieldBytes <= bytes.count)
            codes.withUnsafeBufferPointer { codes in
                var place = source.first
                for lane in lanes {
                    let field = (Int(codes[place]) & mask) << shifts[lane]
                    let first = word + offsets[lane]
                    for byte in 0..<fieldBytes { bytes[first + byte] |= UInt8(truncatingIfNeeded: field >> (8 * byte)) }
                    place += source.step
                }
            }
        }
    }
}
