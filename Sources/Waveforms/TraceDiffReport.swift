// The outcome of a trace comparison.

/// What a comparison of two traces found.
public struct TraceDiffReport: Sendable, Equatable, Codable {
    /// The first difference of each differing signal, by time and then path, up to the limit.
    public var differences: [TraceDifference] = []
    /// Paths, behind the prefix, that only the first file has.
    public var onlyInA: [String] = []
    /// Paths, behind the prefix, that only the second file has.
    public var onlyInB: [String] = []
    /// Paths whose width is not the same in both files; they are not compared.
    public var widthMismatches: [String] = []
    /// The number of paths compared.
    public var signalsCompared = 0
    /// Value changes of compared signals taken from the first file.
    public var changesA: UInt64 = 0
    /// Value changes of compared signals taken from the second file.
    public var changesB: UInt64 = 0
    /// The last step both files reach; later ones of the longer file are not compared. Nil when the comparison
    /// stopped at its limit, or when a file has no sample at all.
    public var lastStep: UInt64?
    /// The last step of the first file, nil as above.
    public var endA: UInt64?
    /// The last step of the second file, nil as above.
    public var endB: UInt64?

    /// The earliest difference.
    public var first: TraceDifference? { differences.first }

    /// True when at least one signal was compared and nothing differed, widths included. Signals in one file
    /// only and a longer file do not count.
    public var isMatch: Bool { differences.isEmpty && widthMismatches.isEmpty && signalsCompared > 0 }

    /// The report as lines of text, values in hexadecimal, at most ten paths of each list.
    public var text: String {
        var lines = ["\(signalsCompared) signals compared, \(changesA) and \(changesB) value changes"]
        if let endA, let endB, endA != endB { lines.append("the files end at different steps: \(endA) and \(endB)") }
        lines += Self.list("only in the first file", onlyInA)
        lines += Self.list("only in the second file", onlyInB)
        lines += Self.list("different widths", widthMismatches)
        lines += differences.map { difference in
            "\(difference.path) differs at time \(difference.timeA) / \(difference.timeB): "
                + "\(difference.valueA.text()) / \(difference.valueB.text())"
        }
        lines.append(isMatch ? "no difference" : signalsCompared == 0 ? "nothing to compare" : "the files differ")
        return lines.joined(separator: "\n") + "\n"
    }

    private static func list(_ title: String, _ paths: [String]) -> [String] {
        guard !paths.isEmpty else { return [] }
        let more = paths.count > 10 ? ["  and \(paths.count - 10) more"] : []
        return ["\(title): \(paths.count)"] + paths.prefix(10).map { "  \($0)" } + more
    }
}
