// The oracle's own rounding and saturation; docs/internals/Numerics.md states them in words. Fabric's LogicMeaning has
// those of kernel and emitted text: nothing of theirs is used here, not even the way they compute. RoundingTests compare
// both with the definition on all corners.

/// value / 2^shift, rounded to the nearest integer, halves to the even one. `shift` is 0...62.
///
/// The lost bits alone decide: half of 2^shift less one is added to them, and one more where the quotient is odd. A
/// carry out of them is the step up: it needs more than a half, or a half below an odd quotient.
func roundHalfEvenShift(_ value: Int64, _ shift: Int) -> Int64 {
    if shift == 0 { return value }
    let quotient = value >> Int64(shift)
    let lost = UInt64(bitPattern: value) & ((1 << UInt64(shift)) - 1)
    let almostHalf: UInt64 = (1 << UInt64(shift - 1)) - 1
    let carry = (lost + almostHalf + UInt64(bitPattern: quotient & 1)) >> UInt64(shift)
    return quotient + Int64(carry)
}

/// The nearest value of a signed two's complement number of `bits` bits.
func saturate(_ value: Int64, bits: Int) -> Int64 {
    let beyond = Int64(1) << Int64(bits - 1)
    if value >= beyond { return beyond - 1 }
    return value < -beyond ? -beyond : value
}
