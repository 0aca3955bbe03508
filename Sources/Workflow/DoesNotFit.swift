/// The design needs more of a resource than the device has; the command line exits with 3.
public struct DoesNotFit: Error, Sendable, CustomStringConvertible {
    public var message: String
    public var description: String { message }
}
