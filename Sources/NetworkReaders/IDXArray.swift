// IDX files (yann.lecun.com/exdb/mnist): two zero bytes, the element type, the number of axes, the sizes as
// big-endian 32-bit words, then the elements. Here only unsigned bytes (type 8), plain or gzip-compressed.

import Diagnostics
import Foundation
import Networks

struct IDXArray {
    var dimensions: [Int]
    var values: [UInt8]

    static func read(_ path: String, axes: Int) throws -> IDXArray {
        let data = try Files.read(path)
        let isCompressed = data.starts(with: [0x1F, 0x8B])
        return try IDXArray([UInt8](isCompressed ? Inflate.gzip(data, place: path) : data), axes: axes, place: path)
    }

    init(_ bytes: [UInt8], axes: Int, place: String) throws {
        guard bytes.count >= 4, bytes[0] == 0, bytes[1] == 0 else { throw InputError(at: place, "not an IDX file") }
        guard bytes[2] == 8, Int(bytes[3]) == axes else {
            let found = "element type \(bytes[2]) and \(bytes[3]) axes"
            throw InputError(.unsupported, at: place, "IDX \(found); supported here are type 8 (bytes) and \(axes)")
        }
        let header = 4 + 4 * axes
        guard bytes.count >= header else { throw InputError(at: place, "the IDX header is truncated") }
        let dimensions = (0..<axes).map { axis in
            bytes[4 + 4 * axis..<8 + 4 * axis].reduce(0) { $0 << 8 | Int($1) }
        }
        guard let count = Limits.product(dimensions, upTo: Files.largest), count == bytes.count - header else {
            let stored = bytes.count - header
            throw InputError(at: place, "IDX sizes \(dimensions) do not match the \(stored) bytes stored")
        }
        self.dimensions = dimensions
        values = Array(bytes[header...])
    }
}
