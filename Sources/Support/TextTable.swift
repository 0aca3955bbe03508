/// Aligned columns of text: the first column to the left, the others to the right unless told otherwise. A table that is
/// wider than the place for it comes in parts, one below the other, each with the first column; a cell that is wider
/// than a part goes on in the next line.
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

    /// Columns of the place that tables and texts are made for: 80, or those of a terminal.
    @TaskLocal package static var width = 80

    /// The rows with their columns aligned, header first, no line wider than `TextTable.width`.
    package var lines: [String] {
        let width = TextTable.width
        let count = rows.map(\.count).max() ?? 0
        var widths = (0..<count).map { column in rows.map { TextTable.cell($0, column).count }.max() ?? 0 }
        if widths.reduce(0, +) + 2 * (count - 1) > width, count > 1 {
            widths[0] = min(widths[0], max(8, 2 * width / 5))
            for column in 1..<count { widths[column] = min(widths[column], max(8, width - widths[0] - 2)) }
        }
        return TextTable.parts(widths, width: width).map { columns in
            rows.flatMap { lines(of: $0, columns, widths) }
        }.joined(separator: [""]).map { $0 }
    }

    /// Columns that stand side by side: the first, and as many others as fit.
    private static func parts(_ widths: [Int], width: Int) -> [[Int]] {
        guard let first = widths.first else { return [] }
        var result = [[0]]
        var used = first
        for column in 1..<max(1, widths.count) {
            if used + 2 + widths[column] > width, result[result.count - 1].count > 1 {
                result.append([0])
                used = first
            }
            result[result.count - 1].append(column)
            used += 2 + widths[column]
        }
        return result
    }

    private func lines(of row: [String], _ columns: [Int], _ widths: [Int]) -> [String] {
        let cells = columns.map { TextTable.wrapped(TextTable.cell(row, $0), width: widths[$0]) }
        return (0..<(cells.map(\.count).max() ?? 0)).map { index in
            let texts = zip(columns, cells).map { column, lines -> String in
                let text = index < lines.count ? lines[index] : ""
                let blanks = String(repeating: " ", count: max(0, widths[column] - text.count))
                return leftColumns.contains(column) ? text + blanks : blanks + text
            }
            var line = texts.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line
        }
    }

    private static func cell(_ row: [String], _ column: Int) -> String { column < row.count ? row[column] : "" }

    /// A text in lines of at most `width` characters, which end at blanks where there are some; lines after the first
    /// begin with `indent` blanks. One empty line for an empty text.
    package static func wrapped(_ text: String, width: Int = TextTable.width, indent: Int = 0) -> [String] {
        var lines: [String] = []
        var rest = Substring(text)
        while !rest.isEmpty || lines.isEmpty {
            let blanks = lines.isEmpty ? 0 : indent
            let room = max(1, width - blanks)
            var line = rest.prefix(room)
            if line.count < rest.count, rest[line.endIndex] != " ", let blank = line.lastIndex(of: " "),
                line[..<blank].contains(where: { $0 != " " })
            {
                line = line[..<blank]
            }
            rest = rest[line.endIndex...]
            lines.append(String(repeating: " ", count: blanks) + line)
            rest = rest.drop { $0 == " " }
        }
        return lines
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
