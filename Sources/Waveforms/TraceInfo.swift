// The summary of a trace file.

/// What a trace contains: format, times, hierarchy and the number of changes of every signal.
public struct TraceInfo: Sendable, Equatable, Codable {
    /// A signal with its number of changes.
    public struct Signal: Sendable, Equatable, Codable {
        /// The full path, with the range where two signals share it.
        public let path: String
        /// The width in bits; 64 for a real, 0 for a string.
        public let width: Int
        /// The variable type.
        public let kind: TraceSignal.Kind
        /// The label of the signal whose value it shares, nil for a value of its own.
        public let aliasOf: String?
        /// Value changes, the initial value included; an alias has those of its source.
        public let changes: UInt64
    }

    /// The path of the file.
    public let path: String
    /// The format, recognised by content.
    public let format: TraceFormat
    /// The time unit as a power of ten of a second.
    public let timescaleExponent: Int8
    /// The size in bytes.
    public let byteCount: Int
    /// Times, total changes and whether the file is complete.
    public let extent: TraceExtent
    /// The paths of all scopes, in file order.
    public let scopes: [String]
    /// All signals, in file order.
    public let signals: [Signal]

    /// Walks the whole trace and counts.
    /// - Throws: as `TraceFile.forEachChange`.
    public init(of file: TraceFile) throws {
        var counts = [UInt64](repeating: 0, count: file.signals.count)
        extent = try file.forEachChange { counts[$0.signal] += 1 }
        path = file.path
        format = file.format
        timescaleExponent = file.timescaleExponent
        byteCount = file.byteCount
        scopes = file.scopes.map(\.path)
        let labels = SignalLabels(file)
        signals = file.signals.enumerated().map { index, signal in
            Signal(
                path: labels[index], width: signal.width, kind: signal.kind,
                aliasOf: signal.isAlias(at: index) ? labels[signal.source] : nil,
                changes: counts[signal.source])
        }
    }

    /// The summary as lines of text.
    /// - Parameter listingSignals: adds a line per signal with width, kind, changes and path.
    public func text(listingSignals: Bool = false) -> String {
        let unit = VCDText.timescale(exponent: timescaleExponent)
        let aliases = signals.count { $0.aliasOf != nil }
        var lines = [
            "file       \(path)",
            "format     \(format.rawValue)\(extent.isComplete ? "" : " (cut: its writer was stopped before the end)")",
            "bytes      \(byteCount)",
            "timescale  \(unit)",
            "time       \(extent.start) to \(extent.end) x \(unit)",
            "scopes     \(scopes.count)",
            "signals    \(signals.count), \(aliases) of them aliases, \(signals.reduce(0) { $0 + $1.width }) bits",
            "changes    \(extent.changes)",
        ]
        if listingSignals { lines += signals.map(Self.line) }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func line(_ signal: Signal) -> String {
        let alias = signal.aliasOf.map { " = \($0)" } ?? ""
        return
            "  \(padded(signal.width, 5)) \(padded(signal.changes, 10)) \(signal.kind.rawValue) \(signal.path)\(alias)"
    }

    private static func padded(_ number: some BinaryInteger, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
