// Bounds-checked reading of file bytes: nothing a file says is believed before it is compared with what is there.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The reason a file cannot be read; `TraceFile` adds the path.
struct Malformed: Error {
    let reason: String
    var isUnsupported = false
}

/// Owned bytes at a fixed address.
final class ByteStore {
    let base: UnsafeMutablePointer<UInt8>
    let count: Int

    /// Takes zeroed bytes. The system gives memory for them only when they are written, so that a wrong length costs
    /// what is really there; lengths are compared with `TraceLimits` before they come here.
    init(count: Int) throws(Malformed) {
        self.count = count
        guard let memory = calloc(max(count, 1), 1) else {
            throw Malformed(reason: "there is no memory for \(count) bytes of it", isUnsupported: true)
        }
        base = memory.assumingMemoryBound(to: UInt8.self)
    }

    deinit { free(base) }

    /// Reads the bytes from the start; they stay alive until `body` returns.
    func withReader<Result, Failure: Error>(
        _ body: (inout ByteReader) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var reader = ByteReader(base: base, count: count)
        defer { withExtendedLifetime(self) {} }
        return try body(&reader)
    }

    /// The bytes for filling; valid as long as the store.
    var target: UnsafeMutableBufferPointer<UInt8> { UnsafeMutableBufferPointer(start: base, count: count) }
}

/// A position in bytes that someone else owns.
struct ByteReader {
    private(set) var position: UnsafePointer<UInt8>
    let end: UnsafePointer<UInt8>

    init(base: UnsafePointer<UInt8>, count: Int) {
        position = base
        end = base + count
    }

    var remaining: Int { end - position }
    var isAtEnd: Bool { position == end }

    mutating func byte() throws(Malformed) -> UInt8 {
        guard position < end else { throw Self.truncated }
        defer { position += 1 }
        return position.pointee
    }

    static let truncated = Malformed(reason: "its data ends in the middle of an item")

    /// Takes `count` bytes.
    mutating func take(_ count: Int) throws(Malformed) -> UnsafeBufferPointer<UInt8> {
        guard count >= 0, count <= remaining else { throw Self.truncated }
        defer { position += count }
        return UnsafeBufferPointer(start: position, count: count)
    }

    mutating func bigEndian64() throws(Malformed) -> UInt64 {
        let raw = try take(8)
        return UInt64(bigEndian: UnsafeRawPointer(raw.baseAddress.unsafelyUnwrapped).loadUnaligned(as: UInt64.self))
    }

    /// A 64-bit big-endian length that must not pass `limit`.
    mutating func length(upTo limit: Int, _ what: String) throws(Malformed) -> Int {
        try Self.checked(bigEndian64(), upTo: limit, what)
    }

    /// A variable-length number that must not pass `limit`.
    mutating func varint(upTo limit: Int, _ what: String) throws(Malformed) -> Int {
        try Self.checked(varint(), upTo: limit, what)
    }

    private static func checked(_ value: UInt64, upTo limit: Int, _ what: String) throws(Malformed) -> Int {
        guard value <= UInt64(limit) else { throw Malformed(reason: "\(what) is \(value), more than \(limit)") }
        return Int(value)
    }

    /// An unsigned LEB128 number.
    @inline(__always)
    mutating func varint() throws(Malformed) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while position < end {
            let group = position.pointee
            position += 1
            if shift == 63 && group > 1 { break }
            value |= UInt64(group & 0x7F) << shift
            if group < 0x80 { return value }
            shift += 7
            if shift > 63 { break }
        }
        throw Self.truncated
    }

    /// A signed LEB128 number.
    mutating func signedVarint() throws(Malformed) -> Int64 {
        var value: Int64 = 0
        var shift: Int64 = 0
        while shift < 64 {
            let group = try byte()
            value |= Int64(group & 0x7F) << shift
            shift += 7
            if group < 0x80 { return group & 0x40 != 0 && shift < 64 ? value | -1 << shift : value }
        }
        throw Self.truncated
    }

    /// Text up to a zero byte.
    mutating func zeroTerminatedText() throws(Malformed) -> String {
        let start = position
        while try byte() != 0 {}
        return String(decoding: UnsafeBufferPointer(start: start, count: position - start - 1), as: UTF8.self)
    }
}
