// Numbers as the bytes that files and digests hold: little endian, whatever the machine. On a machine that has them so
// already nothing is copied, which matters for weights by the million.

/// Arrays of numbers as bytes, and back.
package enum LittleEndian {
    /// Lends the bytes of integers.
    package static func withBytes<Value: FixedWidthInteger, Result>(
        of values: [Value], _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        #if _endian(little)
            return try values.withUnsafeBytes(body)
        #else
            return try values.map { $0.littleEndian }.withUnsafeBytes(body)
        #endif
    }

    /// Lends the bytes of floats.
    package static func withBytes<Result>(
        of values: [Float], _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        #if _endian(little)
            return try values.withUnsafeBytes(body)
        #else
            return try values.map { $0.bitPattern.littleEndian }.withUnsafeBytes(body)
        #endif
    }

    /// The integers that these bytes are; bytes that make no whole integer are left out.
    package static func values<Value: FixedWidthInteger>(of bytes: UnsafeRawBufferPointer) -> [Value] {
        let size = MemoryLayout<Value>.size
        let count = bytes.count / size
        let values = [Value](unsafeUninitializedCapacity: count) { target, initialized in
            UnsafeMutableRawBufferPointer(target).copyMemory(
                from: UnsafeRawBufferPointer(rebasing: bytes.prefix(count * size)))
            initialized = count
        }
        #if _endian(little)
            return values
        #else
            return values.map { Value(littleEndian: $0) }
        #endif
    }
}
