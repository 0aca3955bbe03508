// Decompression with the system's zlib (RFC 1950 streams, RFC 1952 members), one reused state per reader.

import CZlib

/// A reusable zlib decompressor.
final class Inflater {
    // On the heap because zlib keeps a pointer to it in its state.
    private let stream: UnsafeMutablePointer<z_stream>

    init() {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let result = inflateInit2_(stream, 15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        precondition(result == Z_OK, "zlib cannot start: \(result)")
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// The most bytes that `count` compressed bytes can stand for, so that a wrong length asks for no memory.
    static func limit(_ count: Int) -> Int { count.multipliedReportingOverflow(by: 1040).partialValue + 64 }

    /// Unpacks one stream that must give exactly as many bytes as the target has.
    func decompress(
        _ source: UnsafeBufferPointer<UInt8>, into target: UnsafeMutableBufferPointer<UInt8>,
        container: Deflater.Container = .zlib
    ) throws(Malformed) {
        guard source.count < Int(UInt32.max), target.count < Int(UInt32.max) else {
            throw Malformed(reason: "it has a block above 4 GiB", isUnsupported: true)
        }
        inflateReset2(stream, container.rawValue)
        stream.pointee.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
        stream.pointee.avail_in = UInt32(source.count)
        stream.pointee.next_out = target.baseAddress
        stream.pointee.avail_out = UInt32(target.count)
        let result = inflate(stream, Z_FINISH)
        guard result == Z_STREAM_END, stream.pointee.avail_out == 0 else {
            throw Malformed(reason: "a compressed block does not unpack to its stated length")
        }
    }
}
