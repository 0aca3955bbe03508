import Design
import Fabric

// Control logic: a straight-line program over 64-bit slots, one operation per logic cell, in level order.

/// One scalar logic operation; the result is made canonical by (value << unused) >> unused & mask.
struct ScalarStep {
    enum Operation: UInt8 {
        /// `a != 0 ? b : c` for a of 0 or 1 and a result that needs no truncation.
        case choose
        case equal, lessThan, add, subtract, and, or, xor, multiplex, slice, shiftRight
        /// Whatever `kind` says.
        case any

        init(_ kind: PrimitiveKind) {
            switch kind {
            case .equal: self = .equal
            case .lessThan: self = .lessThan
            case .add: self = .add
            case .subtract: self = .subtract
            case .and: self = .and
            case .or: self = .or
            case .xor: self = .xor
            case .multiplex: self = .multiplex
            case .slice: self = .slice
            case .shiftRight: self = .shiftRight
            default: self = .any
            }
        }
    }

    var operation: Operation
    var kind: PrimitiveKind
    var unused: UInt8
    var parameter: UInt8
    var width: UInt8
    var destination: UnsafeMutablePointer<Int64>
    var a: UnsafePointer<Int64>
    var b: UnsafePointer<Int64>
    var c: UnsafePointer<Int64>
    var mask: Int64

    /// Evaluates the operation behind a pointer, so that the step is not copied. Same meaning as
    /// `LogicMeaning.evaluate`, inlined for speed; PrimitiveKernelTests compare the two.
    @inline(__always) static func evaluate(_ step: UnsafePointer<ScalarStep>) {
        let x = step.pointee.a.pointee
        let y = step.pointee.b.pointee
        let value: Int64
        switch step.pointee.operation {
        case .choose:
            // By arithmetic: a chain of selects is what a cycle waits for, and choosing between two addresses would
            // put two more loads into every link.
            let no = step.pointee.c.pointee
            step.pointee.destination.pointee = no ^ ((y ^ no) & (0 &- x))
            return
        case .equal:
            step.pointee.destination.pointee = x == y ? 1 : 0
            return
        case .lessThan:
            step.pointee.destination.pointee = x < y ? 1 : 0
            return
        case .add: value = x &+ y
        case .subtract: value = x &- y
        case .and: value = x & y
        case .or: value = x | y
        case .xor: value = x ^ y
        case .multiplex: value = x != 0 ? y : step.pointee.c.pointee
        case .slice: value = x &>> Int64(step.pointee.parameter)
        case .shiftRight: value = x &>> y
        case .any: value = other(step)
        }
        let unused = Int64(step.pointee.unused)
        step.pointee.destination.pointee = ((value &<< unused) &>> unused) & step.pointee.mask
    }

    @inline(never) private static func other(_ step: UnsafePointer<ScalarStep>) -> Int64 {
        LogicMeaning.evaluate(
            step.pointee.kind, step.pointee.a.pointee, step.pointee.b.pointee, step.pointee.c.pointee,
            parameter: Int(step.pointee.parameter), width: Int(step.pointee.width))
    }
}
