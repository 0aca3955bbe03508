// The one way to write numbers: JSON's. YAML 1.1 reads 017 as fifteen and 1_000 as a thousand, YAML 1.2 reads 017 as
// seventeen and 1_000 as text; what two readers take differently is an error here.

/// Numbers as they stand in a file.
enum ConfigNumber {
    /// Digits with an optional minus, no zero in front. Nil for anything else, and for what no Int holds.
    static func integer(_ text: String) -> Int? {
        isWhole(text) ? Int(text) : nil
    }

    /// A JSON number. Nil for anything else, and for what no Double holds.
    static func number(_ text: String) -> Double? {
        let parts = text.split(maxSplits: 1, omittingEmptySubsequences: false) { "eE".contains($0) }
        if parts.count == 2 {
            let digits = parts[1].first.map { "+-".contains($0) } == true ? parts[1].dropFirst() : parts[1]
            guard isDigits(digits) else { return nil }
        }
        let sides = parts[0].split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = sides.first, isWhole(whole), sides.count == 1 || isDigits(sides[1]),
            let value = Double(text), value.isFinite
        else { return nil }
        return value
    }

    /// What to say of a text that is a number elsewhere; empty for others.
    static func hint(_ text: String) -> String {
        let unsigned = text.first.map { "+-".contains($0) } == true ? text.dropFirst() : text[...]
        let isNumeric =
            number(text) == nil && unsigned.first.map { $0.isASCII && $0.isNumber || $0 == "." } == true
            && unsigned.allSatisfy { $0.isHexDigit || "._+-xXoO".contains($0) }
        return isNumeric ? "; numbers are written as in JSON: no +, 0x, _ or zero in front" : ""
    }

    private static func isWhole(_ text: some StringProtocol) -> Bool {
        let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
        return isDigits(digits) && (digits.count == 1 || digits.first != "0")
    }

    private static func isDigits(_ text: some StringProtocol) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
}
