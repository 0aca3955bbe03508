// The .npy format, version 1.0 (numpy.lib.format): magic, version, header length, a Python dictionary padded with
// blanks so that the data starts at a multiple of 64 bytes, then the elements, little-endian.

import Diagnostics
import Foundation
import Networks
import Output
import Support

/// Writes arrays as .npy files.
public enum NpyWriter {
    /// Writes the file. Throws `InputError` when the shape does not match the elements or the
    /// path cannot be written.
    public static func write(_ array: NpyArray, to path: String) throws {
        try WholeFile.write(data(array, place: path), to: path)
    }

    /// The bytes of the file.
    public static func data(_ array: NpyArray, place: String = "npy") throws -> Data {
        let count = Limits.product(array.shape, upTo: Int.max)
        guard count == array.elements.count else {
            throw InputError(at: place, "shape \(array.shape) does not match \(array.elements.count) elements")
        }
        var result = header(array)
        switch array.elements {
        case .float32(let values): append(values.map { $0.bitPattern }, to: &result)
        case .int32(let values): append(values, to: &result)
        case .int64(let values): append(values, to: &result)
        case .uint8(let values): result.append(contentsOf: values)
        }
        return result
    }

    private static func header(_ array: NpyArray) -> Data {
        let descriptor =
            switch array.elements {
            case .float32: "<f4"
            case .int32: "<i4"
            case .int64: "<i8"
            case .uint8: "|u1"
            }
        let sizes = array.shape.map(String.init).joined(separator: ", ") + (array.shape.count == 1 ? "," : "")
        var text = "{'descr': '\(descriptor)', 'fortran_order': False, 'shape': (\(sizes)), }"
        let used = 10 + text.utf8.count + 1
        text += String(repeating: " ", count: (64 - used % 64) % 64) + "\n"
        var data = Data([0x93] + Array("NUMPY".utf8) + [1, 0])
        append([UInt16(text.utf8.count)], to: &data)
        data.append(contentsOf: text.utf8)
        return data
    }

    private static func append<T: FixedWidthInteger>(_ values: [T], to data: inout Data) {
        LittleEndian.withBytes(of: values) { data.append(contentsOf: $0) }
    }
}
