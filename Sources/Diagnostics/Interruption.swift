/// Ctrl-C or SIGTERM came before anything was finished that could be kept.
package struct Interruption: Diagnostic, Equatable {
    /// What was not finished.
    package var message: String

    /// An interruption; by default of a run.
    package init(_ message: String = "interrupted before the first image was finished") { self.message = message }

    package var description: String { message }
    package var exitStatus: ExitStatus { .interrupted }
}
