// The one rounding rule and the one saturation rule, as the quantizer and the reference model compute them;
// docs/internals/Numerics.md states them in words. Kernel and emitted RTL follow Fabric's LogicMeaning, which states the
// same rule once more: the reference model judges them and must share nothing with them. RoundingTests compare the two
// definitions on all corners.

/// value / 2^shift, rounded to the nearest integer, halves to the even one. `shift` is 0...62.
@inlinable public func roundHalfEvenShift(_ value: Int64, _ shift: Int) -> Int64 {
    if shift == 0 { return value }
    let floor = value >> Int64(shift)
    let remainder = value &- (floor << Int64(shift))
    let half = Int64(1) << Int64(shift - 1)
    if remainder > half || (remainder == half && (floor & 1) == 1) { return floor &+ 1 }
    return floor
}

/// The nearest value of a signed two's complement number of `bits` bits.
@inlinable public func saturate(_ value: Int64, bits: Int) -> Int64 {
    let high = (Int64(1) << Int64(bits - 1)) - 1
    return min(max(value, -high - 1), high)
}
