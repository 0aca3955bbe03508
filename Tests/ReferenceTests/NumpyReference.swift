// Runs scripts/checks/integer_reference.py, the implementation that shares no code with this package.

import Foundation
import Networks
import Quantizer

enum NumpyReference {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// SHIFTSIM_PYTHON, or .venv/bin/python in the package root; nil where neither exists.
    static let python: String? = {
        let named = ProcessInfo.processInfo.environment["SHIFTSIM_PYTHON"]
        let candidate = named ?? root.appendingPathComponent(".venv/bin/python").path
        return FileManager.default.isExecutableFile(atPath: candidate) ? candidate : nil
    }()

    static let reason: String = "needs Python with numpy: set SHIFTSIM_PYTHON or make .venv in the package root"

    struct Failure: Error { var message: String }

    /// Every layer's output for every image: result[image][layer name].
    static func run(_ network: QuantizedNetwork, inputs: [IntegerTensor]) throws -> [[String: IntegerTensor]] {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: directory) }
        let archive = directory.appendingPathComponent("archive")
        try QuantizedNetworkArchive.write(network, to: archive)
        let images = directory.appendingPathComponent("images.npy")
        try npy(inputs, shape: network.input).write(to: images)
        let output = directory.appendingPathComponent("output")
        try execute([archive.path, images.path, "-o", output.path])
        var results = [[String: IntegerTensor]](repeating: [:], count: inputs.count)
        for (index, layer) in network.layers.enumerated() {
            let file = output.appendingPathComponent(String(format: "%03d.npy", index))
            let values = try integers(npy: Data(contentsOf: file))
            let size = layer.outputShape.count
            for image in inputs.indices {
                let part = Array(values[image * size..<(image + 1) * size])
                results[image][layer.name] = IntegerTensor(shape: layer.outputShape, values: part)
            }
        }
        return results
    }

    private static func execute(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: python ?? "")
        process.arguments = [root.appendingPathComponent("scripts/checks/integer_reference.py").path] + arguments
        let errors = Pipe()
        process.standardOutput = FileHandle.nullDevice
        process.standardError = errors
        try process.run()
        let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        if process.terminationStatus != 0 { throw Failure(message: text) }
    }

    /// Version 1.0 of the format: magic, header length, header padded to 64 bytes, little-endian int32.
    private static func npy(_ tensors: [IntegerTensor], shape: Shape) -> Data {
        let size = "(\(tensors.count), \(shape.channels), \(shape.height), \(shape.width))"
        var header = "{'descr': '<i4', 'fortran_order': False, 'shape': \(size), }"
        header += String(repeating: " ", count: 63 - (10 + header.utf8.count) % 64) + "\n"
        var data = Data([0x93] + Array("NUMPY".utf8) + [1, 0])
        data.append(contentsOf: [UInt8(header.utf8.count & 255), UInt8(header.utf8.count >> 8)])
        data.append(contentsOf: header.utf8)
        for tensor in tensors { tensor.values.map(\.littleEndian).withUnsafeBytes { data.append(contentsOf: $0) } }
        return data
    }

    private static func integers(npy data: Data) throws -> [Int32] {
        let start = 10 + Int(data[8]) + Int(data[9]) << 8
        return data.withUnsafeBytes { bytes in
            stride(from: start, to: bytes.count, by: 4).map {
                Int32(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: Int32.self))
            }
        }
    }
}
