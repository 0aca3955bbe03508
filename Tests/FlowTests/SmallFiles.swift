// Small binary files made by hand.

import Foundation

enum SmallFiles {
    /// A float32 .npy of zeros [C, H, W], the last `missing` bytes cut off.
    static func array(channels: Int, height: Int, width: Int, missing: Int) -> Data {
        var header = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(channels), \(height), \(width)), }"
        header += String(repeating: " ", count: 117 - header.utf8.count) + "\n"
        var data = Data([0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0])
        data.append(contentsOf: header.utf8)
        data.append(Data(count: channels * height * width * 4 - missing))
        return data
    }

    /// An ONNX model with one node of an operator that is not read: Einsum(x) -> y, x and y of [1, 3, 8, 8].
    static var unsupportedModel: Data {
        let node = text(1, "x") + text(2, "y") + text(3, "node1") + text(4, "Einsum")
        let graph = message(1, node) + text(2, "g") + message(11, value("x")) + message(12, value("y"))
        let opset = text(1, "") + number(2, 13)
        return Data(number(1, 8) + message(7, graph) + message(8, opset))
    }

    private static func value(_ name: String) -> [UInt8] {
        let sizes = [1, 3, 8, 8].flatMap { message(1, number(1, UInt8($0))) }
        return text(1, name) + message(2, message(1, number(1, 1) + message(2, sizes)))
    }

    // MARK: protobuf wire format, for lengths below 128

    private static func number(_ field: UInt8, _ value: UInt8) -> [UInt8] { [field << 3, value] }

    private static func message(_ field: UInt8, _ bytes: [UInt8]) -> [UInt8] {
        precondition(bytes.count < 128)
        return [field << 3 | 2, UInt8(bytes.count)] + bytes
    }

    private static func text(_ field: UInt8, _ value: String) -> [UInt8] { message(field, Array(value.utf8)) }
}
