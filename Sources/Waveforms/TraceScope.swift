// A scope of a trace that was read.

/// A level of the hierarchy of a trace file.
public struct TraceScope: Sendable, Equatable {
    /// The instance name, as it stands in the file.
    public let name: String
    /// The names from the top to this scope, joined by dots.
    public let path: String
    /// The index of the enclosing scope in `TraceFile.scopes`, nil at the top.
    public let parent: Int?
    /// The path with the dots inside of names replaced (see `TraceSignal.key`).
    let key: String
}
