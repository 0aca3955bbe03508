import Configuration
import Foundation
import TestSupport
import Testing

@testable import Flows
@testable import Reports

/// Are the ratios of report.json the quotients of its own numbers, as the documents say?
@Suite struct ReportFormulaTests {
    private func json(_ changes: String...) throws -> [String: Any] {
        let workplace = try Scratch()
        let file = try workplace.write("tiny.yaml", Texts.tiny)
        let configuration = try Configuration.load(path: file, assignments: changes.map { ConfigAssignment($0) })
        let data = try Flow.simulate(SimulationRequest(configuration)).report.json()
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    private func number(_ object: [String: Any], _ path: String) throws -> Double {
        var value: Any = object
        for part in path.split(separator: ".") {
            value = try #require((value as? [String: Any])?[String(part)], "\(path) is missing")
        }
        return try #require((value as? NSNumber)?.doubleValue, "\(path) is no number")
    }

    @Test(arguments: [1, 3]) func utilizationIsWorkByCapacity(images: Int) throws {
        let report = try json("network.input.count=\(images)", "run.array_images=all")
        let macs = try number(report, "network.macs") * Double(images)
        let total = try number(report, "cycles.total")
        let lanes = try number(report, "design.lanes")
        #expect(abs(try number(report, "utilization") - macs / (lanes * total)) < 1e-12)
        let layers = try #require(report["layers"] as? [[String: Any]])
        for layer in layers where try number(layer, "macs") > 0 {
            let expected = try number(layer, "macs") / (lanes * number(layer, "cycles"))
            #expect(abs(try number(layer, "utilization") - expected) < 1e-12)
        }
    }

    /// Numbers for people, by the rule of their row.
    @Test func numbersAreRoundedAsTheirRowSays() {
        #expect(Rounding.grouped.text(1_234_567.5) == "1,234,568")
        #expect(Rounding.digits(2).text(3.14159) == "3.14")
        #expect(Rounding.digits(1).text(-0.04) == "0.0")
        #expect(Rounding.percent.text(0.1234) == "12.3 %")
    }
}
