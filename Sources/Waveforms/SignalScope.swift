// A level of the signal hierarchy.

/// A named level (module instance) with its signals and the levels below it.
public struct SignalScope: Sendable, Equatable {
    /// The instance name, e.g. `pe[3]`. An empty name adds no level: its content belongs to the level above.
    public var name: String
    /// The levels below, in declaration order.
    public var scopes: [SignalScope]
    /// The signals of this level, in declaration order.
    public var signals: [SignalDeclaration]

    /// A scope; it is checked when it becomes part of a `SignalHierarchy`.
    public init(name: String, scopes: [SignalScope] = [], signals: [SignalDeclaration] = []) {
        self.name = name
        self.scopes = scopes
        self.signals = signals
    }
}
