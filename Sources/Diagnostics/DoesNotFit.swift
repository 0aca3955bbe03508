/// The design needs more than the device has, and the configuration does not allow that.
package struct DoesNotFit: Diagnostic, Equatable {
    /// The resources that ran out, and what to change.
    package var message: String

    /// A message that names the resources.
    package init(message: String) { self.message = message }

    package var description: String { message }
    package var exitStatus: ExitStatus { .doesNotFit }
}
