// One key of a configuration: the row from which reading, messages, the resolved file, the hash, the documents and the
// JSON Schema are folded (ConfigTable.swift). KeyKinds.swift makes rows for the usual kinds of values.

import Diagnostics
import Foundation

/// What is known of a key: where its value is kept, what it may be, and what it means.
package struct ConfigKey: Sendable {
    /// Which text a value is written for.
    package enum TextForm: Sendable {
        /// A file that can be read again from any folder.
        case file
        /// The hash: files by name only, since their contents are hashed beside it.
        case hash
    }

    /// Reads the key `name` of its section and stores the value; for an absent key it does nothing, or stores a
    /// default that depends on earlier keys. Throws `InputError`.
    typealias Reader = @Sendable (_ section: ConfigSection, _ name: String, inout Configuration) throws -> Void
    /// The value as YAML; nil where there is none.
    typealias Writer = @Sendable (Configuration, TextForm) -> String?

    /// Section and name, such as `array.outputs`.
    package let path: String
    /// The mapping that holds the key, such as `array`; empty for the file itself.
    let section: String
    /// The key without its section.
    let name: String
    /// What is accepted, whatever other keys say.
    package let values: ConfigValues
    /// What it means: Markdown, one line.
    package let help: String
    /// What documents say in place of the row's own values.
    private var documentedValues: String?
    /// What documents say in place of the row's own default.
    private var documentedDefault: String?
    /// Whether results of runs that differ in this key only may differ: the hash covers those keys.
    package private(set) var affectsResults = true
    /// Whether every configuration has to give it; the row's reader says so.
    private(set) var isRequired = false

    let read: Reader
    private let write: Writer
    private var isWritten: @Sendable (Configuration) -> Bool = { _ in true }
    private var rules: [@Sendable (Configuration) -> String?] = []

    /// A row of any kind.
    init(
        _ path: String, _ values: ConfigValues, _ help: String, read: @escaping Reader, write: @escaping Writer
    ) {
        self.path = path
        let parts = path.split(separator: ".").map(String.init)
        section = parts.dropLast().joined(separator: ".")
        name = parts.last ?? ""
        self.values = values
        self.help = help
        self.read = read
        self.write = write
    }

    /// What is accepted, for documents: Markdown.
    package var accepted: String { documentedValues ?? values.markdown }

    /// The default, for documents: Markdown.
    package var defaultText: String {
        documentedDefault ?? write(Configuration(), .file).map { "`\($0)`" } ?? "-"
    }

    /// The value as YAML; nil where the configuration has none, or has no use for the key.
    func text(_ configuration: Configuration, _ form: TextForm) -> String? {
        isWritten(configuration) ? write(configuration, form) : nil
    }

    /// What is wrong with a value that was given, together with other keys; nil for nothing.
    func problem(_ configuration: Configuration) -> String? {
        rules.lazy.compactMap { $0(configuration) }.first
    }

    // MARK: more about a row

    /// A key that only some configurations have: in others it is not written, and giving it is an error.
    func only(
        when applies: @escaping @Sendable (Configuration) -> Bool, else message: String
    ) -> ConfigKey {
        var key = written(when: applies)
        key.rules.insert({ applies($0) ? nil : message }, at: 0)
        return key
    }

    /// A key that is written for some configurations only.
    func written(when applies: @escaping @Sendable (Configuration) -> Bool) -> ConfigKey {
        var key = self
        let others = isWritten
        key.isWritten = { others($0) && applies($0) }
        return key
    }

    /// A rule over several keys, asked by `Configuration.checkKeys` where this one is given: what is wrong and accepted,
    /// or nil.
    func rule(_ problem: @escaping @Sendable (Configuration) -> String?) -> ConfigKey {
        var key = self
        key.rules.append(problem)
        return key
    }

    /// Runs that differ in this key give the same results.
    var changingNoResult: ConfigKey {
        var key = self
        key.affectsResults = false
        return key
    }

    /// A key without a default. Its reader throws where the key is absent.
    var required: ConfigKey {
        var key = self
        key.isRequired = true
        key.documentedDefault = "required"
        return key
    }

    /// Documents that say more than the row's own values do.
    func documented(accepted: String? = nil, default defaultText: String? = nil) -> ConfigKey {
        var key = self
        if let accepted { key.documentedValues = accepted }
        if let defaultText { key.documentedDefault = defaultText }
        return key
    }
}
