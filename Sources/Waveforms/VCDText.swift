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
