// Units of the data path: each makes the rows of one net, or of the few nets of a loop, for a whole block.

import Design
import Fabric

/// Something that runs once a block, in the order of the data's flow.
class RowUnit {
    /// Makes the rows of a block.
    func run(_ block: ControlBlock, serial: Int32) { preconditionFailure("a unit without meaning") }
}

/// Logic that nobody has fused: rows at the cycles in which somebody reads them.
final class LogicUnit: RowUnit {
    private let step: RowStep
    private let events: Events

    init(_ step: RowStep, _ events: Events) { (self.step, self.events) = (step, events) }

    override func run(_ block: ControlBlock, serial: Int32) { step.evaluate(events, block, shift: 0) }
}

/// A register: its data's rows, a cycle later.
final class RegisterUnit: RowUnit {
    enum Data {
        /// rows of another net, so many bytes into them
        case pointers(RowNet, offset: Int)
        case step(RowStep)
    }
    private let output: RowNet
    let data: Data
    let events: Events
    /// Boundary index, and the row of the initial value.
    private let reset: Int?
    private let initial: UnsafeMutableRawPointer?

    init(_ output: RowNet, _ data: Data, _ events: Events, reset: Int?, initial: Int64) {
        (self.output, self.data, self.events, self.reset) = (output, data, events, reset)
        if reset != nil {
            let row = RowNet.zeros(output.stride)
            for lane in 0..<output.shape.lanes { RowLane.store(initial, row, output.element, lane) }
            self.initial = row
        } else {
            self.initial = nil
        }
    }

    deinit { RowNet.release(initial) }

    override func run(_ block: ControlBlock, serial: Int32) {
        let list = events.list
        let count = events.count
        switch data {
        case .step(let step): step.evaluate(events, block, shift: 1)
        case .pointers(let source, let offset):
            let from = source.pointers
            let to = output.pointers + 1
            if count == block.count && offset == 0 {
                to.update(from: from, count: count)
            } else {
                for e in 0..<count {
                    let i = Int(list[e])
                    to[i] = from[i]! + offset
                }
            }
        }
        if let reset, let initial {
            let history = block.histories[reset]
            if !(history.isConstant && history.constant == 0) {
                for e in 0..<count {
                    let i = Int(list[e])
                    if history.value(i) != 0 { output.pointers[i + 1] = UnsafeRawPointer(initial) }
                }
            }
        }
        output.hold(events, block.count)
    }
}

/// A memory that is in no loop.
final class MemoryUnit: RowUnit {
    private let ports: MemoryPorts
    init(_ ports: MemoryPorts) { self.ports = ports }
    override func run(_ block: ControlBlock, serial: Int32) { ports.run(block, serial: serial) }
}

/// Nets that read each other in a circle: cycle by cycle.
final class LoopUnit: RowUnit {
    /// Logic in order, with the cycles in which somebody reads it.
    struct Logic {
        var step: RowStep
        var events: Events
    }
    struct Register {
        var output: RowNet
        var step: RowStep
        var events: Events
        var reset: Int?
        var initial: UnsafeRawPointer
    }
    private let logic: [Logic]
    private let registers: [Register]
    private let memories: [MemoryPorts]

    init(_ logic: [Logic], _ registers: [Register], _ memories: [MemoryPorts]) {
        (self.logic, self.registers, self.memories) = (logic, registers, memories)
    }

    deinit { for register in registers { RowNet.release(UnsafeMutableRawPointer(mutating: register.initial)) } }

    override func run(_ block: ControlBlock, serial: Int32) {
        let events = registers.map(\.events) + memories.flatMap { [$0.reads, $0.writes] }
        if events.allSatisfy({ $0.count == 0 }) {
            let row = registers.map(\.output) + memories.map(\.latch)
            for net in row { net.pointers.advanced(by: 1).update(repeating: net.pointers[0], count: block.count) }
            return
        }
        for i in 0..<block.count {
            for cell in logic where cell.events.contains(i) { cell.step.output.pointers[i] = cell.step.row(i, block) }
            for register in registers {
                let pointers = register.output.pointers
                guard register.events.contains(i) else {
                    pointers[i + 1] = pointers[i]
                    continue
                }
                let resets = register.reset.map { block.histories[$0].value(i) != 0 } ?? false
                pointers[i + 1] = resets ? register.initial : register.step.row(i, block)
            }
            for memory in memories {
                if memory.reads.contains(i) {
                    memory.read(i, block, serial)
                } else {
                    memory.latch.pointers[i + 1] = memory.latch.pointers[i]
                }
                if memory.writes.contains(i) { memory.write(i, block, serial) }
            }
        }
    }
}
