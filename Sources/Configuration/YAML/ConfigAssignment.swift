/// A value that the command line gives to a configuration key.
package struct ConfigAssignment: Sendable, Equatable {
    /// "KEY=VALUE"; the value is a YAML scalar or flow value.
    package var text: String
    /// The option to name in messages; nil for `--set KEY`.
    package var option: String?

    /// An assignment; `option` names another option than `--set`.
    package init(_ text: String, option: String? = nil) {
        self.text = text
        self.option = option
    }

    /// A text value, quoted as YAML needs it.
    package init(key: String, value: String, option: String) {
        self.init("\(key)=\(ConfigNode.quoted(value))", option: option)
    }

    /// A list of text values.
    package init(key: String, values: [String], option: String) {
        self.init("\(key)=[\(values.map { ConfigNode.quoted($0) }.joined(separator: ", "))]", option: option)
    }
}
