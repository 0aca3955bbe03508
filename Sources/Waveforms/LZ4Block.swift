// The LZ4 block format (lz4_Block_format.md of the LZ4 project), decoding only.
//
// A block is a chain of sequences: a token with two lengths, literals, a two-byte distance, a copy.

/// Unpacks LZ4 blocks.
enum LZ4Block {
    /// The most bytes that `count` compressed bytes can stand for.
    static func limit(_ count: Int) -> Int { count.multipliedReportingOverflow(by: 256).partialValue + 64 }

    /// Unpacks a block that must give exactly as many bytes as the target has.
    static func decompress(
        _ source: UnsafeBufferPointer<UInt8>, into target: UnsafeMutableBufferPointer<UInt8>
    ) throws(Malformed) {
        guard let from = source.baseAddress else { throw wrong }
        var reader = ByteReader(base: from, count: source.count)
        var output = CopyTarget(target)
        while true {
            let token = try reader.byte()
            try output.append(reader.take(try length(Int(token >> 4), &reader)))
            if reader.isAtEnd { break }
            let distance = Int(try reader.byte()) | Int(try reader.byte()) << 8
            try output.copy(try length(Int(token & 15), &reader) + 4, back: distance)
        }
        guard output.isFull else { throw wrong }
    }

    static let wrong = Malformed(reason: "a compressed block does not unpack to its stated length")

    /// A four-bit length; 15 goes on in further bytes.
    private static func length(_ start: Int, _ reader: inout ByteReader) throws(Malformed) -> Int {
        var length = start
        guard start == 15 else { return length }
        while true {
            let more = try reader.byte()
            length += Int(more)
            if more < 255 { return length }
        }
    }
}

/// The output of a dictionary decoder: literals and copies of earlier output, both checked.
struct CopyTarget {
    private let target: UnsafeMutableBufferPointer<UInt8>
    private var count = 0

    init(_ target: UnsafeMutableBufferPointer<UInt8>) { self.target = target }

    var isFull: Bool { count == target.count }

    mutating func append(_ literals: UnsafeBufferPointer<UInt8>) throws(Malformed) {
        guard literals.count <= target.count - count else { throw LZ4Block.wrong }
        guard literals.count > 0, let to = target.baseAddress, let from = literals.baseAddress else { return }
        (to + count).update(from: from, count: literals.count)
        count += literals.count
    }

    /// Repeats `length` bytes that start `distance` bytes back; the two ranges may overlap.
    mutating func copy(_ length: Int, back distance: Int) throws(Malformed) {
        guard distance > 0, distance <= count, length <= target.count - count else { throw LZ4Block.wrong }
        for _ in 0..<length {
            target[count] = target[count - distance]
            count += 1
        }
    }
}
