// When the layers of a compiled network begin and end on the memories `ideal` and `fixed`, as the simulation counts them.

import Accelerator

/// Cycles of the array, from power-up; the host's layers take none here.
public struct PredictedTiming: Sendable, Equatable {
    /// The cycles of each layer of the network, in order: from the end of the layer of the array before, to the end of its
    /// last compute, or, where the array stops behind it, of its last store. What follows the last store of all, until
    /// `done`, belongs to the last layer of the array. Empty on the host.
    public var layers: [Range<Int>]
    /// Until `done` of the last segment.
    public var total: Int
}

extension CompiledNetwork {
    /// The instructions of each layer; none on the host.
    var instructionRanges: [Range<Int>] {
        var start = 0
        return layers.map { layer in
            let end = start + layer.loads + layer.tiles + layer.stores
            defer { start = end }
            return start..<end
        }
    }

    /// Instructions between two layers of the host.
    var segments: [Range<Int>] {
        var result: [Range<Int>] = []
        var follows = false
        for (layer, range) in zip(layers, instructionRanges) {
            if layer.isOnHost {
                follows = false
            } else if follows {
                result[result.count - 1] = result[result.count - 1].lowerBound..<range.upperBound
            } else {
                result.append(range)
                follows = true
            }
        }
        return result
    }

    /// When layers begin and end, by the clock; nil where the program waits for ever.
    public func predictedTiming(_ clock: ProgramClock) -> PredictedTiming? {
        guard let times = clock.run(program, segments: segments) else { return nil }
        var start = 0
        let lastOfArray = layers.lastIndex { !$0.isOnHost }
        let ranges = instructionRanges.enumerated().map { index, instructions in
            var end = start
            if index == lastOfArray {
                end = times.total
            } else if !layers[index].isOnHost {
                // A layer's last instruction is a store.
                let stops = layers[index + 1].isOnHost
                let last = stops ? instructions.upperBound - 1 : lastCompute(instructions)
                end = times.finishes[last] + 1
            }
            defer { start = end }
            return start..<end
        }
        return PredictedTiming(layers: ranges, total: times.total)
    }

    private func lastCompute(_ instructions: Range<Int>) -> Int {
        program[instructions].lastIndex { $0[CommonField.opcode] == Opcode.compute.rawValue }!
    }
}
