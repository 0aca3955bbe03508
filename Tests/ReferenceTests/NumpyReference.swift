// Runs shiftsim_tools.integer_reference, the implementation that shares no code with this package.

import Foundation
import Networks
import Quantizer
import TestSupport

enum NumpyReference {
    /// Whether there is a Python.
    static let isThere = Tools.python != nil

    /// Whether that Python also has ONNX and onnxruntime.
    static let hasRuntime = Tools.pythonHas("onnx") && Tools.pythonHas("onnxruntime")

    static let reason: String = "needs Python with numpy: set SHIFTSIM_PYTHON or make .venv in the package root"

    /// Every layer's output for every image: result[image][layer name].
    static func run(_ network: QuantizedNetwork, inputs: [IntegerTensor]) throws -> [[String: IntegerTensor]] {
        try results(network, inputs: inputs, options: []) { output in
            var results = [[String: IntegerTensor]](repeating: [:], count: inputs.count)
            for (index, layer) in network.layers.enumerated() {
                for (image, tensor) in try tensors(of: layer, index: index, in: output).enumerated() {
                    results[image][layer.name] = tensor
                }
            }
            return results
        }
    }

    /// The last layer's output for every image.
    static func outputs(_ network: QuantizedNetwork, inputs: [IntegerTensor]) throws -> [IntegerTensor] {
        let last = network.layers.count - 1
        // In parts, for the matrices of all images together are large.
        return try stride(from: 0, to: inputs.count, by: 50).flatMap { start in
            let part = Array(inputs[start..<min(start + 50, inputs.count)])
            return try results(network, inputs: part, options: ["--last"]) { output in
                try tensors(of: network.layers[last], index: last, in: output)
            }
        }
    }

    private static func results<Result>(
        _ network: QuantizedNetwork, inputs: [IntegerTensor], options: [String], read: (URL) throws -> Result
    ) throws -> Result {
        try Scratch.with { directory in
            let archive = directory.appendingPathComponent("archive")
            try QuantizedNetworkArchive.write(network, to: archive)
            let images = directory.appendingPathComponent("images.npy")
            try npy(inputs, shape: network.input).write(to: images)
            let output = directory.appendingPathComponent("output")
            try execute("integer_reference", [archive.path, images.path, "-o", output.path] + options)
            return try read(output)
        }
    }

    private static func tensors(of layer: QuantizedLayer, index: Int, in output: URL) throws -> [IntegerTensor] {
        let file = output.appendingPathComponent(String(format: "%03d.npy", index))
        let values = try integers(npy: Data(contentsOf: file))
        let size = layer.outputShape.count
        return stride(from: 0, to: values.count, by: size).map { start in
            IntegerTensor(shape: layer.outputShape, values: Array(values[start..<start + size]))
        }
    }

    /// Runs a module of shiftsim_tools.
    @discardableResult
    static func execute(_ module: String, _ arguments: [String]) throws -> String {
        try Tools.runPython(["-m", "shiftsim_tools.\(module)"] + arguments)
    }

    /// Version 1.0 of the format: magic, header length, header padded to 64 bytes, little-endian int32.
    static func npy(_ tensors: [IntegerTensor], shape: Shape) -> Data {
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
