// The outcome of a trace comparison.

/// What a comparison of two traces found.
public struct TraceDiffReport: Sendable, Equatable, Codable {
    /// The first difference of each differing signal, by time and then label, up to the limit.
    public var differences: [TraceDifference] = []
    /// Labels, behind the prefix, of signals that only the first file has.
    public var onlyInA: [String] = []
    /// Labels, behind the prefix, of signals that only the second file has.
    public var onlyInB: [String] = []
    /// Labels of signals whose width or kind of value is not the same in both files; they are not compared.
    public var widthMismatches: [String] = []
    /// The number of signals compared.
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
    /// The last step of a first file that was cut in the middle of it; it is not compared.
    public var partStepA: UInt64?
    /// The same for the second file.
    public var partStepB: UInt64?
    /// Whether the first file was cut, so that what it had behind its end is not compared.
    public var isCutA = false
    /// The same for the second file.
    public var isCutB = false
    /// What there is to know about the files: that one was cut, that values were left out.
    public var notes: [String] = []
    /// Values that do not fit the type of their signal and were left out, in both files.
    public var misfits: UInt64 = 0
    /// Whether only what both files have counts.
    public var commonOnly = false

    init(commonOnly: Bool = false) { self.commonOnly = commonOnly }

    /// The earliest difference.
    public var first: TraceDifference? { differences.first }

    /// True when both files have the same: at least one signal was compared, nothing differed, and nothing was left
    /// uncompared. With `commonOnly`, signals and times of one file only do not count; a step must be common to both.
    public var isMatch: Bool {
        let isEqual = differences.isEmpty && widthMismatches.isEmpty && signalsCompared > 0 && lastStep != nil
        return isEqual && (commonOnly || notCompared.isEmpty)
    }

    /// What was not compared, each as a line: signals and times of one file only, values left out.
    public var notCompared: [String] {
        var lines = Self.list("only in the first file", onlyInA) + Self.list("only in the second file", onlyInB)
        if differences.isEmpty && signalsCompared > 0 { lines += times }
        if misfits > 0 { lines.append("values that do not fit the type of their signal: \(misfits)") }
        return lines
    }

    private var times: [String] {
        var lines: [String] = []
        for (name, part, isCut) in [("first", partStepA, isCutA), ("second", partStepB, isCutB)] {
            if let part {
                lines.append("the last step of the \(name) file, \(part), where it was cut")
            } else if isCut {
                lines.append("what the \(name) file had behind its end, where it was cut")
            }
        }
        let ends = (partStepA ?? endA, partStepB ?? endB)
        if ends.0 != ends.1 {
            let names = [ends.0, ends.1].map { $0.map(String.init) ?? "nothing" }
            lines.append("the files end at different steps: \(names[0]) and \(names[1])")
        }
        return lines
    }

    /// The report as lines of text, values in hexadecimal, at most ten labels of each list.
    public var text: String {
        var lines = ["\(signalsCompared) signals compared, \(changesA) and \(changesB) value changes"]
        let left = notCompared
        if !left.isEmpty {
            lines += [commonOnly ? "not compared, as asked:" : "not compared:"] + left.map { "  " + $0 }
        }
        lines += Self.list("different widths or kinds of values", widthMismatches)
        lines += differences.map { difference in
            "\(difference.path) differs at time \(difference.timeA) / \(difference.timeB): "
                + "\(difference.valueA.text()) / \(difference.valueB.text())"
        }
        lines.append(verdict)
        return lines.joined(separator: "\n") + "\n"
    }

    private var verdict: String {
        if !differences.isEmpty || !widthMismatches.isEmpty { return "the files differ" }
        if signalsCompared == 0 || lastStep == nil { return "nothing to compare" }
        if notCompared.isEmpty { return "no difference" }
        let end = lastStep.map { times.isEmpty ? "" : " up to \($0)" } ?? ""
        return "no difference\(end) in what both files have"
    }

    private static func list(_ title: String, _ labels: [String]) -> [String] {
        guard !labels.isEmpty else { return [] }
        let more = labels.count > 10 ? ["  and \(labels.count - 10) more"] : []
        return ["\(title): \(labels.count)"] + labels.prefix(10).map { "  \($0)" } + more
    }
}
