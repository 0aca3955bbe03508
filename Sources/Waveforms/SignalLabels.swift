// How the signals of a trace are named where people read them: by path. Where two signals have one path, a dot inside
// of a name is written `\.`, the range follows, and a number where even that is not enough.

/// The labels of a trace's signals.
struct SignalLabels {
    private let signals: [TraceSignal]
    /// Labels that are not the path.
    private let longer: [Int: String]

    init(_ file: TraceFile) {
        signals = file.signals
        var firstOfPath: [String: Int] = [:]
        var ambiguous: [String: [Int]] = [:]
        for (index, signal) in file.signals.enumerated() {
            if let first = firstOfPath[signal.path] {
                ambiguous[signal.path, default: [first]].append(index)
            } else {
                firstOfPath[signal.path] = index
            }
        }
        var longer: [Int: String] = [:]
        for indices in ambiguous.values {
            var times: [String: Int] = [:]
            for index in indices {
                let signal = file.signals[index]
                let label = signal.key.replacing(TraceSignal.dotInName, with: "\\.") + signal.range
                let count = times[label, default: 0] + 1
                times[label] = count
                longer[index] = count == 1 ? label : "\(label)#\(count)"
            }
        }
        self.longer = longer
    }

    /// The label of a signal.
    subscript(_ index: Int) -> String { longer[index] ?? signals[index].path }

    /// Whether the label says more than the path.
    func isLonger(_ index: Int) -> Bool { longer[index] != nil }
}
