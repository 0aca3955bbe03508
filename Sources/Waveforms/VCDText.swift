// The small text forms of the VCD format (IEEE 1800 clause 21.7): identifier codes, timescales, bit strings.

/// Text forms shared by the VCD writer and reader.
enum VCDText {
    static let firstCode: UInt8 = 33
    static let codeCount = 94

    /// The identifier code of a number: the digits `!` to `~`, least significant first, shortest form.
    static func code(_ number: Int) -> [UInt8] {
        var rest = number
        var code: [UInt8] = []
        repeat {
            code.append(firstCode + UInt8(rest % codeCount))
            rest = rest / codeCount - 1
        } while rest >= 0
        return code
    }

    /// "10 ns" for -8.
    static func timescale(exponent: Int8) -> String {
        let units = ["fs", "ps", "ns", "us", "ms", "s"]
        let steps = Int(exponent) + 15
        return "\([1, 10, 100][steps % 3]) \(units[steps / 3])"
    }

    /// -8 for "10ns" or "10 ns"; nil for anything else.
    static func exponent(timescale text: String) -> Int8? {
        let compact = text.filter { !$0.isWhitespace }
        let digits = compact.prefix { $0.isNumber }
        let units: [Substring: Int] = ["fs": -15, "ps": -12, "ns": -9, "us": -6, "ms": -3, "s": 0]
        guard let power = ["1": 0, "10": 1, "100": 2][digits], let unit = units[compact.dropFirst(digits.count)]
        else { return nil }
        return Int8(unit + power)
    }

    // MARK: Strings

    /// The letters behind a backslash, as GTKWave's tools have them, and what they stand for.
    private static let escapes: [(letter: UInt8, byte: UInt8)] = [
        (UInt8(ascii: "a"), 7), (UInt8(ascii: "b"), 8), (UInt8(ascii: "t"), 9), (UInt8(ascii: "n"), 10),
        (UInt8(ascii: "v"), 11), (UInt8(ascii: "f"), 12), (UInt8(ascii: "r"), 13),
        (UInt8(ascii: "\""), UInt8(ascii: "\"")), (UInt8(ascii: "'"), UInt8(ascii: "'")),
        (UInt8(ascii: "\\"), UInt8(ascii: "\\")), (UInt8(ascii: "?"), UInt8(ascii: "?")),
    ]
    private static let backslash = UInt8(ascii: "\\")

    /// A string as one printable word: white space, quotes, backslashes and what is not ASCII behind a backslash.
    static func escaped(_ text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        for byte in text {
            if let escape = escapes.first(where: { $0.byte == byte }) {
                result += [backslash, escape.letter]
            } else if byte > 0x20 && byte < 0x7F {
                result.append(byte)
            } else {
                result += [backslash, 0x30 + byte >> 6, 0x30 + byte >> 3 & 7, 0x30 + byte & 7]
            }
        }
        return result
    }

    /// The reverse of `escaped`; a backslash that starts none of its forms stands for itself.
    static func unescaped(_ word: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        guard word.contains(backslash) else { return Array(word) }
        var result: [UInt8] = []
        var position = 0
        while position < word.count {
            let rest = UnsafeBufferPointer(rebasing: word[position...])
            let (byte, length) = unescaped(first: rest)
            result.append(byte)
            position += length
        }
        return result
    }

    private static func unescaped(first word: UnsafeBufferPointer<UInt8>) -> (byte: UInt8, length: Int) {
        guard word[0] == backslash, word.count > 1 else { return (word[0], 1) }
        if let escape = escapes.first(where: { $0.letter == word[1] }) { return (escape.byte, 2) }
        guard word.count > 3, word[1...3].allSatisfy({ (0x30...0x37).contains($0) }) else { return (word[0], 1) }
        return (word[1...3].reduce(0) { $0 << 3 | ($1 & 7) }, 4)
    }
}

extension ByteBuffer {
    /// Appends a value in binary without leading zeros, at least one digit.
    mutating func append(binary words: UnsafePointer<UInt64>, wordCount: Int) {
        var top = wordCount - 1
        while top > 0 && words[top] == 0 { top -= 1 }
        reserve(wordCount * 64)
        append(bits: words[top], count: max(1, 64 - words[top].leadingZeroBitCount))
        for index in stride(from: top - 1, through: 0, by: -1) { append(bits: words[index], count: 64) }
    }

    /// Appends the lowest `count` bits as digits; 64 bytes must have been reserved.
    @inline(__always)
    private mutating func append(bits value: UInt64, count: Int) {
        var rest = value << UInt64(64 - count)
        var left = count
        while left > 0 {
            // Spread eight bits over eight bytes: the copies of the byte, nine bits apart, bring its top bit to
            // the lowest byte, the next one to the second byte, and so on.
            let spread = ((rest >> 56) &* 0x8040_2010_0804_0201) >> 7 & 0x0101_0101_0101_0101
            let digits = (spread | 0x3030_3030_3030_3030).littleEndian
            UnsafeMutableRawPointer(end).storeBytes(of: digits, as: UInt64.self)
            advance(Swift.min(left, 8))
            rest <<= 8
            left -= 8
        }
    }
}
