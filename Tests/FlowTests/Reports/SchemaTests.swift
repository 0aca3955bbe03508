// Does report.json follow the shipped JSON Schema, with no key that the schema does not know?

import Configuration
import Flows
import Foundation
import TestSupport
import Testing

@Suite struct SchemaTests {
    @Test(arguments: [
        "run.mode=full", "run.mode=functional", "run.mode=timing", "run.check=false", "memory.model=ideal",
        "memory.model=ddr4-2133", "quantization.scheme=flightnn",
    ])
    func reportFollowsTheSchema(change: String) throws {
        let workplace = try Scratch()
        let file = try workplace.write("tiny.yaml", Texts.tiny)
        let configuration = try Configuration.load(path: file, assignments: [ConfigAssignment(change)])
        let report = try Flow.simulate(SimulationRequest(configuration)).report.json()
        let schema = try Data(contentsOf: Repository.root.appendingPathComponent("docs/report.schema.json"))
        let problems = check(
            try JSONSerialization.jsonObject(with: report), try JSONSerialization.jsonObject(with: schema),
            path: "report")
        #expect(problems == [])
    }

    @Test func checkerSeesWhatIsWrong() throws {
        let schema: [String: Any] = [
            "type": "object", "properties": ["a": ["type": "integer", "minimum": 0.0]], "required": ["a"],
        ]
        #expect(check(["a": 1.0], schema, path: "x").isEmpty)
        #expect(check(["a": -1.0], schema, path: "x") == ["x.a: below its minimum"])
        #expect(check(["a": "1"], schema, path: "x") == ["x.a: not of type integer"])
        #expect(check(["b": 1], schema, path: "x").sorted() == ["x.a: missing", "x.b: unknown"])
    }

    /// Problems of a value, for the keywords that the schema uses.
    private func check(_ value: Any, _ schema: Any, path: String) -> [String] {
        guard let schema = schema as? [String: Any] else { return ["\(path): no schema"] }
        var problems: [String] = []
        if let type = schema["type"] as? String, !isOf(type, value) { return ["\(path): not of type \(type)"] }
        if let constant = schema["const"] as? String, constant != value as? String { problems.append("\(path): const") }
        if let words = schema["enum"] as? [NSObject], !words.contains(where: { $0.isEqual(value) }) {
            problems.append("\(path): not in enum")
        }
        if let minimum = schema["minimum"] as? Double, let number = value as? Double, number < minimum {
            problems.append("\(path): below its minimum")
        }
        if let pattern = schema["pattern"] as? String, let text = value as? String,
            text.range(of: pattern, options: .regularExpression) == nil
        {
            problems.append("\(path): does not match \(pattern)")
        }
        if let items = schema["items"], let list = value as? [Any] {
            for (index, item) in list.enumerated() { problems += check(item, items, path: "\(path)[\(index)]") }
        }
        if let object = value as? [String: Any] { problems += checkMembers(object, schema, path: path) }
        return problems
    }

    private func checkMembers(_ object: [String: Any], _ schema: [String: Any], path: String) -> [String] {
        let properties = schema["properties"] as? [String: Any] ?? [:]
        let required = schema["required"] as? [String] ?? []
        var problems = required.filter { object[$0] == nil }.map { "\(path).\($0): missing" }
        for (key, member) in object {
            if let known = properties[key] ?? schema["additionalProperties"] {
                problems += check(member, known, path: "\(path).\(key)")
            } else {
                problems.append("\(path).\(key): unknown")
            }
        }
        return problems
    }

    private func isOf(_ type: String, _ value: Any) -> Bool {
        switch type {
        case "object": value is [String: Any]
        case "array": value is [Any]
        case "string": value is String
        case "boolean": value is Bool
        case "number": value is Double
        case "integer": (value as? Double).map { $0 == $0.rounded() } ?? false
        default: false
        }
    }
}
