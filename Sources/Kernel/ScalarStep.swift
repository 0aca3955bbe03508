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
    /// The result is canonical as it is.
    var fits: Bool

    /// Evaluates the operation. Same meaning as `PrimitiveMeaning.evaluate`, inlined for speed; PrimitiveTests
    /// compare the two.
    @inline(__always) func evaluate() {
        let x = a.pointee
        let value: Int64
        switch kind {
        case .not: value = ~x
        case .and: value = x & b.pointee
        case .or: value = x | b.pointee
        case .xor: value = x ^ b.pointee
        case .add: value = x &+ b.pointee
        case .subtract: value = x &- b.pointee
        case .equal: value = x == b.pointee ? 1 : 0
        case .lessThan: value = x < b.pointee ? 1 : 0
        case .multiplex: value = x != 0 ? b.pointee : c.pointee
        case .slice: value = x &>> Int64(parameter)
        case .shiftLeftConstant: value = x &<< Int64(parameter)
        case .shiftRight: value = x &>> b.pointee
        case .shiftLeft: value = x &<< b.pointee
        case .maximum: value = max(x, b.pointee)
        default:
            value = PrimitiveMeaning.evaluate(
                kind, x, b.pointee, c.pointee, parameter: Int(parameter), width: Int(width))
        }
        destination.pointee = fits ? value : ((value &<< Int64(unused)) &>> Int64(unused)) & mask
    }
}
