// External memory while a network is compiled: places are handed out in order, from address 0 on.

/// Bytes of external memory before the run.
struct MemoryImage: Sendable {
    /// Bytes from `origin` on; what is before them is zero.
    private(set) var bytes: [UInt8] = []
    /// The first byte that has contents.
    private(set) var origin = 0
    /// Whether places that are handed out get contents; of others nothing is written.
    private var hasContents: Bool

    /// Places begin at its multiples.
    private let alignment: Int

    /// Places begin at multiples of an access of the DRAM, 64 bytes, and of the widest beat. A program that is only timed needs no
    /// contents but its instructions.
    init(hasContents: Bool = true, beatBytes: Int) {
        self.hasContents = hasContents
        alignment = max(64, beatBytes)
    }

    /// Bytes that are allocated so far.
    var count: Int { origin + bytes.count }

    /// Everything allocated from now on has contents.
    mutating func begin() { hasContents = true }

    /// Gives out so many zero bytes and returns their address.
    mutating func allocate(_ count: Int) -> Int {
        let address = (self.count + alignment - 1) & ~(alignment - 1)
        var missing = address - self.count + count
        guard hasContents else {
            origin += missing
            return address
        }
        while missing > 0 {
            let some = min(missing, MemoryImage.zeros.count)
            bytes.append(contentsOf: MemoryImage.zeros[..<some])
            missing -= some
        }
        return address
    }

    private static let zeros = [UInt8](repeating: 0, count: 1 << 16)

    /// Makes room for so many bytes more, so that what is there need not move while they are allocated.
    mutating func reserve(_ count: Int) {
        if hasContents { bytes.reserveCapacity(bytes.count + count) }
    }

    /// Writes the `count` lowest bytes of a value, lowest first.
    mutating func write(_ value: UInt64, bytes count: Int, at address: Int) {
        guard address >= origin, hasContents else { return }
        for byte in 0..<count { bytes[address - origin + byte] = UInt8(truncatingIfNeeded: value >> UInt64(8 * byte)) }
    }

    /// Lends the bytes for many writes; all have contents.
    mutating func withBytes(_ body: (UnsafeMutableBufferPointer<UInt8>) -> Void) {
        precondition(origin == 0 && hasContents)
        bytes.withUnsafeMutableBufferPointer { body($0) }
    }
}
