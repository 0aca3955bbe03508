// External memory while a network is compiled: places are handed out in order, from address 0 on.

/// Bytes of external memory before the run.
struct MemoryImage: Sendable {
    /// What is allocated so far.
    private(set) var bytes: [UInt8] = []

    /// Gives out so many zero bytes, from a multiple of 64 on, and returns their address.
    mutating func allocate(_ count: Int) -> Int {
        let address = (bytes.count + 63) & ~63
        bytes.append(contentsOf: [UInt8](repeating: 0, count: address - bytes.count + count))
        return address
    }

    /// Writes the `count` lowest bytes of a value, lowest first.
    mutating func write(_ value: UInt64, bytes count: Int, at address: Int) {
        for byte in 0..<count { bytes[address + byte] = UInt8(truncatingIfNeeded: value >> UInt64(8 * byte)) }
    }

    /// Lends the bytes for many writes.
    mutating func withBytes(_ body: (UnsafeMutableBufferPointer<UInt8>) -> Void) {
        bytes.withUnsafeMutableBufferPointer { body($0) }
    }
}
