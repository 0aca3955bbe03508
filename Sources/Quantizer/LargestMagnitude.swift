// The largest magnitude of many floats, by their bits: without the sign these are in the order of the magnitudes, with
// infinity above all numbers and what is no number above infinity.

enum LargestMagnitude {
    /// The largest magnitude, 0 of none; infinite or no number where a value is.
    static func of(_ values: [Float]) -> Float {
        let mask = UInt32.max >> 1
        return values.withUnsafeBufferPointer { values in
            var bits = SIMD8<UInt32>.zero
            let whole = values.count & ~7
            for start in stride(from: 0, to: whole, by: 8) {
                let some = UnsafeRawPointer(values.baseAddress! + start).loadUnaligned(as: SIMD8<UInt32>.self) & mask
                bits.replace(with: some, where: some .> bits)
            }
            var largest = bits.max()
            for index in whole..<values.count { largest = max(largest, values[index].bitPattern & mask) }
            return Float(bitPattern: largest)
        }
    }
}
