/// Aligned columns of text: the first column to the left, the others to the right unless told otherwise.
package struct TextTable {
    private var rows: [[String]]
    private let leftColumns: Set<Int>

    /// A table with a header; `left` are the columns that are aligned to the left.
    package init(_ header: [String], left: Set<Int> = [0]) {
        rows = [header]
        leftColumns = left
    }

    /// Adds a row; it may be shorter than the header.
    package mutating func add(_ row: [String]) { rows.append(row) }

    /// The rows with their columns aligned, header first.
    package var lines: [String] {
        let count = rows.map(\.count).max() ?? 0
        let widths = (0..<count).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
        return rows.map { row in
            let cells = row.enumerated().map { column, text -> String in
                let blanks = String(repeating: " ", count: widths[column] - text.count)
                return leftColumns.contains(column) ? text + blanks : blanks + text
            }
            var line = cells.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line
        }
    }

    /// An integer in groups of three digits.
    package static func grouped(_ value: Int) -> String {
        let digits = String(value.magnitude)
        let groups = stride(from: digits.count, to: 0, by: -3).map { end -> Substring in
            let from = digits.index(digits.startIndex, offsetBy: max(0, end - 3))
            return digits[from..<digits.index(digits.startIndex, offsetBy: end)]
        }
        return (value < 0 ? "-" : "") + groups.reversed().joined(separator: ",")
    }

    /// A number with `digits` digits behind the point.
    package static func fixed(_ value: Double, _ digits: Int) -> String {
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        guard abs(value) < 1e15 / scale else { return "\(value)" }
        let scaled = Int((abs(value) * scale).rounded())
        let (whole, rest) = scaled.quotientAndRemainder(dividingBy: Int(scale))
        let fraction = String(rest)
        let zeros = String(repeating: "0", count: digits - min(digits, fraction.count))
        let sign = value < 0 && scaled > 0 ? "-" : ""
        return sign + grouped(whole) + (digits == 0 ? "" : "." + zeros + fraction)
    }

    /// "12.3 %".
    package static func percent(_ fraction: Double) -> String { fixed(100 * fraction, 1) + " %" }
}
