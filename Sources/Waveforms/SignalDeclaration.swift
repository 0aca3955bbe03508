// A traced signal as its writer declares it.

/// What a written signal stands for in the hardware.
public enum SignalKind: String, Codable, Sendable {
    /// A net driven by combinational logic (VCD `wire`, FST variable type 16).
    case wire
    /// A clocked register (VCD `reg`, FST variable type 5).
    case register = "reg"
}

/// One signal of a hierarchy that is to be written.
public struct SignalDeclaration: Sendable, Equatable {
    /// The name within its scope. Brackets are ordinary characters; white space is not allowed.
    public var name: String
    /// The width in bits, at least 1.
    public var width: Int
    /// Wire or register.
    public var kind: SignalKind
    /// The handle of an earlier signal of the same width whose value this one shows, or nil for a signal of
    /// its own.
    public var alias: Int?

    /// A declaration; it is checked when it becomes part of a `SignalHierarchy`.
    public init(name: String, width: Int, kind: SignalKind = .wire, alias: Int? = nil) {
        self.name = name
        self.width = width
        self.kind = kind
        self.alias = alias
    }
}
