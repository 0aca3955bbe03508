import Configuration
import Foundation
import NetworkReaders
import TestSupport
import Testing

@testable import Flows
@testable import Reports

/// Is what a configuration names a part of its hash, by what it holds and not by where it lies?
@Suite struct ConfigHashTests {
    private func hash(_ pixels: [UInt8], in workplace: Scratch, _ name: String) throws -> String {
        let path = workplace.path(name)
        try NpyWriter.write(NpyArray(shape: [1, 3, 8, 8], elements: .uint8(pixels)), to: path)
        let text = try #require(Texts.tiny("images: synthetic", "images: \(name)"))
        let configuration = try Configuration.load(path: try workplace.write("tiny.yaml", text))
        return try Flow.simulate(SimulationRequest(configuration)).report.configHash
    }

    @Test func imagesCountByTheirContents() throws {
        let (workplace, elsewhere) = (try Scratch(), try Scratch())
        let pixels = (0..<3 * 8 * 8).map { UInt8(truncatingIfNeeded: 5 * $0) }
        var other = pixels
        other[100] ^= 1
        let first = try hash(pixels, in: workplace, "images.npy")
        #expect(try hash(other, in: workplace, "images.npy") != first)
        #expect(try hash(pixels, in: workplace, "images.npy") == first)
        #expect(try hash(pixels, in: elsewhere, "images.npy") == first)
    }
}
