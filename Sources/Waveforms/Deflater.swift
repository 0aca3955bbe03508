// Compression with the system's zlib (RFC 1950 streams, RFC 1952 members), one reused state per writer.

import CZlib

/// A reusable zlib compressor.
final class Deflater {
    /// The container around the compressed data.
    enum Container: Int32 {
        /// RFC 1950, 32 KiB window: first byte 0x78.
        case zlib = 15
        /// RFC 1952 with an empty header (no flags, no time).
        case gzip = 31
    }

    // The stream lives on the heap because zlib keeps a pointer to it in its state.
    private let stream: UnsafeMutablePointer<z_stream>

    init(level: Int, container: Container = .zlib) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let result = deflateInit2_(
            stream, Int32(level), Z_DEFLATED, container.rawValue, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        precondition(result == Z_OK, "zlib cannot start: \(result)")
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    /// Appends the compressed form of `source` to `target` and gives its length.
    func compress(_ source: UnsafeBufferPointer<UInt8>, into target: inout ByteBuffer) -> Int {
        precondition(source.count <= Int(UInt32.max) / 2, "a block is too large for one zlib call")
        deflateReset(stream)
        let bound = Int(deflateBound(stream, UInt(source.count))) + 32
        target.reserve(bound)
        stream.pointee.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
        stream.pointee.avail_in = UInt32(source.count)
        stream.pointee.next_out = target.end
        stream.pointee.avail_out = UInt32(bound)
        let result = deflate(stream, Z_FINISH)
        precondition(result == Z_STREAM_END, "zlib could not finish a block: \(result)")
        let length = bound - Int(stream.pointee.avail_out)
        target.advance(length)
        return length
    }
}
