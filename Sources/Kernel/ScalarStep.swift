import Design
import Fabric

// Control logic: a straight-line program over 64-bit slots, one operation per logic cell, in level order.

/// One scalar logic operation; the result is made canonical by (value << unused) >> unused & mask.
struct ScalarStep {
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
    /// `PrimitiveMeaning.evaluate`, inlined for speed; PrimitiveKernelTests compare the two.
    @inline(__always) static func evaluate(_ step: UnsafePointer<ScalarStep>) {
        let x = step.pointee.a.pointee
        let value: Int64
        switch step.pointee.kind {
        case .not: value = ~x
        case .and: value = x & step.pointee.b.pointee
        case .or: value = x | step.pointee.b.pointee
        case .xor: value = x ^ step.pointee.b.pointee
        case .add: value = x &+ step.pointee.b.pointee
        case .subtract: value = x &- step.pointee.b.pointee
        case .equal: value = x == step.pointee.b.pointee ? 1 : 0
        case .lessThan: value = x < step.pointee.b.pointee ? 1 : 0
        case .multiplex: value = x != 0 ? step.pointee.b.pointee : step.pointee.c.pointee
        case .slice: value = x &>> Int64(step.pointee.parameter)
        case .shiftLeftConstant: value = x &<< Int64(step.pointee.parameter)
        case .shiftRight: value = x &>> step.pointee.b.pointee
        case .shiftLeft: value = x &<< step.pointee.b.pointee
        case .maximum: value = max(x, step.pointee.b.pointee)
        default: value = other(step)
        }
        let unused = Int64(step.pointee.unused)
        step.pointee.destination.pointee = ((value &<< unused) &>> unused) & step.pointee.mask
    }

    @inline(never) private static func other(_ step: UnsafePointer<ScalarStep>) -> Int64 {
        PrimitiveMeaning.evaluate(
            step.pointee.kind, step.pointee.a.pointee, step.pointee.b.pointee, step.pointee.c.pointee,
            parameter: Int(step.pointee.parameter), width: Int(step.pointee.width))
    }
}
