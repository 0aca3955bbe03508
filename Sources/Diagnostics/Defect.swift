/// A defect of this program, not of the user's input.
package struct Defect: Diagnostic, Equatable {
    /// What was found to be impossible.
    package var message: String

    /// A defect with what was found.
    package init(_ message: String) { self.message = message }

    /// "internal defect: ...".
    package var description: String { "internal defect: \(message)" }
    /// A status of its own, so that no defect passes for wrong input.
    package var exitStatus: ExitStatus { .defect }
}
