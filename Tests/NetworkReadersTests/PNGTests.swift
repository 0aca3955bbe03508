// Do PNG images of every accepted kind and filter give their pixels, and damaged ones a message?
import CZlib
import Foundation
import Networks
import TestSupport
import Testing

@testable import NetworkReaders

struct PNGTests {
    /// A PNG file from its header fields and filtered rows.
    static func png(
        width: Int, height: Int, colorType: UInt8, rows: [UInt8], palette: [UInt8] = [], depth: UInt8 = 8,
        interlace: UInt8 = 0
    ) -> Data {
        var file = Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
        file += chunk("IHDR", word(width) + word(height) + [depth, colorType, 0, 0, interlace])
        if !palette.isEmpty { file += chunk("PLTE", palette) }
        var packed = [UInt8](repeating: 0, count: Int(compressBound(UInt(rows.count))))
        var count = UInt(packed.count)
        compress(&packed, &count, rows, UInt(rows.count))
        // Two IDAT chunks: the stream continues across them.
        file += chunk("IDAT", Array(packed[..<3])) + chunk("tEXt", [65, 0, 66])
        file += chunk("IDAT", Array(packed[3..<Int(count)])) + chunk("IEND", [])
        return file
    }

    static func word(_ value: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }

    static func chunk(_ type: String, _ body: [UInt8]) -> Data {
        let covered = Array(type.utf8) + body
        return Data(word(body.count) + covered + word(Int(crc32(0, covered, UInt32(covered.count)))))
    }

    func decode(_ data: Data, _ channels: Int, _ height: Int, _ width: Int) throws -> [UInt8] {
        let expected = Shape(channels: channels, height: height, width: width)
        return try PNGDecoder.decode(data, place: "a.png", expected: expected)
    }

    @Test("Grey, RGB, palette, grey + alpha, RGB + alpha")
    func kinds() throws {
        let grey = PNGTests.png(width: 2, height: 1, colorType: 0, rows: [0, 9, 8])
        #expect(try decode(grey, 1, 1, 2) == [9, 8])
        let rgb = PNGTests.png(width: 2, height: 1, colorType: 2, rows: [0, 1, 2, 3, 4, 5, 6])
        #expect(try decode(rgb, 3, 1, 2) == [1, 4, 2, 5, 3, 6])
        let palette = PNGTests.png(width: 2, height: 1, colorType: 3, rows: [0, 1, 0], palette: [1, 2, 3, 4, 5, 6])
        #expect(try decode(palette, 3, 1, 2) == [4, 1, 5, 2, 6, 3])
        let greyAlpha = PNGTests.png(width: 2, height: 1, colorType: 4, rows: [0, 9, 255, 8, 0])
        #expect(try decode(greyAlpha, 1, 1, 2) == [9, 8])
        let rgba = PNGTests.png(width: 1, height: 1, colorType: 6, rows: [0, 1, 2, 3, 99])
        #expect(try decode(rgba, 3, 1, 1) == [1, 2, 3])
    }

    @Test("All five filters")
    func filters() throws {
        let image: [[Int]] = [[10, 200, 30], [40, 5, 60], [70, 80, 250], [1, 110, 12], [130, 14, 150]]
        var rows: [UInt8] = []
        for (row, pixels) in image.enumerated() {
            rows.append(UInt8(row))
            for column in 0..<3 {
                let left = column > 0 ? pixels[column - 1] : 0
                let up = row > 0 ? image[row - 1][column] : 0
                let corner = row > 0 && column > 0 ? image[row - 1][column - 1] : 0
                let estimate = left + up - corner
                let nearest = [left, up, corner].min { abs(estimate - $0) < abs(estimate - $1) } ?? 0
                let prediction = [0, left, up, (left + up) / 2, nearest][row]
                rows.append(UInt8(truncatingIfNeeded: pixels[column] - prediction))
            }
        }
        let file = PNGTests.png(width: 3, height: 5, colorType: 0, rows: rows)
        #expect(try decode(file, 1, 5, 3).map { Int($0) } == image.flatMap { $0 })
    }

    @Test("Damaged and unsupported files")
    func damaged() throws {
        let good = PNGTests.png(width: 2, height: 1, colorType: 0, rows: [0, 9, 8])
        func message(_ data: Data) -> String { messageOf { _ = try decode(data, 1, 1, 2) } }
        #expect(message(good) == "no error")
        #expect(
            messageOf { _ = try decode(good, 3, 4, 4) }
                == "a.png: an image of 1x1x2; the network's input is 3x4x4")
        for count in 8..<good.count { #expect(message(good.prefix(count)) == "a.png: the PNG is truncated") }
        #expect(message(good.prefix(5)) == "a.png: not a PNG file")
        var flipped = good
        flipped[20] ^= 1
        #expect(message(flipped) == "a.png: the PNG chunk IHDR has a wrong CRC")
        let deep = PNGTests.png(width: 2, height: 1, colorType: 0, rows: [0, 9, 8], depth: 16)
        #expect(message(deep).contains("unsupported: PNG bit depth 16, color type 0, interlace 0; supported are"))
        let laced = PNGTests.png(width: 2, height: 1, colorType: 0, rows: [0, 9, 8], interlace: 1)
        #expect(message(laced).contains("interlace 1"))
        let short = PNGTests.png(width: 2, height: 1, colorType: 0, rows: [0, 9])
        #expect(message(short) == "a.png: 2 bytes after decompression; needed are 3")
        let long = PNGTests.png(width: 2, height: 1, colorType: 0, rows: [0, 9, 8, 7])
        #expect(message(long) == "a.png: more than 3 bytes after decompression")
        let filter = PNGTests.png(width: 2, height: 1, colorType: 0, rows: [5, 9, 8])
        #expect(message(filter) == "a.png: PNG filter 5 does not exist")
        let palette = PNGTests.png(width: 1, height: 1, colorType: 3, rows: [0, 2], palette: [1, 2, 3])
        #expect(messageOf { _ = try decode(palette, 3, 1, 1) } == "a.png: a pixel lies outside the PNG palette")
    }

    @Test("A folder: files in name order, or subfolders as classes")
    func folders() throws {
        let folder = try Scratch()
        func file(_ name: String, _ pixel: UInt8) throws {
            _ = try folder.file(name, PNGTests.png(width: 1, height: 1, colorType: 0, rows: [0, pixel]))
        }
        func read(first: Int, count: Int) throws -> ImageSet {
            try ImageReader.read(
                source: folder.url.path, first: first, count: count, seed: 0,
                expected: Shape(channels: 1, height: 1, width: 1), normalization: .raw)
        }
        #expect(messageOf { _ = try read(first: 0, count: 1) } == "\(folder.url.path): the folder has no .png files")
        try file("dog/1.png", 10)
        try file("cat/2.png", 20)
        try file("cat/1.png", 30)
        let classed = try read(first: 1, count: 2)
        #expect(classed.images.map { $0[0].rounded() } == [20, 10])
        #expect(classed.labels == [0, 1])
        #expect(classed.classes == ["cat", "dog"])
        try file("b.png", 2)
        try file("a.png", 1)
        let plain = try read(first: 0, count: 2)
        #expect(plain.images.map { $0[0].rounded() } == [1, 2])
        #expect(plain.labels == nil)
        #expect(messageOf { _ = try read(first: 1, count: 2) }.contains("exceed the 2 images available"))
    }
}
