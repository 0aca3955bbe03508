// Does the progress line say what is being done and how long it takes, on a terminal and nowhere else?

import Flows
import Foundation
import Preparation
import TestSupport
import Testing

@Suite struct ProgressTests {
    @Test func words() {
        func line(_ phase: Phase, _ fraction: Double?, _ seconds: Double) -> String {
            ProgressText.line(PhaseProgress(phase, fraction), seconds: seconds)
        }
        #expect(line(.reading, nil, 0.2) == "reading, 1 s so far")
        #expect(line(.quantizing, nil, 61) == "quantizing, 1 min 1 s so far")
        #expect(line(.elaborating, nil, 2) == "elaborating, 2 s so far")
        #expect(line(.simulating(image: 2, of: 5), 0.25, 10) == "simulating image 2 of 5: 25 %, 30 s left")
        #expect(line(.simulating(image: 1, of: 1), 0.01, 100) == "simulating image 1 of 1: 1 %, 2 h 45 min left")
        #expect(line(.simulating(image: 1, of: 1), 0, 3) == "simulating image 1 of 1, 3 s so far")
        #expect(line(.checking, 0.5, 4) == "checking: 50 %, 4 s left")
        #expect(line(.sweeping(done: 3, of: 4), 0.75, 9) == "3 of 4 points: 75 %, 3 s left")
        #expect(ProgressText.line(PhaseProgress(.reading), seconds: 1, width: 10) == "reading, 1")
    }

    /// Runs a command on a terminal of its own.
    private func onTerminal(_ command: String, in workplace: Scratch) throws -> String {
        let program = try #require(Program.executable).path
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/script")
        process.arguments = ["-qec", "stty cols 100; '\(program)' \(command)", "/dev/null"]
        process.currentDirectoryURL = workplace.url
        let output = URL(fileURLWithPath: try workplace.write("typed", ""))
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return try workplace.read("typed")
    }

    @Test func everyPhaseIsOnTheTerminal() throws {
        let workplace = try Scratch()
        try workplace.write("tiny.yaml", Texts.tiny)
        let typed = try onTerminal("simulate tiny.yaml --set network.input.count=2", in: workplace)
        var rest = Substring(typed)
        for phase in ["reading, ", "quantizing, ", "elaborating, ", "simulating image 1 of 2", "checking, "] {
            let place = try #require(rest.range(of: "\r\(phase)"), "\(phase)")
            rest = rest[place.upperBound...]
        }
        // The line is gone before the report begins.
        let last = try #require(rest.range(of: "ShiftSim "))
        #expect(rest[..<last.lowerBound].hasSuffix(" \r"))
        #expect(typed.contains("utilisation") && !typed.contains("\rlayer"))

        try workplace.write("sweep.yaml", Texts.sweep)
        let sweep = try onTerminal("sweep sweep.yaml --jobs 1", in: workplace)
        for done in 0...4 { #expect(sweep.contains("\r\(done) of 4 points")) }
    }

    @Test func quietIsQuiet() throws {
        let workplace = try Scratch()
        try workplace.write("tiny.yaml", Texts.tiny)
        #expect(try !onTerminal("simulate tiny.yaml --quiet", in: workplace).contains("quantizing"))
        let piped = try Program.run(["simulate", "tiny.yaml"], in: workplace)
        #expect(piped.errors.isEmpty)
    }

    /// Tables are as wide as the terminal: at 100 columns the layers' table has more of its columns side by side.
    @Test func tablesFitTheTerminal() throws {
        let workplace = try Scratch()
        try workplace.write("tiny.yaml", Texts.tiny)
        let typed = try onTerminal("simulate tiny.yaml --quiet -o out", in: workplace)
        let header = try #require(typed.split(whereSeparator: \.isNewline).first { $0.hasPrefix("layer ") })
        #expect((81...100).contains(header.count))
        #expect(try workplace.read("out/report.txt").split(separator: "\n").allSatisfy { $0.count <= 80 })
    }
}
