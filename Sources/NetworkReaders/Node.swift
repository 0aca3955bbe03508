// One ONNX node with checked access to its attributes, and the errors that name it.

import Diagnostics
import Foundation
import Networks

struct Node {
    let file: String
    /// Unique among the network's layers.
    let name: String
    let proto: Onnx_NodeProto
    /// How many node inputs and graph outputs read this node's first output.
    let readers: Int

    var operation: String { proto.opType }
    var place: String { "\(file): node \(name) (\(operation))" }

    func invalid(_ message: String) -> InputError { InputError(at: place, message) }

    func unsupported(_ what: String, supported: String) -> InputError {
        InputError(.unsupported, at: place, "\(what); supported are \(supported)")
    }

    /// Name of an input, or nil where an optional one is left out.
    func input(_ index: Int) -> String? {
        index < proto.input.count && !proto.input[index].isEmpty ? proto.input[index] : nil
    }

    func requiredInput(_ index: Int) throws -> String {
        if let name = input(index) { return name }
        throw invalid("input \(index) is missing")
    }

    /// An attribute outside `names` would change the meaning, so it is an error.
    func acceptAttributes(_ names: String...) throws { try acceptAttributes(names) }

    func acceptAttributes(_ names: [String]) throws {
        for attribute in proto.attribute where !names.contains(attribute.name) {
            let accepted = names.isEmpty ? "none" : names.joined(separator: ", ")
            throw unsupported("attribute '\(attribute.name.echoed)'", supported: accepted)
        }
    }

    func attribute(_ name: String) -> Onnx_AttributeProto? { proto.attribute.first { $0.name == name } }

    func integer(_ name: String, default value: Int64) throws -> Int64 {
        guard let attribute = attribute(name) else { return value }
        guard attribute.hasI else { throw invalid("attribute '\(name.echoed)' is not an integer") }
        return attribute.i
    }

    /// An integer attribute of which only one value is read.
    func requireInteger(_ name: String, _ only: Int64, default value: Int64? = nil) throws {
        let found = try integer(name, default: value ?? only)
        guard found == only else { throw unsupported("\(name) = \(found)", supported: "\(name) = \(only)") }
    }

    func float(_ name: String, default value: Float) throws -> Float {
        guard let attribute = attribute(name) else { return value }
        guard attribute.hasF else { throw invalid("attribute '\(name.echoed)' is not a float") }
        return attribute.f
    }

    func string(_ name: String, default value: String) throws -> String {
        guard let attribute = attribute(name) else { return value }
        guard attribute.hasS, let text = String(data: attribute.s, encoding: .utf8) else {
            throw invalid("attribute '\(name.echoed)' is not a string")
        }
        return text
    }

    func integers(_ name: String) throws -> [Int64]? {
        guard let attribute = attribute(name) else { return nil }
        guard !attribute.hasI, !attribute.hasF, !attribute.hasS, attribute.floats.isEmpty else {
            throw invalid("attribute '\(name.echoed)' is not a list of integers")
        }
        return attribute.ints
    }

    /// A list attribute of exactly `count` integers in `range`, or nil when absent.
    func integers(_ name: String, count: Int, in range: ClosedRange<Int>) throws -> [Int]? {
        guard let list = try integers(name) else { return nil }
        guard list.count == count else {
            throw unsupported("\(name) with \(list.count) values", supported: "\(count) values (two spatial axes)")
        }
        for value in list where value < Int64(range.lowerBound) || value > Int64(range.upperBound) {
            throw invalid("\(name) has \(value); accepted are \(range.lowerBound) to \(range.upperBound)")
        }
        return list.map { Int($0) }
    }
}
