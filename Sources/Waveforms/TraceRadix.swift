// Text forms of values for dumps and reports.

/// How a value is written as text.
public enum TraceRadix: String, CaseIterable, Codable, Sendable {
    /// All bits, most significant first.
    case binary
    /// Four bits a digit.
    case hexadecimal
    /// Unsigned decimal up to 64 bits, hexadecimal above.
    case decimal
    /// Two's complement decimal up to 64 bits, hexadecimal above.
    case signed

    /// The text of a value: one bit is `0`, `1`, `x` or `z`; binary and hexadecimal are written in full width with
    /// `0b` or `0x` in front. A value with unknown bits is always written in binary, those bits as `x` or `z`.
    public func text(
        _ words: UnsafeBufferPointer<UInt64>, unknown: UnsafeBufferPointer<UInt64>?, width: Int
    ) -> String {
        if width == 0 { return "" }
        if let unknown { return (width > 1 ? "0b" : "") + Self.binary(words, unknown, width) }
        if width == 1 { return words[0] & 1 == 0 ? "0" : "1" }
        switch self {
        case .binary: return "0b" + Self.binary(words, nil, width)
        case .decimal where width <= 64: return String(words[0])
        case .signed where width <= 64:
            return String(Int64(bitPattern: words[0] << UInt64(64 - width)) >> Int64(64 - width))
        case .hexadecimal, .decimal, .signed: return "0x" + Self.hexadecimal(words, width)
        }
    }

    private static func binary(
        _ words: UnsafeBufferPointer<UInt64>, _ unknown: UnsafeBufferPointer<UInt64>?, _ width: Int
    ) -> String {
        let digits = (0..<width).reversed().map { bit -> UInt8 in
            let shift = UInt64(bit & 63)
            let isSet = words[bit >> 6] >> shift & 1 == 1
            if let unknown, unknown[bit >> 6] >> shift & 1 == 1 { return UInt8(ascii: isSet ? "z" : "x") }
            return UInt8(ascii: isSet ? "1" : "0")
        }
        return String(decoding: digits, as: UTF8.self)
    }

    private static func hexadecimal(_ words: UnsafeBufferPointer<UInt64>, _ width: Int) -> String {
        let alphabet = Array("0123456789abcdef".utf8)
        let digits = (0..<(width + 3) / 4).reversed().map { alphabet[Int(words[$0 >> 4] >> UInt64($0 & 15 * 4) & 15)] }
        return String(decoding: digits, as: UTF8.self)
    }
}
