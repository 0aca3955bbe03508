/// Something that is legal and that a user should know: shown once on standard error, and kept in the report.
package struct Warning: Sendable, Hashable, Codable {
    /// What a warning is about.
    package enum Kind: String, Sendable, Codable, CaseIterable {
        /// A design that is larger than the device, and was allowed to be.
        case overflow
        /// Outputs that nothing compared with the reference model.
        case unchecked
        /// A layer takes far more cycles than it would with a buffer that is a little larger.
        case cliff
        /// A resource of the device of which more is used than placing and routing like.
        case crowded
        /// A clock above what a primitive of the design allows.
        case clock
        /// Lanes that no layer of the network can use.
        case idleLanes = "idle-lanes"
        /// A part that has other primitives or cores than those that are counted and timed.
        case part
        /// The run took the plain kernel where streams were asked for.
        case plainKernel = "plain-kernel"
    }

    /// What the warning is about.
    package var kind: Kind
    /// One line, with the figure.
    package var text: String
    /// The configuration key that changes it; nil where none does.
    package var key: String?

    /// A warning.
    package init(_ kind: Kind, _ text: String, key: String? = nil) {
        self.kind = kind
        self.text = text
        self.key = key
    }
}

extension Warning: CustomStringConvertible {
    /// One line: the text, and the key in brackets.
    package var description: String { text + (key.map { " (\($0))" } ?? "") }
}
