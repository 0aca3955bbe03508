// What the program says to its caller when it ends (docs/guide/Config.md, "Exit codes").

/// Exit statuses of the program.
package enum ExitStatus: Int32, Sendable, CaseIterable {
    /// Done, and every check passed.
    case success = 0
    /// Bits differ from the reference model, or a co-simulation found a difference.
    case checkFailed = 1
    /// The input is wrong, or legal and not supported.
    case wrongInput = 2
    /// The design does not fit the device.
    case doesNotFit = 3
    /// Something is not installed on this machine.
    case environment = 4
    /// A defect of this program (EX_SOFTWARE).
    case defect = 70
    /// Ctrl-C or SIGTERM.
    case interrupted = 130
    /// The reader of standard output has gone, as `head` does: 128 + SIGPIPE, without a message.
    case readerGone = 141
}

/// An error that a user can meet. The description is the message: one line where possible, with place, what is wrong
/// and what is accepted.
package protocol Diagnostic: Error, Sendable, CustomStringConvertible {
    /// What the program ends with.
    var exitStatus: ExitStatus { get }
}
