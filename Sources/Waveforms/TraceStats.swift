// How much the signals of a trace move.

/// Counts for every chosen signal of a trace.
public struct TraceStats: Sendable, Equatable, Codable {
    /// The counts of one signal; an alias has those of its source.
    public struct Signal: Sendable, Equatable, Codable {
        /// The label: the path, with the range where two signals share it.
        public let path: String
        /// The width in bits; 64 for a real, 0 for a string.
        public let width: Int
        /// The variable type.
        public let kind: TraceSignal.Kind
        /// Values given, the first one and repeated ones included.
        public var changes: UInt64 = 0
        /// Bits that went from 0 to 1 or back.
        public var toggles: UInt64 = 0
        /// Changes to a value with unknown bits.
        public var unknownChanges: UInt64 = 0
    }

    /// The chosen signals, in file order.
    public let signals: [Signal]
    /// What was read.
    public let extent: TraceExtent

    /// Walks the trace and counts.
    /// - Throws: `WaveformError.invalid` for a pattern that matches nothing; otherwise as `TraceFile.forEachChange`.
    public init(of file: TraceFile, filter: SignalFilter? = nil) throws {
        let labels = SignalLabels(file)
        let chosen = try file.select(filter, labels)
        var counts: [Int: (signal: Signal, last: TraceBits?)] = [:]
        for index in chosen {
            let signal = file.signals[file.signals[index].source]
            counts[signal.source] = (Signal(path: "", width: signal.width, kind: signal.kind), nil)
        }
        extent = try file.forEachChange(of: Set(chosen)) { change in
            guard var entry = counts.removeValue(forKey: change.signal) else { return }
            let bits = TraceBits(change, width: entry.signal.width)
            entry.signal.changes += 1
            if change.hasUnknown { entry.signal.unknownChanges += 1 }
            if entry.signal.kind.form == .bits, let last = entry.last { entry.signal.toggles += last.toggles(to: bits) }
            entry.last = bits
            counts[change.signal] = entry
        }
        signals = chosen.map { index in
            let signal = file.signals[index]
            let counted = counts[signal.source]?.signal
            return Signal(
                path: labels[index], width: signal.width, kind: signal.kind, changes: counted?.changes ?? 0,
                toggles: counted?.toggles ?? 0, unknownChanges: counted?.unknownChanges ?? 0)
        }
    }

    /// A line per signal below a heading.
    public var text: String {
        let rows = signals.map { ["\($0.changes)", "\($0.toggles)", "\($0.unknownChanges)", "\($0.width)", $0.path] }
        let lines = ([["changes", "toggles", "unknown", "bits", "signal"]] + rows).map { row in
            row.dropLast().map { String(repeating: " ", count: max(0, 10 - $0.count)) + $0 }.joined() + "  " + row[4]
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension TraceBits {
    /// The bits of a change.
    init(_ change: TraceChange, width: Int) {
        let unknown = change.unknown.map { Array($0) } ?? Array(repeating: 0, count: change.words.count)
        self.init(width: width, words: Array(change.words), unknown: unknown)
    }

    /// Bits that are known in both values and differ.
    fileprivate func toggles(to other: TraceBits) -> UInt64 {
        words.indices.reduce(0) { sum, index in
            let known = ~(unknown[index] | other.unknown[index])
            return sum + UInt64(((words[index] ^ other.words[index]) & known).nonzeroBitCount)
        }
    }
}
