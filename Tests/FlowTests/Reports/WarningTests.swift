// Is what is legal, but should be known, said once: in the report, in its text and on standard error?

import Configuration
import Diagnostics
import Flows
import Foundation
import Reports
import TestSupport
import Testing

@Suite struct WarningTests {
    private func run(_ changes: String...) throws -> (report: Report, text: String, errors: String) {
        let workplace = try Scratch()
        let file = try workplace.write("tiny.yaml", Texts.tiny)
        let configuration = try Configuration.load(path: file, assignments: changes.map { ConfigAssignment($0) })
        let outcome = try Flow.simulate(SimulationRequest(configuration))
        let sets = changes.flatMap { ["--set", $0] }
        let program = try Program.run(["simulate", "tiny.yaml", "--json", "--quiet"] + sets, in: workplace)
        #expect(program.code == 0)
        #expect(try JSONSerialization.jsonObject(with: Data(program.output.utf8)) is [String: Any])
        return (outcome.report, outcome.text, program.errors)
    }

    private func count(_ part: String, in text: String) -> Int { text.components(separatedBy: part).count - 1 }

    @Test func designThatIsTooLarge() throws {
        let run = try run("buffers.ofmap_kib=4096", "array.outputs=64", "device.allow_overflow=true")
        let warning = try #require(run.report.warnings.first)
        #expect(run.report.warnings.count == 1)
        #expect(warning.kind == .overflow && warning.key == "device.allow_overflow")
        #expect(warning.text.hasPrefix("the design does not fit xczu9eg: it needs "))
        #expect(warning.text.hasSuffix(" RAMB36 of 912"))
        #expect(count("warning: \(warning.text) (device.allow_overflow)\n", in: run.text) == 1)
        #expect(run.errors == "shiftsim: warning: \(warning.text) (device.allow_overflow)\n")
    }

    @Test func outputsThatWereNotChecked() throws {
        let run = try run("run.check=false", "network.input.count=2")
        let text = "the outputs of 2 images of the array were not checked"
        #expect(run.report.warnings == [Warning(.unchecked, text, key: "run.check")])
        #expect(count("warning: \(text) (run.check)\n", in: run.text) == 1)
        #expect(run.errors == "shiftsim: warning: \(text) (run.check)\n")
    }

    @Test func bothInTheOrderOfTheirKinds() throws {
        let run = try run(
            "buffers.ofmap_kib=4096", "array.outputs=64", "device.allow_overflow=true", "run.check=false")
        #expect(run.report.warnings.map(\.kind) == [.overflow, .unchecked])
        #expect(count("warning: ", in: run.text) == 2 && count("shiftsim: warning: ", in: run.errors) == 2)
    }

    /// The key is there all the same.
    @Test func nothingToSay() throws {
        let run = try run()
        #expect(run.report.warnings.isEmpty && run.errors.isEmpty && !run.text.contains("warning"))
        let json = try JSONSerialization.jsonObject(with: run.report.json()) as? [String: Any]
        #expect((json?["warnings"] as? [Any])?.isEmpty == true)
    }
}
