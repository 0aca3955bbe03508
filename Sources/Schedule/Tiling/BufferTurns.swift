// Where in a buffer the next tile's words go. First-fit schedules use two halves in turn; the others put each small tile
// behind the one before, and larger ones at that end of the buffer which the one before leaves more of free.

import Accelerator

/// Words of a buffer in turn.
struct BufferTurn {
    let depth: Int
    /// Two halves; a tile larger than half a buffer (then the layer has just that one) starts at word 0.
    let isHalved: Bool
    /// The words taken last.
    private var last = 0..<0

    /// Words taken: those that the last ones leave free, and the others, on one side of them.
    struct Taken {
        var range: Range<Int>
        var free: Range<Int>
        var busy: Range<Int>

        /// All of them free.
        init(_ range: Range<Int>) { (self.range, free, busy) = (range, range, 0..<0) }

        init(_ range: Range<Int>, behind last: Range<Int>) {
            self.init(range)
            let shared = range.clamped(to: last)
            // Loaded at once where nothing would be left.
            guard !shared.isEmpty, shared != range else { return }
            if shared.lowerBound == range.lowerBound {
                (busy, free) = (shared, shared.upperBound..<range.upperBound)
            } else if shared.upperBound == range.upperBound {
                (free, busy) = (range.lowerBound..<shared.lowerBound, shared)
            }
        }
    }

    /// Tiles of which so many fit go round; larger ones take the two ends in turn, so that sizes that differ a little leave
    /// no gaps that fit none.
    private static let inRing = 3

    /// No words.
    static let none = Taken(0..<0)

    init(depth: Int, isHalved: Bool) {
        self.depth = depth
        self.isHalved = isHalved
    }

    /// `count` words, whose turn it is.
    mutating func take(_ count: Int) -> Taken {
        if isHalved {
            if count > depth / 2 { return Taken(0..<count) }
            let base = last.lowerBound == 0 && !last.isEmpty ? depth / 2 : 0
            last = base..<base + max(1, count)
            return Taken(base..<base + count)
        }
        let before = last
        if BufferTurn.inRing * count <= depth, before.upperBound + count <= depth {
            last = before.upperBound..<before.upperBound + count
        } else {
            let ends = [0, depth - count].map { $0..<$0 + count }
            last = ends.min { $0.clamped(to: before).count < $1.clamped(to: before).count }!
        }
        return Taken(last, behind: before)
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
