// A trace as text, one change per line.

/// Writes the changes of a trace as lines `time path value`; the path has the range where two signals share it.
public struct TraceDump: Sendable {
    /// The signals shown, nil for all.
    public var filter: SignalFilter?
    /// How values are written; reals are always written as decimal fractions.
    public var radix: TraceRadix
    /// The times shown, in units of the file's timescale, both ends included.
    public var window: ClosedRange<UInt64>

    /// A dump of everything in hexadecimal unless told otherwise.
    public init(
        filter: SignalFilter? = nil, radix: TraceRadix = .hexadecimal, window: ClosedRange<UInt64> = 0...UInt64.max
    ) {
        self.filter = filter
        self.radix = radix
        self.window = window
    }

    /// Gives every line, without a line feed, in time order. A change of a signal with aliases gives a line for
    /// each of its names that the filter lets through.
    /// - Returns: what was read; beyond the window nothing is, so that only an FST is known to be cut there.
    /// - Throws: `WaveformError.invalid` for a pattern that matches nothing, as `TraceFile.forEachChange`, and whatever
    ///   `line` throws.
    @discardableResult
    public func run(_ file: TraceFile, line: (String) throws -> Void) throws -> TraceExtent {
        try run(file) { _, _, text in try line(text) }
    }

    /// The same with the change and its signal beside the line.
    func run(_ file: TraceFile, line: (TraceChange, TraceSignal, String) throws -> Void) throws -> TraceExtent {
        let labels = SignalLabels(file)
        let selection = try file.select(filter, labels)
        var names = [[Int]](repeating: [], count: file.signals.count)
        for index in selection { names[file.signals[index].source].append(index) }
        let cursor = try file.makeCursor(of: Set(selection))
        while try file.advance(cursor), cursor.time <= window.upperBound {
            guard cursor.time >= window.lowerBound else { continue }
            let change = file.change(at: cursor)
            let signal = file.signals[change.signal]
            let text = text(of: change, signal)
            for name in names[change.signal] { try line(change, signal, "\(change.time) \(labels[name]) \(text)") }
        }
        return cursor.extent
    }

    private func text(of change: TraceChange, _ signal: TraceSignal) -> String {
        // Bits are not copied for this.
        switch signal.kind.form {
        case .real, .string: TraceReading(change, signal).text()
        case .bits: radix.text(change.words, unknown: change.unknown, width: signal.width)
        }
    }
}
