// Decompression through zlib, with a bound on what comes out.

import CZlib
import Diagnostics
import Foundation
import Networks

enum Inflate {
    /// Largest decompressed file, in bytes.
    static let largest = 1 << 30

    /// A gzip file of one or more members.
    static func gzip(_ data: Data, place: String) throws -> Data {
        try run(data, windowBits: 31, limit: largest, place: place)
    }

    /// A zlib stream of exactly `count` bytes.
    static func zlib(_ data: Data, count: Int, place: String) throws -> Data {
        let result = try run(data, windowBits: 15, limit: count, place: place)
        guard result.count == count else {
            throw InputError(at: place, "\(result.count) bytes after decompression; needed are \(count)")
        }
        return result
    }

    private static func run(_ data: Data, windowBits: Int32, limit: Int, place: String) throws -> Data {
        var stream = z_stream()
        let version = zlibVersion()
        guard inflateInit2_(&stream, windowBits, version, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw InputError(at: place, "zlib cannot start")
        }
        defer { inflateEnd(&stream) }
        var input = [UInt8](data)
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        var output = Data()
        return try input.withUnsafeMutableBufferPointer { source in
            stream.next_in = source.baseAddress
            stream.avail_in = UInt32(source.count)
            while true {
                let (status, produced) = step(&stream, &buffer)
                output.append(contentsOf: buffer[..<produced])
                guard output.count <= limit else {
                    throw InputError(at: place, "more than \(limit) bytes after decompression")
                }
                if status == Z_STREAM_END {
                    // A gzip file may hold several members, one after the other.
                    guard windowBits == 31, stream.avail_in > 0 else { return output }
                    inflateReset(&stream)
                } else if status != Z_OK {
                    let reason = status == Z_BUF_ERROR ? "truncated" : "damaged"
                    throw InputError(at: place, "the compressed data is \(reason)")
                }
            }
        }
    }

    private static func step(_ stream: inout z_stream, _ buffer: inout [UInt8]) -> (status: Int32, produced: Int) {
        buffer.withUnsafeMutableBufferPointer { target in
            stream.next_out = target.baseAddress
            stream.avail_out = UInt32(target.count)
            let status = inflate(&stream, Z_NO_FLUSH)
            return (status, target.count - Int(stream.avail_out))
        }
    }
}
