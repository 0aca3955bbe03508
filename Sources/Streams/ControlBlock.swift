// What control hands to the data path: the histories of the scalars that the data path reads, over a block of cycles,
// and the beats that move on the read and the write port.

import Design

/// Values of one scalar net over the cycles of a block: position i is the block's cycle i.
package struct History {
    /// Whose values these are.
    package let net: NetID
    /// One unsigned bit: `bits` holds it, 64 cycles a word; `values` is not used.
    package let isBit: Bool
    /// Bit i of the words, from the lowest of the first word on.
    package let bits: UnsafeMutablePointer<UInt64>
    /// One value a cycle, canonical.
    package let values: UnsafeMutablePointer<Int64>
    /// All positions of the block hold `constant`; the arrays hold it, too.
    package var isConstant = false
    /// See `isConstant`.
    package var constant: Int64 = 0

    /// The value in the block's cycle i.
    @inline(__always) package func value(_ i: Int) -> Int64 {
        isBit ? Int64((bits[i >> 6] >> UInt64(i & 63)) & 1) : values[i]
    }
}

/// A beat of the read or the write port.
package struct BeatRecord: Sendable {
    /// Cycle of the block.
    package var index: Int32
    /// Where the beat lies in external memory.
    package var address: UInt32

    /// A beat in a cycle.
    package init(index: Int32, address: UInt32) { (self.index, self.address) = (index, address) }
}

/// Asks for the end of a block before it is full: who watches control may do so, in the cycle that it sees.
package final class BlockCut {
    /// The block ends with the cycle that runs.
    package var isAsked = false

    /// Nobody asks.
    package init() {}
}

/// One block of cycles of control. Made by a `ControlStream`, read by any number of data paths.
package final class ControlBlock: @unchecked Sendable {
    // Shared between threads in turn: whoever fills it owns it until it hands it on.

    /// Most cycles of a block.
    package let capacity: Int
    /// Cycles of this block.
    package var count = 0
    /// In the order of `Separation.boundary`. Words of `bits` are complete up to the one of cycle `count`, whose bits
    /// from `count` on are undefined.
    package let histories: UnsafeMutableBufferPointer<History>
    /// Changes of the read port's beat: from that cycle on the port holds the beat at the address. Ascending.
    package var reads: [BeatRecord] = []
    /// Beats that memory accepts: what the write port holds in that cycle is written at its end. Ascending.
    package var writes: [BeatRecord] = []
    /// What vectors of control that a trace needs hold, from some cycle of the run on; ascending.
    package var samples: [VectorSample] = []
    /// For a trace: the first cycle after each layer that has ended, counted from power-up.
    package var layerEnds: [Int] = []
    /// The program ends in this block's last cycle.
    package var isLast = false
    /// Layers that have ended up to the end of the block; the block ends with the last of these, if any did in it. Only
    /// where activity is counted.
    package var layersEnded = 0
    /// What the arrays of a history hold in all cycles of the capacity, from an earlier block on; nil: no one value.
    var held: [Int64?]

    /// An empty block for the histories of `nets`.
    package init(_ nets: [NetID], of design: Design, capacity: Int) {
        self.capacity = capacity
        held = nets.map { _ in nil }
        let words = capacity / 64 + 2
        histories = .allocate(capacity: nets.count)
        for (position, net) in nets.enumerated() {
            let isBit = design[net].width == 1 && !design[net].signed
            let bits = UnsafeMutablePointer<UInt64>.allocate(capacity: isBit ? words : 1)
            bits.initialize(repeating: 0, count: isBit ? words : 1)
            let values = UnsafeMutablePointer<Int64>.allocate(capacity: isBit ? 1 : capacity + 8)
            values.initialize(repeating: 0, count: isBit ? 1 : capacity + 8)
            histories.initializeElement(at: position, to: History(net: net, isBit: isBit, bits: bits, values: values))
        }
    }

    deinit {
        for history in histories {
            history.bits.deallocate()
            history.values.deallocate()
        }
        histories.deallocate()
    }
}
