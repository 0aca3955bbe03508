/// A Design that has no SystemVerilog form.
public struct RTLError: Error, Sendable, Equatable, CustomStringConvertible {
    public var description: String

    public init(_ description: String) { self.description = description }
}
