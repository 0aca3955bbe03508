// PNG (W3C PNG 3rd edition): 8-bit grey, RGB and palette images, with or without alpha, non-interlaced. Every
// chunk's CRC is checked. Alpha and tRNS are dropped; gamma and colour profiles are ignored, as in training code.

import CZlib
import Diagnostics
import Foundation
import Networks

struct PNGDecoder {
    private struct Header {
        var width: Int
        var height: Int
        var colorType: UInt8
        /// Bytes a pixel in the file.
        var pixelBytes: Int { [0: 1, 2: 3, 3: 1, 4: 2, 6: 4][colorType] ?? 1 }
        var channels: Int { colorType == 0 || colorType == 4 ? 1 : 3 }
        var shape: Shape { Shape(channels: channels, height: height, width: width) }
    }

    private let bytes: [UInt8]
    private let place: String
    private var offset = 8
    private var header: Header?
    private var palette: [UInt8] = []
    private var compressed = Data()

    /// Channel-major pixels of an image of shape `expected`; any other shape is an error, found before anything
    /// is decompressed.
    static func decode(_ data: Data, place: String, expected: Shape) throws -> [UInt8] {
        var decoder = PNGDecoder(bytes: [UInt8](data), place: place)
        return try decoder.pixels(expected: expected)
    }

    private init(bytes: [UInt8], place: String) {
        self.bytes = bytes
        self.place = place
    }

    private mutating func pixels(expected: Shape) throws -> [UInt8] {
        guard bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) else {
            throw InputError(at: place, "not a PNG file")
        }
        while let (type, body) = try nextChunk() {
            switch type {
            case "IHDR":
                let header = try readHeader(body)
                guard header.shape == expected else {
                    throw InputError(at: place, "an image of \(header.shape); the network's input is \(expected)")
                }
                self.header = header
            case "PLTE": palette = Array(body)
            case "IDAT": compressed.append(contentsOf: body)
            default:
                // An upper-case first letter marks a chunk that must be understood.
                guard type.first?.isLowercase == true else {
                    throw InputError(.unsupported, at: place, "the PNG chunk \(type)")
                }
            }
        }
        guard let header else { throw InputError(at: place, "the PNG has no header") }
        let rows = header.height * (1 + header.width * header.pixelBytes)
        let filtered = [UInt8](try Inflate.zlib(compressed, count: rows, place: place))
        return try channelMajor(unfiltered(filtered, header), header)
    }

    /// Type and body of the next chunk; nil at IEND.
    private mutating func nextChunk() throws -> (type: String, body: ArraySlice<UInt8>)? {
        guard bytes.count - offset >= 12 else { throw InputError(at: place, "the PNG is truncated") }
        let length = word(at: offset)
        guard length <= bytes.count - offset - 12 else { throw InputError(at: place, "the PNG is truncated") }
        let body = bytes[offset + 8..<offset + 8 + length]
        let type = String(decoding: bytes[offset + 4..<offset + 8], as: UTF8.self)
        let covered = bytes[offset + 4..<offset + 8 + length]
        let checksum = covered.withUnsafeBufferPointer { crc32(0, $0.baseAddress, UInt32($0.count)) }
        guard Int(checksum) == word(at: offset + 8 + length) else {
            throw InputError(at: place, "the PNG chunk \(type) has a wrong CRC")
        }
        guard (offset == 8) == (type == "IHDR") else { throw InputError(at: place, "the PNG has no header") }
        offset += 12 + length
        return type == "IEND" ? nil : (type, body)
    }

    private func word(at index: Int) -> Int { bytes[index..<index + 4].reduce(0) { $0 << 8 | Int($1) } }

    private func readHeader(_ body: ArraySlice<UInt8>) throws -> Header {
        guard body.count == 13 else { throw InputError(at: place, "the PNG header is damaged") }
        let start = body.startIndex
        let (depth, colorType, interlace) = (body[start + 8], body[start + 9], body[start + 12])
        guard depth == 8, [0, 2, 3, 4, 6].contains(colorType), interlace == 0 else {
            let found = "PNG bit depth \(depth), color type \(colorType), interlace \(interlace)"
            throw InputError(
                .unsupported, at: place, "\(found); supported are 8-bit grey, RGB and palette, not interlaced")
        }
        return Header(width: word(at: start), height: word(at: start + 4), colorType: colorType)
    }

    /// Undoes the filter of each row (section 9): the predictions add up modulo 256.
    private func unfiltered(_ rows: [UInt8], _ header: Header) throws -> [UInt8] {
        let stride = header.width * header.pixelBytes
        let distance = header.pixelBytes
        var result = [UInt8](repeating: 0, count: header.height * stride)
        for row in 0..<header.height {
            let source = row * (stride + 1)
            let target = row * stride
            guard rows[source] <= 4 else { throw InputError(at: place, "PNG filter \(rows[source]) does not exist") }
            for column in 0..<stride {
                let left = column >= distance ? Int(result[target + column - distance]) : 0
                let up = row > 0 ? Int(result[target - stride + column]) : 0
                let corner = row > 0 && column >= distance ? Int(result[target - stride + column - distance]) : 0
                let prediction: Int =
                    switch rows[source] {
                    case 1: left
                    case 2: up
                    case 3: (left + up) / 2
                    case 4: PNGDecoder.paeth(left, up, corner)
                    default: 0
                    }
                result[target + column] = rows[source + 1 + column] &+ UInt8(prediction)
            }
        }
        return result
    }

    private static func paeth(_ left: Int, _ up: Int, _ corner: Int) -> Int {
        let estimate = left + up - corner
        let (toLeft, toUp, toCorner) = (abs(estimate - left), abs(estimate - up), abs(estimate - corner))
        if toLeft <= toUp && toLeft <= toCorner { return left }
        return toUp <= toCorner ? up : corner
    }

    private func channelMajor(_ pixels: [UInt8], _ header: Header) throws -> [UInt8] {
        let area = header.height * header.width
        if header.colorType == 3 {
            guard palette.count % 3 == 0, pixels.allSatisfy({ Int($0) < palette.count / 3 }) else {
                throw InputError(at: place, "a pixel lies outside the PNG palette")
            }
            return (0..<3).flatMap { channel in pixels.map { palette[3 * Int($0) + channel] } }
        }
        return (0..<header.channels).flatMap { channel in
            (0..<area).map { pixels[$0 * header.pixelBytes + channel] }
        }
    }
}
