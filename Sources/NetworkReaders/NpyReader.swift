// The .npy format, versions 1.0 to 3.0 (numpy.lib.format), for the element types of NpyArray.

import Diagnostics
import Foundation
import Networks

/// Reads .npy files of little-endian float32, int32, int64 and uint8 in C order.
public enum NpyReader {
    /// The array in the file at `path`. Throws `InputError`.
    public static func read(path: String) throws -> NpyArray {
        try array(try Files.read(path), place: path)
    }

    /// The array in the bytes of a file; `place` names them in messages. Throws `InputError`.
    public static func array(_ data: Data, place: String) throws -> NpyArray {
        let bytes = Data(data)  // indices from 0
        guard bytes.starts(with: [0x93] + Array("NUMPY".utf8)) else { throw InputError(at: place, "not a .npy file") }
        guard bytes.count >= 12, (1...3).contains(bytes[6]) else {
            throw InputError(at: place, "a .npy file that is truncated or of an unknown version")
        }
        let lengthBytes = bytes[6] == 1 ? 2 : 4
        let length = bytes[8..<8 + lengthBytes].reversed().reduce(0) { $0 << 8 | Int($1) }
        let start = 8 + lengthBytes
        guard length <= bytes.count - start else { throw InputError(at: place, "the .npy header is truncated") }
        let header = String(decoding: bytes[start..<start + length], as: UTF8.self)
        let shape = try shape(header, place: place)
        if try value("fortran_order", in: header, place: place).hasPrefix("True"), shape.count > 1 {
            throw InputError(.unsupported, at: place, "Fortran order; supported is C order")
        }
        let elements = try elements(bytes[(start + length)...], header: header, shape: shape, place: place)
        return NpyArray(shape: shape, elements: elements)
    }

    private static func elements(
        _ raw: Data, header: String, shape: [Int], place: String
    ) throws -> NpyArray.Elements {
        let type = try value("descr", in: header, place: place).prefix { $0 != "," && $0 != "}" }
        let name = type.filter { $0 != "'" && $0 != "\"" && $0 != " " }
        guard let size = ["<f4": 4, "<i4": 4, "<i8": 8, "|u1": 1, "<u1": 1][name] else {
            throw InputError(
                .unsupported, at: place, "elements of type \(name); supported are <f4, <i4, <i8 and |u1")
        }
        guard let count = Limits.product(shape, upTo: Files.largest), raw.count == count * size else {
            throw InputError(at: place, "shape \(shape) of \(name) does not match the \(raw.count) bytes stored")
        }
        switch name {
        case "<f4": return .float32(raw.littleEndian(UInt32.self).map { Float(bitPattern: $0) })
        case "<i4": return .int32(raw.littleEndian(Int32.self))
        case "<i8": return .int64(raw.littleEndian(Int64.self))
        default: return .uint8([UInt8](raw))
        }
    }

    private static func shape(_ header: String, place: String) throws -> [Int] {
        let text = try value("shape", in: header, place: place)
        guard text.first == "(", let end = text.firstIndex(of: ")") else {
            throw InputError(at: place, "the .npy header has no shape")
        }
        let parts = text[text.index(after: text.startIndex)..<end].split(separator: ",")
        return try parts.map { $0.filter { $0 != " " } }.filter { !$0.isEmpty }.map { part in
            guard let size = Int(part), size >= 0 else {
                throw InputError(at: place, "the .npy header has a wrong shape: \(text[...end])")
            }
            return size
        }
    }

    /// The text after `'key':` in the header's dictionary.
    private static func value(_ key: String, in header: String, place: String) throws -> Substring {
        guard let found = header.range(of: "'\(key)':") else {
            throw InputError(at: place, "the .npy header has no \(key)")
        }
        return header[found.upperBound...].drop { $0 == " " }
    }
}
