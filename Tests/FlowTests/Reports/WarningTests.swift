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
        // 64 outputs are more than any layer has.
        #expect(run.report.warnings.map(\.kind) == [.overflow, .idleLanes])
        #expect(warning.kind == .overflow && warning.key == "device.allow_overflow")
        #expect(warning.text.hasPrefix("the design does not fit xczu9eg: it needs "))
        #expect(warning.text.hasSuffix(" RAMB36 of 912"))
        #expect(count("warning: \(warning.text) (device.allow_overflow)\n", in: run.text) == 1)
        #expect(count("shiftsim: warning: \(warning.text) (device.allow_overflow)\n", in: run.errors) == 1)
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
        #expect(run.report.warnings.map(\.kind) == [.overflow, .unchecked, .idleLanes])
        #expect(count("warning: ", in: run.text) == 3 && count("shiftsim: warning: ", in: run.errors) == 3)
    }

    // MARK: the design

    /// Kinds that `estimate` says, too, with what makes them, and their words.
    static let designs: [(kind: Warning.Kind, changes: [String], text: String, key: String)] = [
        (
            .crowded,
            ["buffers.ofmap_kib=1024", "array.outputs=64", "buffers.ifmap_kib=512", "buffers.weight_kib=256"],
            " of 912 RAMB36 (", "buffers.ofmap_kib"
        ),
        (
            .clock, ["clock_mhz=638"],
            "the clock of 638 MHz is above the 637 MHz of a RAMB36E2 in mode READ_FIRST (AMD DS925, ", "clock_mhz"
        ),
        (
            .idleLanes, ["array.outputs=32", "array.inputs=32", "array.pixels=4"],
            "3,072 of 4,096 lanes work in no layer: the array has 32 output channels, no layer more than 16; the array has "
                + "32 input channels, no layer more than 16", "array.outputs"
        ),
        (
            .part, ["device.part=xc7z045"],
            "xc7z045 (ZC706): it has DSP48E1 (25 x 18 bits, no W multiplexer) and RAMB36E1 for DSP48E2 and RAMB36E2; ",
            "device.part"
        ),
        (
            .part, ["device.part=xcu250", "host.fully_connected=true"],
            "xcu250 (Alveo U250): layers of the host take the time of the ZCU102's Cortex-A53, and it has no cores",
            "device.part"
        ),
        (
            .overflow, ["buffers.ofmap_kib=4096", "array.outputs=64", "device.allow_overflow=true"],
            "the design does not fit xczu9eg: it needs ", "device.allow_overflow"
        ),
    ]

    @Test(arguments: designs.indices)
    func aDesignIsWarnedOfOnceByEveryCommand(_ index: Int) throws {
        let (kind, changes, text, key) = Self.designs[index]
        let workplace = try Scratch()
        try workplace.write("tiny.yaml", Texts.tiny)
        for command in ["simulate", "estimate"] {
            let sets = changes.flatMap { ["--set", $0] }
            let quiet = command == "simulate" ? ["--quiet"] : []
            let plain = try Program.run([command, "tiny.yaml"] + quiet + sets, in: workplace)
            let warned = plain.errors.split(separator: "\n").filter { $0.contains(text) }
            #expect(warned.count == 1 && warned[0].hasPrefix("shiftsim: warning: "), "\(plain.errors)")
            #expect(warned.first?.hasSuffix(" (\(key))") == true, "\(plain.errors)")
            #expect(count("warning: ", in: plain.output) == count("warning: ", in: plain.errors))
            #expect(plain.output.replacingOccurrences(of: "\n", with: " ").contains(text))
            let json = try Program.run([command, "tiny.yaml", "--json"] + quiet + sets, in: workplace)
            let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
            let warnings = try #require(object?["warnings"] as? [[String: String]])
            let found = warnings.filter { $0["kind"] == kind.rawValue }
            #expect(found.count == 1 && found[0]["text"]?.contains(text) == true && found[0]["key"] == key)
        }
    }

    /// Just below each limit nothing is said.
    @Test(arguments: [
        ["clock_mhz=637"], ["array.outputs=16", "array.inputs=16", "array.pixels=8"],
        ["buffers.ofmap_kib=1024", "array.outputs=16"], ["device.part=xczu7ev", "host.fully_connected=true"],
    ])
    func belowTheLimitNothingIsSaid(changes: [String]) throws {
        let workplace = try Scratch()
        let file = try workplace.write("tiny.yaml", Texts.tiny)
        let configuration = try Configuration.load(path: file, assignments: changes.map { ConfigAssignment($0) })
        #expect(try Flow.estimate(configuration).warnings.map(\.kind) == [])
    }

    /// The key is there all the same.
    @Test func nothingToSay() throws {
        let run = try run()
        #expect(run.report.warnings.isEmpty && run.errors.isEmpty && !run.text.contains("warning"))
        let json = try JSONSerialization.jsonObject(with: run.report.json()) as? [String: Any]
        #expect((json?["warnings"] as? [Any])?.isEmpty == true)
    }
}
