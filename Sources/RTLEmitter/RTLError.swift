/// A Design that has no SystemVerilog form.
public struct RTLError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What cannot be written, and where.
    public var description: String

    /// An error with its text.
    public init(_ description: String) { self.description = description }
}
