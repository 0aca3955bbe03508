/// The design needs more than the device has, and the configuration does not allow that.
package struct DoesNotFit: Diagnostic, Equatable {
    /// The resources that ran out, and what to change.
    package var message: String

    /// A message that names the resources.
    package init(message: String) { self.message = message }

    /// The message.
    package var description: String { message }
    /// As the contract of exit statuses has it.
    package var exitStatus: ExitStatus { .doesNotFit }
}
