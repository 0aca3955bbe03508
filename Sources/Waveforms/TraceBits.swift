// The bits of a signal's value.

/// The bits of a value.
public struct TraceBits: Sendable, Equatable, Codable {
    /// The width in bits.
    public let width: Int
    /// ceil(width / 64) words, least significant first; an unknown bit is 1 for z and 0 for x.
    public let words: [UInt64]
    /// A set bit is neither 0 nor 1; as many words.
    public let unknown: [UInt64]

    /// Bits from words, least significant first.
    public init(width: Int, words: [UInt64], unknown: [UInt64]) {
        self.width = width
        self.words = words
        self.unknown = unknown
    }

    /// The bits as text.
    public func text(_ radix: TraceRadix = .hexadecimal) -> String {
        words.withUnsafeBufferPointer { words in
            unknown.withUnsafeBufferPointer { unknown in
                radix.text(words, unknown: unknown.contains { $0 != 0 } ? unknown : nil, width: width)
            }
        }
    }
}
