/// Something is missing on this machine; the command line prints the message and exits with 4.
public struct EnvironmentProblem: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is missing, and the command that installs it.
    public var message: String

    /// A problem with a message that names the remedy.
    public init(message: String) { self.message = message }

    /// The message.
    public var description: String { message }
}
