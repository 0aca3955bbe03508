// What a complete pass over a trace found.

/// The times and the number of changes of a trace.
public struct TraceExtent: Sendable, Equatable, Codable {
    /// The first time, in units of the timescale.
    public var start: UInt64
    /// The last time, in units of the timescale.
    public var end: UInt64
    /// Value changes, initial values included, an alias's shared changes counted once.
    public var changes: UInt64
    /// False when the file was cut: its writer was stopped before it completed it, or its end is missing.
    public var isComplete: Bool
    /// Changes whose form does not fit their signal (text for a bit vector); they are left out of everything.
    public var misfits: UInt64 = 0

    /// What a reader of the results has to know about the file, each a sentence without its full stop.
    public func notes(on path: String) -> [String] {
        var notes: [String] = []
        if !isComplete {
            notes.append("'\(path)' was cut at time \(end): its writer was stopped or its end is missing")
        }
        if misfits > 0 {
            notes.append("'\(path)' has \(misfits) values that do not fit the type of their signal; they are left out")
        }
        return notes
    }
}
