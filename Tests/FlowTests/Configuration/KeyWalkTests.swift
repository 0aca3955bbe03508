// Does every key refuse what it does not accept, in bounded words, and state what it accepts?

import Configuration
import Diagnostics
import Foundation
import Preparation
import TestSupport
import Testing

@Suite struct KeyWalkTests {
    /// Every key, with what has to be set so that it has a meaning: the first case of ConfigKeyTests.
    static let keys: [ConfigKeyTests.Case] = ConfigTable.keys.map { key in
        ConfigKeyTests.cases.first { $0.key == key.path }
            ?? ConfigKeyTests.Case(key: key.path, value: "", companions: [])
    }

    /// A folder with the tiny configuration and the files that companions name.
    private func folder() throws -> Scratch {
        let workplace = try Scratch()
        try workplace.write("tiny.yaml", Texts.tiny)
        for name in ["images.npy", "tiny.onnx", "labels.txt"] { try workplace.write(name, "") }
        return workplace
    }

    private func load(_ item: ConfigKeyTests.Case, _ value: String, _ workplace: Scratch) throws -> Configuration {
        let changes = item.companions + ["\(item.key)=\(value)"]
        return try Configuration.load(
            path: workplace.path("tiny.yaml"), assignments: changes.map { ConfigAssignment(workplace.absolute($0)) })
    }

    private func error(_ item: ConfigKeyTests.Case, _ value: String, _ workplace: Scratch) throws -> InputError? {
        do {
            _ = try load(item, value, workplace)
            Issue.record("\(item.key)=\(value.prefix(60)) is accepted")
            return nil
        } catch let error as InputError {
            #expect(error.place.hasPrefix("--set \(item.key)"), "\(error)")
            return error
        }
    }

    // MARK: types

    @Test(arguments: keys)
    func aValueOfAnotherTypeIsAnErrorOfTheKey(_ item: ConfigKeyTests.Case) throws {
        let workplace = try folder()
        let values = ["{}", "~", "[[1]]", "[{}]", "''", "\"\\0\""]
        for value in values {
            let error = try error(item, value, workplace)
            #expect(error?.message.hasPrefix("\(item.key): ") == true, "\(value): \(error?.message ?? "")")
            #expect(error?.message.contains("accepted: ") == true, "\(value): \(error?.message ?? "")")
        }
    }

    // MARK: long values

    /// Of a value of any length, 200 characters are repeated.
    @Test(arguments: keys)
    func messagesRepeatTwoHundredCharacters(_ item: ConfigKeyTests.Case) throws {
        let workplace = try folder()
        for letter in ["x", "7", "\u{1}", "ä", "/"] {
            for value in [String(repeating: letter, count: 60_000), "[\(String(repeating: letter, count: 60_000))]"] {
                let yaml = letter == "\u{1}" ? "\"" + String(repeating: "\\x01", count: 20_000) + "\"" : value
                // Any text of patterns or names is right.
                guard let error = try error(text: item, yaml, workplace) else { continue }
                #expect(!error.contains(String(repeating: letter, count: 201)), "\(item.key)")
                #expect(!error.contains("\u{1}") && error.count < 1200, "\(item.key): \(error.count) characters")
            }
        }
    }

    private func error(text item: ConfigKeyTests.Case, _ value: String, _ workplace: Scratch) throws -> String? {
        do {
            _ = try load(item, value, workplace)
            return nil
        } catch let error as InputError { return error.description }
    }

    // MARK: ranges

    /// The ends of a key's range and the values next to them.
    private static func ends(_ values: ConfigValues) -> (inside: [String], outside: [String])? {
        switch values {
        case .integers(let range):
            let above = range.upperBound == .max ? [] : ["\(range.upperBound + 1)"]
            return (["\(range.lowerBound)", "\(range.upperBound)"], ["\(range.lowerBound - 1)"] + above)
        case .integersOf(let values):
            return (values.map(String.init), ["\(values.min()! - 1)", "\(values.max()! + 1)"])
        case .numbers(let range):
            let bounds = [range.lowerBound, range.upperBound].map(ConfigSection.text)
            return (bounds, ["\(range.lowerBound.nextDown)", "\(range.upperBound.nextUp)", "1e999", ".inf", ".nan"])
        case .booleans: return (["true", "false"], ["yes", "True", "1", "'true'"])
        case .words(let words, _): return (words, ["none of these"])
        case .or(let word, let others):
            let inner = ends(others)
            return ([word] + (inner?.inside ?? []), inner?.outside ?? [])
        case .list(let element, let counts):
            guard let inner = ends(element) else { return nil }
            let list = { (text: String) in
                "[\(Array(repeating: text, count: max(1, counts.lowerBound)).joined(separator: ", "))]"
            }
            // Lists have rules of their own for what is inside.
            return ([], inner.outside.map(list))
        case .text: return nil
        }
    }

    @Test func mostKeysHaveARange() {
        #expect(ConfigTable.keys.filter { Self.ends($0.values) == nil }.map(\.path) == Self.texts)
    }

    static let texts = [
        "network.model", "network.input.images", "network.input.labels", "quantization.calibration", "energy.table",
        "trace.file",
        "trace.taps", "trace.layers",
    ]

    @Test(arguments: keys)
    func everyEndOfARangeIsTakenAsItIsAndNothingBeyond(_ item: ConfigKeyTests.Case) throws {
        let key = try #require(ConfigTable.keys.first { $0.path == item.key })
        guard let (inside, outside) = Self.ends(key.values) else { return }
        let workplace = try folder()
        for value in outside {
            let error = try error(item, value, workplace)
            #expect(error?.message.hasPrefix("\(item.key): ") == true, "\(value): \(error?.message ?? "")")
        }
        let name = item.key.split(separator: ".").last!
        for value in inside {
            do {
                let text = try load(item, value, workplace).resolvedText
                #expect(text.contains("\(name): \(value)\n"), "\(item.key)=\(value) is written as something else")
            } catch let error as InputError {
                // Right by itself, not with the rest: the message says so of this key or of one that it goes with.
                #expect(
                    error.message.contains("accepted") || error.message.contains("only for")
                        || error.message.contains("together"), "\(error)")
            }
        }
    }

    /// What is built has the sizes that were asked for, at both ends.
    @Test(arguments: [
        "array.outputs=1", "array.outputs=64", "array.inputs=1", "array.inputs=64", "array.pixels=1",
        "array.pixels=64", "array.terms=1", "array.terms=2", "array.accumulator_bits=48", "array.weight_bits=3",
        "array.weight_bits=5",
    ])
    func theArrayIsOfTheSizeAskedFor(_ change: String) throws {
        let workplace = try folder()
        let configuration = try Configuration.load(
            path: workplace.path("tiny.yaml"), assignments: ["buffers={}", change].map { ConfigAssignment($0) })
        let network = try PreparedNetwork.prepare(configuration.network, configuration.quantization)
        let hardware = try Hardware.elaborate(configuration, for: network.quantized)
        let p = hardware.accelerator.parameters
        let built = [
            "array.outputs": p.outputs, "array.inputs": p.inputs, "array.pixels": p.pixels, "array.terms": p.terms,
            "array.accumulator_bits": p.accumulatorBits, "array.weight_bits": p.element.weightBits,
        ]
        let parts = change.split(separator: "=").map(String.init)
        #expect(built[parts[0]] == Int(parts[1]))
        let text = configuration.resolved(for: network, on: hardware).resolvedText
        #expect(text.contains("  \(parts[0].dropFirst(6)): \(parts[1])\n"))
    }

    // MARK: numbers

    /// What YAML's readers take for different numbers is no number.
    @Test(arguments: ["017", "08", "+5", "0x10", "0o17", "0b1", "1_0", "1e1", "8.", ".8", "8.0", "1:30", "５", "8 "])
    func numbersAreThoseOfJSON(_ text: String) throws {
        let workplace = try folder()
        let outputs = ConfigKeyTests.Case(key: "array.outputs", value: "", companions: [])
        if text == "8 " {
            #expect(try load(outputs, text, workplace).array.outputs == 8)
            return
        }
        let error = try error(outputs, text, workplace)
        #expect(error?.message.hasPrefix("array.outputs: is '\(text)'; accepted: 1...64 (integer)") == true)
        let isOtherwise = !["1e1", "8.0", "1:30", "５"].contains(text)
        #expect(
            error?.message.hasSuffix("as in JSON: no +, 0x, _ or zero in front") == isOtherwise,
            "\(error?.message ?? "")")
        let clock = ConfigKeyTests.Case(key: "clock_mhz", value: "", companions: [])
        if ["1e1", "8.0"].contains(text) {
            #expect(try load(clock, text, workplace).clockMHz == Double(text))
        } else {
            _ = try self.error(clock, text, workplace)
        }
    }

    // MARK: did you mean

    /// Every word of every enumeration with each of its letters left out.
    @Test func everyMistypedWordHasASuggestion() throws {
        let workplace = try folder()
        var tried = 0
        for item in Self.keys {
            guard case .words(let words, let later)? = ConfigTable.keys.first(where: { $0.path == item.key })?.values
            else {
                continue
            }
            for word in words {
                for index in word.indices {
                    var mistyped = word
                    mistyped.remove(at: index)
                    guard !words.contains(mistyped), !later.contains(mistyped) else { continue }
                    let error = try error(item, mistyped, workplace)
                    let meant = error?.message.range(
                        of: "\\(did you mean .*'\(word)'.*\\?\\)", options: .regularExpression)
                    #expect(meant != nil, "\(error?.message ?? "")")
                    tried += 1
                }
            }
        }
        #expect(tried > 100)
    }

    /// Every key with two of its letters swapped.
    @Test func everyMistypedKeyHasASuggestion() throws {
        let workplace = try folder()
        for key in ConfigTable.keys {
            let name = key.path.split(separator: ".").last!
            var letters = Array(name)
            let place = try #require(letters.indices.dropLast().first { letters[$0] != letters[$0 + 1] })
            letters.swapAt(place, place + 1)
            let mistyped = key.path.dropLast(name.count) + String(letters)
            let error = #expect(throws: InputError.self) {
                try Configuration.load(
                    path: workplace.path("tiny.yaml"), assignments: [ConfigAssignment("\(mistyped)=1")])
            }
            let text = "\(mistyped): unknown key (did you mean '\(name)'?); accepted: "
            #expect(error?.message.hasPrefix(text) == true, "\(error?.message ?? "")")
        }
    }
}
