// Buffers are used as two halves in turn, so that a tile loads while the one before computes; a tile larger than half a
// buffer (then the layer has just that one) starts at word 0.

import Accelerator

/// Halves of a buffer in turn.
struct PingPong {
    let depth: Int
    private var next = 0

    init(depth: Int) { self.depth = depth }

    /// A range of `count` words in the half whose turn it is.
    mutating func take(_ count: Int) -> Range<Int> {
        if count > depth / 2 { return 0..<count }
        let base = next * (depth / 2)
        next = 1 - next
        return base..<base + count
    }
}

/// The halves of all buffers.
struct BufferTurns {
    var ifmap, weights, constants, ofmap: PingPong

    init(_ p: AcceleratorParameters) {
        ifmap = PingPong(depth: p.ifmapDepth)
        weights = PingPong(depth: p.weightDepth)
        constants = PingPong(depth: p.constantDepth)
        ofmap = PingPong(depth: p.ofmapDepth)
    }
}
