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
        let isReversed = shape.streams && !shape.isFlattened
        let taps = (0..<kernel).map { isReversed ? shape.window.fromBottom($0) : $0 }
        var block = WeightBlock(filters: 0..<0, filterSize: inputs * kernel, starts: [], taps: taps)
        var address = base
        for outputGroup in 0..<shape.outputGroups {
            block.filters = outputGroup * p.outputs..<min(outputs, (outputGroup + 1) * p.outputs)
            for pass in passes.lanes {
                for inputGroup in 0..<shape.inputGroups {
                    let slots = inputGroup * p.inputs..<min(channels.count, (inputGroup + 1) * p.inputs)
                    block.starts = slots.map { channels[$0].map { $0 * kernel } }
                    for (term, codes) in pass.enumerated() {
                        lanes.put(codes, block, lane: term * p.inputs * p.outputs, word: address, into: &image)
                    }
                    address += kernel * wordBytes
                }
            }
        }
        return base
    }

    /// Bytes of a word of the weight buffer in memory.
    private var wordBytes: Int { p.weightBeats * p.weightBeatBytes }
}

/// The weights of an output group and an input group: one word for each tap.
private struct WeightBlock {
    var filters: Range<Int>
    /// Weights of a filter.
    let filterSize: Int
    /// Where the kernel of each slot begins in its filter; nil: a slot without a channel.
    var starts: [Int?]
    /// The tap of each word.
    let taps: [Int]
}

/// Where the lanes of a word of weights lie: each has some bits of a field of its beat.
private struct LaneSlots {
    private let offsets: [Int]
    private let shifts: [Int]
    private let mask: Int
    private let fieldBytes: Int
    private let outputs: Int
    private let wordBytes: Int

    init(_ p: AcceleratorParameters, fieldBytes: Int) {
        let (perBeat, perField, bits) = (p.weightsPerBeat, p.weightsPerField, p.element.weightBits)
        let beatBytes = p.weightBeatBytes
        let lanes = 0..<p.terms * p.inputs * p.outputs
        offsets = lanes.map { $0 / perBeat * beatBytes + $0 % perBeat / perField * fieldBytes }
        shifts = lanes.map { $0 % perBeat % perField * bits }
        mask = (1 << bits) - 1
        self.fieldBytes = fieldBytes
        outputs = p.outputs
        wordBytes = p.weightBeats * p.weightBeatBytes
    }

    /// Puts stored weights into words from `word` on, lanes [slot][filter] from `lane` on; their bits are zero there. The
    /// weights of a filter, which lie side by side, are read one after another.
    func put(
        _ codes: [Int32], _ block: WeightBlock, lane first: Int, word: Int, into image: inout MemoryImage
    ) {
        let (taps, kernel) = (block.taps, block.taps.count)
        image.withBytes { bytes in
            precondition(word + kernel * wordBytes <= bytes.count)
            codes.withUnsafeBufferPointer { codes in
                for (output, filter) in block.filters.enumerated() {
                    for (slot, start) in block.starts.enumerated() {
                        guard let start else { continue }
                        let lane = first + slot * outputs + output
                        let kernels = filter * block.filterSize + start
                        precondition(kernels + kernel <= codes.count && offsets[lane] + fieldBytes <= wordBytes)
                        var place = bytes.baseAddress! + word + offsets[lane]
                        for tap in taps {
                            let field = (Int(codes[kernels + tap]) & mask) << shifts[lane]
                            place[0] |= UInt8(truncatingIfNeeded: field)
                            if fieldBytes == 2 { place[1] |= UInt8(truncatingIfNeeded: field >> 8) }
                            place += wordBytes
                        }
                    }
                }
            }
        }
    }
}
