// Tiles whose weights do not fit: they come in parts, and sums wait in the accumulators or the psum buffer meanwhile.

import Accelerator

extension TileEmitter {
    /// A tile whose weights come in parts: one instruction for each part of each pass.
    func emitParts(_ place: TilePlace, _ given: [BufferLedger.Load], _ ranges: BufferRanges, _ s: inout Scheduler) {
        var ranges = ranges
        let words = shape.unitWords
        let group = addresses.weights + place.group * wordsPerGroup * s.p.weightBeats * s.p.weightBeatBytes
        var loads = given
        for pass in 0..<shape.passes {
            for first in stride(from: 0, to: shape.units, by: tile.partUnits) {
                let part = Part(pass: pass, units: first..<min(first + tile.partUnits, shape.units), of: shape)
                ranges.weights = s.turns.weights.take(part.units.count * words).range
                let start = (pass * shape.units + first) * words
                let source = WordSource(
                    address: group + start * s.p.weightBeats * s.p.weightBeatBytes, beatsPerWord: s.p.weightBeats)
                loadWords(.weights, source, to: ranges.weights, &s, &loads)
                let compute = s.program.count
                emitCompute(place, ranges, part: part, &s)
                var reads: [BufferLedger.Read] = [.init(.ifmap, ranges.ifmap), .init(.weights, ranges.weights)]
                if part.isLast { reads.append(.init(.constants, ranges.constants)) }
                if part.isLast, layer.residual != nil { reads.append(.init(.residual, ranges.ofmap)) }
                var step = BufferLedger.Step(loads: loads, compute: compute, computeReads: reads)
                if part.isLast { emitStores(place, ranges.ofmap, of: &step, &s) }
                s.ledger.add(step)
                loads = []
            }
        }
    }

    /// What an instruction works on of a tile whose weights come in parts.
    struct Part {
        /// The pass that it belongs to.
        var pass: Int
        /// Input groups, or a flattened layer's streams.
        var units: Range<Int>
        /// It begins the sums; it ends them.
        var isFirst: Bool
        var isLast: Bool

        init(pass: Int, units: Range<Int>, of shape: LayerShape) {
            self.pass = pass
            self.units = units
            isFirst = pass == 0 && units.lowerBound == 0
            isLast = pass == shape.passes - 1 && units.upperBound == shape.units
        }
    }

    /// Makes an instruction that works on a whole tile one that works on a part.
    func restrict(_ i: inout Instruction, to part: Part, planeWords: Int) {
        let begins = part.units.lowerBound == 0 && !part.isFirst
        i[ComputeField.lastPass] = 0
        i[ComputeField.passShift] = begins ? (passes?.shiftMask ?? 0) >> part.pass & 1 : 0
        i[ComputeField.lastInputGroup] = part.units.count - 1
        i[ComputeField.ifmapAddress] += part.units.lowerBound * (shape.isFlattened ? 1 : planeWords)
        i[ComputeField.keepSums] = part.isFirst ? 0 : 1
        i[ComputeField.leaveSums] = part.isLast ? 0 : 1
    }
}
