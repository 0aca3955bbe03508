import Foundation
import TestSupport
import Testing

@testable import Configuration
@testable import Diagnostics

/// Is every key of a range refused one step outside either end, with the range in the message, and never for its range
/// at the ends?
@Suite struct ConfigBoundTests {
    struct Bound: Sendable, CustomTestStringConvertible {
        var path: String
        var inside: [String]
        var outside: [String]
        var range: String
        var testDescription: String { "\(path) \(range)" }
    }

    private static func bound(_ path: String, _ values: ConfigValues) -> Bound? {
        switch values {
        case .integers(let range):
            let beyond = range.upperBound < Int(Int32.max) ? ["\(range.upperBound + 1)"] : []
            return Bound(
                path: path, inside: ["\(range.lowerBound)", "\(range.upperBound)"],
                outside: ["\(range.lowerBound - 1)"] + beyond, range: values.markdown)
        case .numbers(let range):
            // A thousandth outside.
            let (low, high) = (range.lowerBound, range.upperBound)
            let step = max(abs(low), abs(high)) / 1000
            return Bound(
                path: path, inside: ["\(low)", "\(high)"], outside: ["\(low - max(step, 1e-9))", "\(high + step)"],
                range: values.markdown)
        case .or(_, let others): return bound(path, others)
        case .integersOf, .booleans, .words, .text, .list: return nil
        }
    }

    static let bounds = ConfigTable.keys.compactMap { bound($0.path, $0.values) }

    private func problem(_ path: String, _ value: String) throws -> String? {
        let workplace = try Scratch()
        let file = try workplace.write("tiny.yaml", Texts.tiny)
        do {
            _ = try Configuration.load(path: file, assignments: [ConfigAssignment("\(path)=\(value)")])
            return nil
        } catch let error as InputError {
            return error.description
        }
    }

    @Test func manyKeysHaveRanges() {
        #expect(Self.bounds.count > 20)
        #expect(Self.bounds.contains { $0.path == "array.inputs" && $0.range == "1...64" })
    }

    @Test(arguments: bounds) func everyRangeEndsWhereItSays(bound: Bound) throws {
        for value in bound.outside {
            let message = try #require(try problem(bound.path, value), "\(bound.path)=\(value) is accepted")
            #expect(message.contains(bound.path), "\(message)")
        }
        for value in bound.inside {
            // Other rules may refuse it, not the range.
            let message = try problem(bound.path, value) ?? ""
            #expect(!message.contains(": accepted: \(bound.range)"), "\(bound.path)=\(value): \(message)")
        }
    }
}
