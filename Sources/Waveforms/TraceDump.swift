// A trace as text, one change per line.

/// Writes the changes of a trace as lines `time path value`.
public struct TraceDump: Sendable {
    /// The signals shown, nil for all.
    public var filter: SignalGlob?
    /// How values are written; reals are always written as decimal fractions.
    public var radix: TraceRadix
    /// The times shown, in units of the file's timescale, both ends included.
    public var window: ClosedRange<UInt64>

    /// A dump of everything in hexadecimal unless told otherwise.
    public init(
        filter: SignalGlob? = nil, radix: TraceRadix = .hexadecimal, window: ClosedRange<UInt64> = 0...UInt64.max
    ) {
        self.filter = filter
        self.radix = radix
        self.window = window
    }

    /// Gives every line, without a line feed, in time order. A change of a signal with aliases gives a line for
    /// each of its names that the filter lets through.
    /// - Returns: the number of lines.
    /// - Throws: as `TraceFile.forEachChange`, and whatever `line` throws.
    @discardableResult
    public func run(_ file: TraceFile, line: (String) throws -> Void) throws -> Int {
        var names = [[Int]](repeating: [], count: file.signals.count)
        var selection: Set<Int> = []
        for (index, signal) in file.signals.enumerated() where filter?.matches(signal.path) ?? true {
            names[signal.source].append(index)
            selection.insert(index)
        }
        var lines = 0
        let cursor = try file.makeCursor(of: selection)
        while try file.advance(cursor), cursor.time <= window.upperBound {
            guard cursor.time >= window.lowerBound else { continue }
            let change = file.change(at: cursor)
            let text = text(of: change, file.signals[change.signal])
            for name in names[change.signal] {
                try line("\(change.time) \(file.signals[name].path) \(text)")
                lines += 1
            }
        }
        return lines
    }

    private func text(of change: TraceChange, _ signal: TraceSignal) -> String {
        if signal.kind == .real { return "\(Double(bitPattern: change.words[0]))" }
        return radix.text(change.words, unknown: change.unknown, width: signal.width)
    }
}
