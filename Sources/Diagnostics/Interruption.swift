/// Ctrl-C or SIGTERM came before anything was finished that could be kept.
package struct Interruption: Diagnostic, Equatable {
    /// What was not finished.
    package var message: String

    /// An interruption; by default of a run.
    package init(_ message: String = "interrupted before the first image was finished") { self.message = message }

    /// The message.
    package var description: String { message }
    /// As the shell reports Ctrl-C.
    package var exitStatus: ExitStatus { .interrupted }
}
