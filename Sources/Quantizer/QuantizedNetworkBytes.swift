// A quantized network and its report as bytes, for a cache: quick to read, and of this version of the program only.
// Weights take a byte each where all of a layer fit one. The report, which is small, is JSON.

import Foundation
import Networks
import Support

/// What quantization gives, as bytes and back.
public enum QuantizedNetworkBytes {
    /// Changes with the fields below, and with what the quantizer computes.
    public static let version = 2

    /// Throws what `JSONEncoder` does for a report with numbers that are none.
    public static func encode(_ network: QuantizedNetwork, _ report: QuantizationReport) throws -> [UInt8] {
        var writer = FieldWriter(room: network.parameters + (1 << 16))
        // In this order, so that equal networks have equal bytes.
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        var (network, json) = (network, [UInt8](try encoder.encode(report)))
        try network.walk(&writer)
        writer.array(&json)
        return writer.bytes
    }

    /// Throws where the bytes are not what `encode` gives.
    public static func decode(_ bytes: UnsafeRawBufferPointer) throws -> (QuantizedNetwork, QuantizationReport) {
        var reader = FieldReader(bytes)
        var (network, json) = (QuantizedNetwork.blank, [UInt8]())
        try network.walk(&reader)
        try reader.array(&json)
        guard reader.isAtEnd else { throw FieldReader.Shortage() }
        return (network, try JSONDecoder().decode(QuantizationReport.self, from: Data(json)))
    }

    /// An outline of a network (`Quantizer.outline`), which has no report.
    public static func bytes(ofOutline network: QuantizedNetwork) throws -> [UInt8] {
        var (network, writer) = (network, FieldWriter(room: network.parameters + (1 << 16)))
        try network.walk(&writer)
        return writer.bytes
    }

    /// Throws where the bytes are not those of an outline.
    public static func outline(_ bytes: UnsafeRawBufferPointer) throws -> QuantizedNetwork {
        var (network, reader) = (QuantizedNetwork.blank, FieldReader(bytes))
        try network.walk(&reader)
        guard reader.isAtEnd else { throw FieldReader.Shortage() }
        return network
    }
}

// MARK: - Fields

extension QuantizedNetwork {
    fileprivate static let blank = QuantizedNetwork(
        name: "", input: .blank, inputExponent: 0, activationBits: 0, layers: [], parameters: 0)

    fileprivate mutating func walk(_ coder: inout some FieldCoder) throws {
        try coder.text(&name)
        try input.walk(&coder)
        try coder.integer(&inputExponent)
        try coder.real(&inputMantissa)
        try coder.integer(&activationBits)
        try coder.list(&layers, blank: .blank) { try $1.walk(&$0) }
        try coder.list(&concatenations, blank: Concatenation(name: "", parts: [])) { coder, whole in
            try coder.text(&whole.name)
            try coder.list(&whole.parts, blank: "") { try $0.text(&$1) }
        }
        try coder.integer(&parameters)
    }
}

extension QuantizedLayer {
    fileprivate static let blank = QuantizedLayer(
        name: "", kind: "", operation: .maxPool, window: Window(kernel: 1), input: "", residual: nil,
        inputShape: .blank, outputShape: .blank,
        requantization: Requantization(preShift: 0, multiplier: [], bias: [], shift: 0, relu: false),
        outputExponent: 0, macs: 0)

    fileprivate mutating func walk(_ coder: inout some FieldCoder) throws {
        try coder.text(&name)
        try coder.text(&kind)
        try operation.walk(&coder)
        try window.walk(&coder)
        try coder.text(&input)
        try coder.optional(
            &preActivation, blank: PreActivation(multiplier: [], bias: [], shift: 0, relu: false, exponent: 0)
        ) { try $1.walk(&$0) }
        try coder.optional(&residual, blank: "") { try $0.text(&$1) }
        try inputShape.walk(&coder)
        try outputShape.walk(&coder)
        try requantization.walk(&coder)
        try coder.list(&regions, blank: PoolRegion(rows: 0..<0, columns: 0..<0, multiplier: [])) { try $1.walk(&$0) }
        try coder.flag(&runsOnHost)
        try coder.integer(&outputExponent)
        try coder.real(&outputMantissa)
        try coder.integer(&macs)
    }
}

extension QuantizedOperation {
    fileprivate mutating func walk(_ coder: inout some FieldCoder) throws {
        var tag =
            switch self {
            case .convolution: 0
            case .maxPool: 1
            case .sumPool: 2
            case .host(.localResponseNormalization, _): 3
            }
        try coder.integer(&tag)
        switch tag {
        case 0:
            var (weights, format, groups) = ([Int32](), WeightFormat.fixed(bits: 0), 0)
            if case .convolution(let codes, let given, let count) = self {
                (weights, format, groups) = (codes, given, count)
            }
            try QuantizedOperation.walk(weights: &weights, &coder)
            try format.walk(&coder)
            try coder.integer(&groups)
            self = .convolution(weights: weights, format: format, groups: groups)
        case 1: self = .maxPool
        case 2: self = .sumPool
        case 3:
            var constants = LocalResponseNormalization(size: 0, alpha: 0, beta: 0, bias: 0)
            var exponent = 0
            if case .host(.localResponseNormalization(let given), let known) = self {
                (constants, exponent) = (given, known)
            }
            try coder.integer(&constants.size)
            try coder.real(&constants.alpha)
            try coder.real(&constants.beta)
            try coder.real(&constants.bias)
            try coder.integer(&exponent)
            self = .host(.localResponseNormalization(constants), inputExponent: exponent)
        default: throw FieldReader.Shortage()
        }
    }

    private static func walk(weights: inout [Int32], _ coder: inout some FieldCoder) throws {
        let bytes = Int32(Int8.min)...Int32(Int8.max)
        var isNarrow =
            WeightScan.extremes(weights).map { bytes.contains($0.lowerBound) && bytes.contains($0.upperBound) } ?? true
        try coder.flag(&isNarrow)
        if isNarrow { try coder.bytes(&weights) } else { try coder.array(&weights) }
    }
}

extension WeightFormat {
    fileprivate mutating func walk(_ coder: inout some FieldCoder) throws {
        var (tag, bits, terms) =
            switch self {
            case .powerOfTwo(let bits): (0, bits, 1)
            case .powerOfTwoSum(let bits, let terms): (1, bits, terms)
            case .fixed(let bits): (2, bits, 1)
            }
        try coder.integer(&tag)
        try coder.integer(&bits)
        try coder.integer(&terms)
        switch tag {
        case 0: self = .powerOfTwo(bits: bits)
        case 1: self = .powerOfTwoSum(bits: bits, terms: terms)
        case 2: self = .fixed(bits: bits)
        default: throw FieldReader.Shortage()
        }
    }
}

extension PreActivation {
    fileprivate mutating func walk(_ coder: inout some FieldCoder) throws {
        try coder.array(&multiplier)
        try coder.array(&bias)
        try coder.integer(&shift)
        try coder.flag(&relu)
        try coder.integer(&exponent)
        try coder.real(&mantissa)
    }
}

extension Requantization {
    fileprivate mutating func walk(_ coder: inout some FieldCoder) throws {
        try coder.integer(&preShift)
        try coder.array(&multiplier)
        try coder.array(&bias)
        try coder.integer(&residualShift)
        try coder.integer(&shift)
        try coder.flag(&relu)
    }
}

extension PoolRegion {
    fileprivate mutating func walk(_ coder: inout some FieldCoder) throws {
        var bounds = [rows.lowerBound, rows.upperBound, columns.lowerBound, columns.upperBound]
        for index in bounds.indices { try coder.integer(&bounds[index]) }
        guard bounds[0] <= bounds[1], bounds[2] <= bounds[3] else { throw FieldReader.Shortage() }
        (rows, columns) = (bounds[0]..<bounds[1], bounds[2]..<bounds[3])
        try coder.array(&multiplier)
    }
}

extension Shape {
    fileprivate static let blank = Shape(channels: 0, height: 0, width: 0)

    fileprivate mutating func walk(_ coder: inout some FieldCoder) throws {
        try coder.integer(&channels)
        try coder.integer(&height)
        try coder.integer(&width)
    }
}

extension Window {
    fileprivate mutating func walk(_ coder: inout some FieldCoder) throws {
        try coder.integer(&kernelHeight)
        try coder.integer(&kernelWidth)
        try coder.integer(&strideHeight)
        try coder.integer(&strideWidth)
        try coder.integer(&padTop)
        try coder.integer(&padLeft)
        try coder.integer(&padBottom)
        try coder.integer(&padRight)
        try coder.integer(&dilationHeight)
        try coder.integer(&dilationWidth)
    }
}
