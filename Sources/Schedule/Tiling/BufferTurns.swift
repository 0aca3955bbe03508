// Where in a buffer the next tile's words go. First-fit schedules use two halves in turn; the others put each tile
// behind the one before, and begin again where it would not fit, so that as much of a buffer is ahead as is free.

import Accelerator

/// Words of a buffer in turn.
struct BufferTurn {
    let depth: Int
    /// Two halves; a tile larger than half a buffer (then the layer has just that one) starts at word 0.
    let isHalved: Bool
    private var next = 0

    init(depth: Int, isHalved: Bool) {
        self.depth = depth
        self.isHalved = isHalved
    }

    /// A range of `count` words, whose turn it is.
    mutating func take(_ count: Int) -> Range<Int> {
        if isHalved {
            if count > depth / 2 { return 0..<count }
            let base = next * (depth / 2)
            next = 1 - next
            return base..<base + count
        }
        let base = next + count > depth ? 0 : next
        next = base + count
        return base..<next
    }
}

/// The turns of all buffers.
struct BufferTurns {
    var ifmap, weights, constants, ofmap: BufferTurn

    init(_ p: AcceleratorParameters, search: ScheduleOptions.Search) {
        func turn(_ depth: Int) -> BufferTurn { BufferTurn(depth: depth, isHalved: search == .firstFit) }
        (ifmap, weights) = (turn(p.ifmapDepth), turn(p.weightDepth))
        (constants, ofmap) = (turn(p.constantDepth), turn(p.ofmapDepth))
    }
}
