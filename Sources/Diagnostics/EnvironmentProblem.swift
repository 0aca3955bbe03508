/// Something is missing on this machine.
public struct EnvironmentProblem: Diagnostic, Equatable {
    /// What is missing, and the command that installs it.
    public var message: String

    /// A problem with a message that names the remedy.
    public init(message: String) { self.message = message }

    /// The message.
    public var description: String { message }

    /// As the contract of exit statuses has it.
    package var exitStatus: ExitStatus { .environment }
}
