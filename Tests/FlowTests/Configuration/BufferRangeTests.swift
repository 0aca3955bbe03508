// Is every buffer of the size that was asked for, or refused?

import Accelerator
import Configuration
import Diagnostics
import Flows
import Foundation
import Preparation
import TestSupport
import Testing

@Suite struct BufferRangeTests {
    /// An array that has the buffer, with its word in bits.
    struct Case: CustomTestStringConvertible, Sendable {
        var buffer: ConfiguredBuffer
        var wordBits: Int
        var array: [String]
        var testDescription: String { "\(buffer.key), words of \(wordBits) bits" }
    }

    static let cases: [Case] = [
        Case(buffer: .ifmap, wordBits: 48, array: ["array.inputs=3"]),
        Case(buffer: .ifmap, wordBits: 64 * 4 * 16, array: ["array.inputs=64", "array.pixels=4"]),
        Case(buffer: .ofmap, wordBits: 16, array: ["array.outputs=1"]),
        Case(buffer: .ofmap, wordBits: 2048, array: ["array.outputs=64", "array.pixels=2"]),
        Case(buffer: .weight, wordBits: 3 * 2 * 3, array: ["array.inputs=3", "array.outputs=2"]),
        Case(buffer: .weight, wordBits: 64 * 64 * 3, array: ["array.inputs=64", "array.outputs=64"]),
        Case(buffer: .psum, wordBits: 2 * 32, array: convolver + ["array.outputs=2", "array.accumulator_bits=32"]),
        Case(buffer: .psum, wordBits: 64 * 48, array: convolver + ["array.outputs=64", "array.accumulator_bits=48"]),
    ]
    static let convolver = ["array.family=convolver", "array.inputs=4"]

    /// The least and the most, by counting words: 16 and 32,768 of block RAMs 32,768 deep.
    static func bounds(_ wordBits: Int) -> (least: Int, most: Int) {
        let fitting = (1...200_000).filter { (16...32_768).contains($0 * 1024 * 8 / wordBits) }
        return (fitting.first!, fitting.last!)
    }

    @Test func everyBufferHasACase() {
        #expect(Set(Self.cases.map(\.buffer)) == Set(ConfiguredBuffer.allCases))
        #expect(
            ConfigTable.keys.filter { $0.path.hasPrefix("buffers.") }.map(\.path)
                == ConfiguredBuffer.allCases.map(\.key))
    }

    @Test(arguments: cases)
    func whatIsAskedForIsBuiltOrRefused(_ item: Case) throws {
        let workplace = try Scratch()
        let file = try workplace.write("tiny.yaml", Texts.tiny)
        func load(_ kib: Int?) throws -> Configuration {
            let sizes = kib.map { ["\(item.buffer.key)=\($0)"] } ?? []
            // The other buffers take what the array can have.
            let changes = ["buffers={}", "device.allow_overflow=true"] + item.array + sizes
            return try Configuration.load(path: file, assignments: changes.map { ConfigAssignment($0) })
        }
        let (least, most) = Self.bounds(item.wordBits)
        for kib in [least, min(most, 8192)] {
            let configuration = try load(kib)
            let (words, text) = try built(configuration, item.buffer)
            #expect(words == kib * 8192 / item.wordBits)
            #expect(text.contains("\(item.buffer.key.split(separator: ".")[1]): \(kib)\n"))
        }
        for kib in [least - 1, most + 1] where (1...8192).contains(kib) {
            let error = #expect(throws: InputError.self) { try built(try load(kib), item.buffer) }
            #expect(error?.place == "--set \(item.buffer.key)")
            #expect(error?.message.hasPrefix("\(item.buffer.key): is \(kib), ") == true, "\(error?.message ?? "")")
            #expect(error?.message.contains("accepted for this array: \(least)...\(min(most, 8192)), ") == true)
        }
        let standard = item.buffer == .psum ? 128 : 256
        let (words, text) = try built(try load(nil), item.buffer)
        #expect(words == min(standard, most) * 8192 / item.wordBits)
        #expect(text.contains("\(item.buffer.key.split(separator: ".")[1]): \(min(standard, most))\n"))
    }

    /// Words of a buffer of the elaborated design, and the resolved file.
    private func built(_ configuration: Configuration, _ buffer: ConfiguredBuffer) throws -> (Int, String) {
        let network = try PreparedNetwork.prepare(configuration.network, configuration.quantization)
        let hardware = try Hardware.elaborate(configuration, for: network.quantized)
        let parameters = hardware.accelerator.parameters
        let words =
            switch buffer {
            case .ifmap: parameters.ifmapDepth
            case .weight: parameters.weightDepth
            case .ofmap: parameters.ofmapDepth
            case .psum: parameters.convolver?.psumDepth ?? 0
            }
        return (words, configuration.resolved(for: network, on: hardware).resolvedText)
    }
}
