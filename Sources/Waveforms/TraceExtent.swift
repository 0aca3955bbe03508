// What a complete pass over a trace found.

/// The times and the number of changes of a trace.
public struct TraceExtent: Sendable, Equatable, Codable {
    /// The first time, in units of the timescale.
    public var start: UInt64
    /// The last time, in units of the timescale.
    public var end: UInt64
    /// Value changes, initial values included, an alias's shared changes counted once.
    public var changes: UInt64
    /// False when the writer was stopped before it completed the file.
    public var isComplete: Bool
}
