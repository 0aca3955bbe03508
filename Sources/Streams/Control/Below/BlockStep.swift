// What is computed below the cone, step by step: each step makes the values of its nets for a whole stretch of cycles,
// from nets that are complete. Plain data behind pointers: the loops over cycles touch no reference counts.

import Fabric

/// One step of a stretch.
struct BlockStep {
    enum Kind: UInt8 {
        /// logic of bits, 64 cycles at a time
        case bitLogic
        /// any other logic
        case logic
        /// a register that does not read itself
        case register
        /// a shift register that always goes on
        case delay
        /// a register that counts up to a limit and begins again
        case counter
        /// registers that move by amounts that are known beforehand
        case walk
        /// a bit that reads itself: its next value is `a` where it is 0, `b` where it is 1
        case bitCircle
        /// cells that read each other in any way
        case circle
    }

    var kind: Kind
    var logic = PrimitiveKind.not
    var parameter = 0
    /// Nets by number. Of registers `a` is the data; of a counter the limit.
    var output = 0
    var a = 0
    var b = 0
    var c = 0
    /// The operands that a multiplexer chooses from are values of the output as they are.
    var fits = false
    /// Of registers; constants where the cell has none.
    var enable = 0
    var reset = 0
    var initial: Int64 = 0
    /// Where a delay, walk or circle is in its list.
    var index = 0
}

/// A register of a walk: `next = base + amount`, the base being 0 or a register of the walk.
struct WalkRegister {
    /// Nets by number.
    var output: Int
    var enable: Int
    var reset: Int
    /// Number of the base among the walk's registers, from 1 on; 0: none.
    var base: Int
    var amount: Int
    var initial: Int64
    var mask: Int64
}

/// What a delay remembers: the last inputs, the oldest first.
struct DelayLine {
    var depth: Int
    var past: UnsafeMutablePointer<Int64>
    /// Bits: the last 64 inputs, the newest highest.
    var bits: UInt64 = 0
    /// Cycles in which the input has been what it is.
    var still: Int
}

/// A cell of a circle, on slots of values.
struct CircleCell {
    var logic: PrimitiveKind
    var parameter: Int
    var width: Int
    var isSigned: Bool
    var output: Int
    var a: Int
    var b: Int
    var c: Int
}

/// A register of a circle, on slots of values.
struct CircleRegister {
    /// The net, by number.
    var net: Int
    var slot: Int
    var data: Int
    var enable: Int
    var reset: Int
    var initial: Int64
}

/// Cells that read each other.
struct Circle {
    /// Nets read from outside, by number; their slots are the first.
    var outside: [Int] = []
    /// In the order in which they are computed.
    var cells: [CircleCell] = []
    var registers: [CircleRegister] = []
    /// Slots of constants and their values.
    var constants: [(slot: Int, value: Int64)] = []
    var slots = 0
}

/// A circle behind pointers.
struct CircleTable {
    let outside: UnsafeMutableBufferPointer<Int>
    let cells: UnsafeMutableBufferPointer<CircleCell>
    let registers: UnsafeMutableBufferPointer<CircleRegister>
    let constants: UnsafeMutableBufferPointer<(slot: Int, value: Int64)>
    let slots: Int

    init(_ circle: Circle) {
        (outside, cells) = (.keeping(circle.outside), .keeping(circle.cells))
        (registers, constants) = (.keeping(circle.registers), .keeping(circle.constants))
        slots = circle.slots
    }

    func deallocate() {
        outside.deallocate()
        cells.deallocate()
        registers.deallocate()
        constants.deallocate()
    }
}

extension UnsafeMutableBufferPointer {
    /// A copy of an array. Only for plain data.
    static func keeping(_ values: [Element]) -> UnsafeMutableBufferPointer {
        let buffer = allocate(capacity: values.count)
        _ = buffer.initialize(from: values)
        return buffer
    }
}
