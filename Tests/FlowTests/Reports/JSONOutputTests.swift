// Has the JSON of every command one form: a schema, keys in snake case and alphabetical order, a newline at the end?

import Foundation
import TestSupport
import Testing

@testable import Cosimulation

@Suite struct JSONOutputTests {
    @Test(arguments: [
        (["simulate", "tiny.yaml", "--json"], "shiftsim.report/1"),
        (["estimate", "tiny.yaml", "--json"], "shiftsim.estimate/1"),
        (["schedule", "tiny.yaml", "--json"], "shiftsim.schedule/1"),
        (["quantize", "tiny", "-o", "tiny.onnx", "--json"], "shiftsim.quantize/1"),
        (["networks", "--json"], "shiftsim.networks/1"),
        (["networks", "tiny", "--json"], "shiftsim.network/1"),
        (["sweep", "sweep.yaml", "--quiet", "--json"], "shiftsim.sweep/1"),
    ])
    func commandWritesTheOneForm(arguments: [String], schema: String) throws {
        let workplace = try Scratch()
        try workplace.write("tiny.yaml", Texts.tiny)
        try workplace.write("sweep.yaml", Texts.sweep)
        let run = try Program.run(arguments, in: workplace)
        #expect(run.code == 0, "\(run.errors)")
        try check(Data(run.output.utf8), schema: schema)
    }

    /// `cosim` needs tools; its report does not.
    @Test func cosimWritesTheOneForm() throws {
        let verdict = CosimulationReport.Verdict(judge: "yosys", isEqual: true, signals: 3, message: "")
        let report = CosimulationReport(cycles: 5, finished: true, signals: 3, verdicts: [verdict])
        try check(try report.json(), schema: "shiftsim.cosim/1")
        #expect(String(decoding: try report.json(), as: UTF8.self).contains("\"is_equal\" : true"))
    }

    private func check(_ data: Data, schema: String) throws {
        let text = String(decoding: data, as: UTF8.self)
        #expect(text.hasSuffix("}\n") && !text.hasSuffix("\n\n"))
        let document = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(document["schema"] as? String == schema)
        for key in keys(document) {
            #expect(key.wholeMatch(of: /[a-z0-9_]+/) != nil, "\(key)")
        }
        let top = text.split(separator: "\n").filter { $0.hasPrefix("  \"") }.map { $0.prefix { $0 != ":" } }
        #expect(!top.isEmpty && top == top.sorted())
    }

    /// Keys that the format gives; those of values (instances, axes, numbers of the report) are names of other things.
    private func keys(_ value: Any) -> [String] {
        if let list = value as? [Any] { return list.flatMap(keys) }
        guard let members = value as? [String: Any] else { return [] }
        return members.flatMap { key, member in
            [key] + ((key.hasPrefix("by_") || ["point", "numbers"].contains(key)) ? [] : keys(member))
        }
    }
}
