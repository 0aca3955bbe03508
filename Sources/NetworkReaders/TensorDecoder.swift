// TensorProto -> ConstantTensor (onnx-ml.proto, message TensorProto: which typed field holds which element type).
// The declared dimensions are compared with the stored bytes before anything is allocated.

import Diagnostics
import Foundation
import Networks

struct TensorDecoder {
    let file: String
    /// External data lies relative to the model's directory.
    let directory: String

    private static let types =
        "float, float16, bfloat16, double, int8, uint8, int16, uint16, int32, uint32, int64, uint64, bool"

    func decode(_ tensor: Onnx_TensorProto, name: String) throws -> ConstantTensor {
        let place = "\(file): tensor '\(name.echoed)'"
        guard let type = Onnx_TensorProto.DataType(rawValue: Int(tensor.dataType)),
            let size = TensorDecoder.size(of: type)
        else {
            throw InputError(
                .unsupported, at: place, "element type \(tensor.dataType); supported are \(TensorDecoder.types)")
        }
        guard !tensor.hasSegment else {
            throw InputError(.unsupported, at: place, "a tensor in segments; supported are whole ones")
        }
        let dimensions = try dimensions(of: tensor, place: place)
        guard let count = Limits.product(dimensions, upTo: Files.largest) else {
            throw InputError(at: place, "dimensions \(tensor.dims) exceed \(Files.largest) elements")
        }
        let elements: ConstantTensor.Elements
        if tensor.dataLocation == .external {
            let raw = try externalData(tensor, bytes: count * size, place: place)
            elements = TensorDecoder.elements(raw, type: type)
        } else if tensor.hasRawData {
            try check(stored: tensor.rawData.count, needed: count * size, unit: "bytes", place: place)
            elements = TensorDecoder.elements(tensor.rawData, type: type)
        } else {
            elements = try typedElements(tensor, type: type, count: count, place: place)
        }
        return ConstantTensor(dimensions: dimensions, type: type, elements: elements)
    }

    private func dimensions(of tensor: Onnx_TensorProto, place: String) throws -> [Int] {
        try tensor.dims.map { size in
            guard size >= 0, size <= Int64(Files.largest) else {
                throw InputError(at: place, "dimension \(size); accepted are 0 to \(Files.largest)")
            }
            return Int(size)
        }
    }

    private func check(stored: Int, needed: Int, unit: String, place: String) throws {
        guard stored == needed else {
            throw InputError(at: place, "has \(stored) \(unit), its dimensions need \(needed)")
        }
    }

    private func typedElements(
        _ tensor: Onnx_TensorProto, type: Onnx_TensorProto.DataType, count: Int, place: String
    ) throws -> ConstantTensor.Elements {
        let elements: ConstantTensor.Elements
        switch type {
        case .float: elements = .real(tensor.floatData)
        case .double: elements = .real(tensor.doubleData.map { Float($0) })
        case .float16: elements = .real(tensor.int32Data.map { halfToFloat(UInt16(truncatingIfNeeded: $0)) })
        case .bfloat16:
            elements = .real(tensor.int32Data.map { bfloatToFloat(UInt16(truncatingIfNeeded: $0)) })
        case .int64: elements = .integer(tensor.int64Data)
        case .uint32, .uint64: elements = .integer(tensor.uint64Data.map { Int64(clamping: $0) })
        default: elements = .integer(tensor.int32Data.map { Int64($0) })
        }
        let stored = ConstantTensor(dimensions: [], type: type, elements: elements).count
        try check(stored: stored, needed: count, unit: "elements", place: place)
        return elements
    }

    /// Size of all files of external data. Throws `InputError` where the tensors need more than that: they overlap, and
    /// a small file could fill the memory.
    func externalBytes(of tensors: [Onnx_TensorProto]) throws -> Int {
        var files: [String: Int] = [:]
        var needed = 0
        for tensor in tensors where tensor.dataLocation == .external {
            let place = "\(file): tensor '\(tensor.name.echoed)'"
            let path = try externalPath(tensor, place: place)
            if files[path] == nil { files[path] = try Files.size(path) }
            let size = Onnx_TensorProto.DataType(rawValue: Int(tensor.dataType)).flatMap(TensorDecoder.size) ?? 0
            let count = Limits.product(try dimensions(of: tensor, place: place), upTo: Files.largest) ?? Files.largest
            needed += count * size
        }
        let stored = files.values.reduce(0, +)
        guard needed <= stored else {
            throw InputError(
                at: file,
                "its external tensors need \(needed) bytes of files of \(stored); accepted are as many at most")
        }
        return stored
    }

    private func externalPath(_ tensor: Onnx_TensorProto, place: String) throws -> String {
        let location = tensor.externalData.last { $0.key == "location" }?.value ?? ""
        let parts = location.split(separator: "/", omittingEmptySubsequences: false)
        guard !location.isEmpty, !location.hasPrefix("/"), !parts.contains("..") else {
            throw InputError(
                at: place, "external data at '\(location.echoed)'; accepted is a path below the model's folder")
        }
        let path = directory.isEmpty ? location : "\(directory)/\(location)"
        guard Files.exists(path) else { throw InputError(at: place, "external data file \(path) is missing") }
        return path
    }

    private func externalData(_ tensor: Onnx_TensorProto, bytes: Int, place: String) throws -> Data {
        var properties: [String: String] = [:]
        for entry in tensor.externalData { properties[entry.key] = entry.value }
        let path = try externalPath(tensor, place: place)
        let offset = Int(properties["offset"] ?? "0") ?? -1
        let length = properties["length"].map { Int($0) ?? -1 } ?? bytes
        try check(stored: length, needed: bytes, unit: "bytes of external data", place: place)
        return try Files.read(path, offset: offset, count: bytes)
    }
}

extension TensorDecoder {
    /// Bytes of one element in raw data; nil for types that are not read.
    private static func size(of type: Onnx_TensorProto.DataType) -> Int? {
        switch type {
        case .int8, .uint8, .bool: 1
        case .int16, .uint16, .float16, .bfloat16: 2
        case .float, .int32, .uint32: 4
        case .double, .int64, .uint64: 8
        default: nil
        }
    }

    private static func elements(_ raw: Data, type: Onnx_TensorProto.DataType) -> ConstantTensor.Elements {
        switch type {
        case .float: .real(raw.littleEndian(UInt32.self).map { Float(bitPattern: $0) })
        case .double: .real(raw.littleEndian(UInt64.self).map { Float(Double(bitPattern: $0)) })
        case .float16: .real(raw.littleEndian(UInt16.self).map(halfToFloat))
        case .bfloat16: .real(raw.littleEndian(UInt16.self).map(bfloatToFloat))
        case .int8: .integer(raw.littleEndian(Int8.self).map { Int64($0) })
        case .int16: .integer(raw.littleEndian(Int16.self).map { Int64($0) })
        case .uint16: .integer(raw.littleEndian(UInt16.self).map { Int64($0) })
        case .int32: .integer(raw.littleEndian(Int32.self).map { Int64($0) })
        case .uint32: .integer(raw.littleEndian(UInt32.self).map { Int64($0) })
        case .int64: .integer(raw.littleEndian(Int64.self))
        case .uint64: .integer(raw.littleEndian(UInt64.self).map { Int64(clamping: $0) })
        default: .integer(raw.map { Int64($0) })
        }
    }
}

/// IEEE 754 binary16 to binary32. (`Float16` does not exist on every platform the package names.)
func halfToFloat(_ bits: UInt16) -> Float {
    let sign: Float = bits & 0x8000 == 0 ? 1 : -1
    let exponent = Int(bits >> 10 & 0x1F)
    let fraction = Float(bits & 0x3FF)
    switch exponent {
    case 0: return sign * fraction * 0x1p-24
    case 31: return fraction == 0 ? sign * .infinity : .nan
    default: return sign * Float(sign: .plus, exponent: exponent - 15, significand: 1 + fraction * 0x1p-10)
    }
}

/// bfloat16 is the upper half of a binary32.
func bfloatToFloat(_ bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }

extension Data {
    /// The bytes as little-endian integers; a rest shorter than one integer is ignored.
    func littleEndian<T: FixedWidthInteger>(_ type: T.Type) -> [T] {
        let size = MemoryLayout<T>.size
        return withUnsafeBytes { bytes in
            [T](unsafeUninitializedCapacity: bytes.count / size) { buffer, count in
                count = bytes.count / size
                for index in 0..<count {
                    let value = bytes.loadUnaligned(fromByteOffset: index * size, as: T.self)
                    buffer.initializeElement(at: index, to: T(littleEndian: value))
                }
            }
        }
    }
}
