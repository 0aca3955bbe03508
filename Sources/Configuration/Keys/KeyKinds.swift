// Rows for the usual kinds of values, each with the property that keeps the value.

import Diagnostics
import Foundation
import NetworkReaders

#if MUTANTS
    import Mutants
#endif

extension ConfigKey {
    /// A property of a configuration.
    typealias Field<Value> = WritableKeyPath<Configuration, Value> & Sendable

    static func integer(
        _ path: String, _ field: Field<Int>, in range: ClosedRange<Int>, _ help: String
    ) -> ConfigKey {
        ConfigKey(path, .integers(range), help) { section, name, configuration in
            #if MUTANTS
                let widens = path == "array.inputs" && isPlanted("config-bound")
                let range = widens ? range.lowerBound...range.upperBound + 1 : range
            #endif
            if let value = try section.integer(name, in: range) { configuration[keyPath: field] = value }
        } write: { configuration, _ in
            "\(configuration[keyPath: field])"
        }
    }

    static func integer(_ path: String, _ field: Field<Int>, oneOf values: [Int], _ help: String) -> ConfigKey {
        ConfigKey(path, .integersOf(values), help) { section, name, configuration in
            if let value = try section.integer(name, oneOf: values) { configuration[keyPath: field] = value }
        } write: { configuration, _ in
            "\(configuration[keyPath: field])"
        }
    }

    /// `word` stands for nil.
    static func integer(
        _ path: String, _ field: Field<Int?>, or word: String, in range: ClosedRange<Int>, _ help: String
    ) -> ConfigKey {
        ConfigKey(path, .or(word, .integers(range)), help) { section, name, configuration in
            configuration[keyPath: field] = try section.integer(name, or: word, in: range)
        } write: { configuration, _ in
            configuration[keyPath: field].map { "\($0)" } ?? word
        }
    }

    /// `word` stands for nil.
    static func integer(
        _ path: String, _ field: Field<Int?>, or word: String, oneOf values: [Int], _ help: String
    ) -> ConfigKey {
        ConfigKey(path, .or(word, .integersOf(values)), help) { section, name, configuration in
            configuration[keyPath: field] = try section.integer(name, or: word, oneOf: values)
        } write: { configuration, _ in
            configuration[keyPath: field].map { "\($0)" } ?? word
        }
    }

    static func number(
        _ path: String, _ field: Field<Double>, in range: ClosedRange<Double>, _ help: String
    ) -> ConfigKey {
        ConfigKey(path, .numbers(range), help) { section, name, configuration in
            if let value = try section.number(name, in: range) { configuration[keyPath: field] = value }
        } write: { configuration, _ in
            ConfigSection.text(configuration[keyPath: field])
        }
    }

    /// Nil for an absent key.
    static func number(
        _ path: String, _ field: Field<Double?>, in range: ClosedRange<Double>, _ help: String
    ) -> ConfigKey {
        ConfigKey(path, .numbers(range), help) { section, name, configuration in
            configuration[keyPath: field] = try section.number(name, in: range)
        } write: { configuration, _ in
            configuration[keyPath: field].map(ConfigSection.text)
        }
    }

    static func boolean(_ path: String, _ field: Field<Bool>, _ help: String) -> ConfigKey {
        ConfigKey(path, .booleans, help) { section, name, configuration in
            if let value = try section.boolean(name) { configuration[keyPath: field] = value }
        } write: { configuration, _ in
            "\(configuration[keyPath: field])"
        }
    }

    /// `auto` stands for nil.
    static func automatic(_ path: String, _ field: Field<Bool?>, _ help: String) -> ConfigKey {
        ConfigKey(path, .or("auto", .booleans), help) { section, name, configuration in
            configuration[keyPath: field] = try section.boolean(name, or: "auto")
        } write: { configuration, _ in
            configuration[keyPath: field].map { "\($0)" } ?? "auto"
        }
    }

    /// A word of an enumeration.
    static func word<Word: RawRepresentable & CaseIterable & Sendable>(
        _ path: String, _ field: Field<Word>, later: [String] = [], _ help: String
    ) -> ConfigKey where Word.RawValue == String {
        let words = Word.allCases.map(\.rawValue)
        return ConfigKey(path, .words(words, later: later), help) { section, name, configuration in
            let word = try section.word(name, oneOf: words, later: later)
            if let word = word.flatMap(Word.init(rawValue:)) { configuration[keyPath: field] = word }
        } write: { configuration, _ in
            configuration[keyPath: field].rawValue
        }
    }

    /// A word of an enumeration; `none` stands for nil.
    static func word<Word: RawRepresentable & CaseIterable & Sendable>(
        _ path: String, _ field: Field<Word?>, or none: String, _ help: String
    ) -> ConfigKey where Word.RawValue == String {
        let words = [none] + Word.allCases.map(\.rawValue)
        return ConfigKey(path, .words(words, later: []), help) { section, name, configuration in
            configuration[keyPath: field] = try section.word(name, oneOf: words).flatMap(Word.init(rawValue:))
        } write: { configuration, _ in
            configuration[keyPath: field]?.rawValue ?? none
        }
    }

    /// Images: a named source, or a file or folder that exists, by absolute path.
    static func images(
        _ path: String, _ field: Field<String>, accepted: String, _ help: String
    ) -> ConfigKey {
        ConfigKey(path, .text(accepted), help) { section, name, configuration in
            guard let source = try section.images(name, accepted: accepted) else { return }
            configuration[keyPath: field] = source
        } write: { configuration, form in
            ConfigKey.path(configuration[keyPath: field], form)
        }
    }

    /// A path as it is written.
    static func path(_ path: String, _ form: TextForm) -> String {
        switch form {
        case .file: ConfigNode.quoted(path)
        case .hash: ConfigNode.quoted((path as NSString).lastPathComponent)
        }
    }

    /// Words as a flow sequence.
    static func list(_ words: [String]) -> String {
        "[" + words.map { ConfigNode.quoted($0) }.joined(separator: ", ") + "]"
    }
}

extension ConfigSection {
    /// A named source of images, or the absolute path of a file or folder that exists.
    func images(_ key: String, accepted: String) throws -> String? {
        guard let source = try string(key, accepted: accepted) else { return nil }
        if ImageReader.namedSources.contains(source) { return source }
        return try existing(source, key, words: ImageReader.namedSources, accepted: accepted)
    }

    /// The absolute path of a file or folder that exists; `words` are what may stand in its place.
    func existing(_ source: String, _ key: String, words: [String] = ["auto"], accepted: String) throws -> String {
        let path = absolute(source, key)
        guard FileManager.default.fileExists(atPath: path) else {
            let meant = Suggestion.text(for: source, among: words)
            throw error(key, "'\(source.echoed)' is no file or folder\(meant); accepted: \(accepted)")
        }
        return path
    }

    /// A path that a key has, from the folder that its value starts from.
    func absolute(_ path: String, _ key: String) -> String {
        let base = URL(fileURLWithPath: node(key)?.directory ?? "", isDirectory: true)
        return URL(fileURLWithPath: path, relativeTo: base).standardizedFileURL.path
    }
}
