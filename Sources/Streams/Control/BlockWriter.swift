// Puts stretches of control into the histories of a block. A history that keeps one value through the whole block is
// filled with it once, and not again while the next blocks keep it, too.

import Design

/// Writes the nets that a block has histories of.
struct BlockWriter {
    private let nets: UnsafeMutablePointer<BlockNet>
    /// The net of each history, by number.
    private let numbers: [Int]

    /// `numbers` in the order of the histories.
    init(_ table: BlockNets, numbers: [Int]) {
        nets = table.nets
        self.numbers = numbers
    }

    /// Adds a stretch of `count` cycles behind the block's first `offset`, a multiple of 64.
    func write(_ count: Int, to block: ControlBlock, at offset: Int) {
        for (position, number) in numbers.enumerated() {
            let net = nets + number
            let history = block.histories.baseAddress! + position
            if net.pointee.state != .varying {
                if offset == 0 {
                    history.pointee.isConstant = true
                    history.pointee.constant = net.pointee.constant
                }
                if history.pointee.isConstant && history.pointee.constant == net.pointee.constant { continue }
            }
            if history.pointee.isConstant || offset == 0 {
                // So far the block held one value.
                if offset > 0 { BlockWriter.fill(history, history.pointee.constant, from: 0, to: offset) }
                history.pointee.isConstant = false
                block.held[position] = nil
            }
            copy(net, count, to: history, at: offset)
        }
    }

    private func copy(
        _ net: UnsafeMutablePointer<BlockNet>, _ count: Int, to history: UnsafeMutablePointer<History>, at offset: Int
    ) {
        if net.pointee.state != .varying {
            BlockWriter.fill(history, net.pointee.constant, from: offset, to: offset + count)
        } else if history.pointee.isBit {
            (history.pointee.bits + offset / 64).update(from: net.pointee.bits, count: count >> 6 &+ 1)
        } else {
            (history.pointee.values + offset).update(from: net.pointee.values, count: count)
        }
    }

    /// Completes a block.
    func finish(_ block: ControlBlock) {
        for position in numbers.indices {
            let history = block.histories.baseAddress! + position
            let value = history.pointee.constant
            guard history.pointee.isConstant, block.held[position] != value else { continue }
            BlockWriter.fill(history, value, from: 0, to: block.capacity)
            block.held[position] = value
        }
    }

    private static func fill(_ history: UnsafeMutablePointer<History>, _ value: Int64, from first: Int, to end: Int) {
        if history.pointee.isBit {
            for word in first / 64...end / 64 { history.pointee.bits[word] = value != 0 ? ~0 : 0 }
        } else {
            for cycle in first..<end { history.pointee.values[cycle] = value }
        }
    }
}
