// Is the place of a result at every moment a whole result, the older or the new one, whatever becomes of the run?

import Diagnostics
import Foundation
import Output
import Support
import TestSupport
import Testing

@Suite struct WholeResultTests {
    /// A result in its place, as the first run leaves it.
    private func prepared(_ command: Command) throws -> (workplace: Scratch, older: Snapshot, seconds: Double) {
        let workplace = try Command.workplace()
        let started = Date()
        let first = try Program.run(command.arguments(), in: workplace)
        #expect(first.code == 0, "\(first.errors)")
        return (workplace, snapshot(command, workplace), Date().timeIntervalSince(started))
    }

    private func snapshot(_ command: Command, _ workplace: Scratch) -> Snapshot {
        Snapshot(workplace.path(command.target ?? ""), without: command.timed)
    }

    /// An older result in its place, and what a run with other words will make of it.
    private func preparedWithChange(
        _ command: Command
    ) throws -> (workplace: Scratch, older: Snapshot, newer: Snapshot, seconds: Double) {
        let (workplace, older, seconds) = try prepared(command)
        let place = workplace.path(command.target ?? "")
        try FileManager.default.moveItem(atPath: place, toPath: workplace.path("older"))
        try change(command, workplace)
        let run = try Program.run(command.arguments(command.change), in: workplace)
        #expect(run.code == 0, "\(run.errors)")
        let newer = snapshot(command, workplace)
        try FileManager.default.removeItem(atPath: place)
        try FileManager.default.moveItem(atPath: workplace.path("older"), toPath: place)
        #expect(newer != older && snapshot(command, workplace) == older)
        return (workplace, older, newer, seconds)
    }

    /// A sweep takes no further words: its file changes.
    private func change(_ command: Command, _ workplace: Scratch) throws {
        guard command.words.hasPrefix("sweep") else { return }
        try workplace.write("sweep.yaml", try #require(Texts.sweep("from: 4, to: 8", "from: 4, to: 4")))
    }

    @Test(arguments: Command.runnable)
    func aRunReplacesTheOlderResultAsAWhole(_ command: Command) throws {
        let (workplace, _, newer, _) = try preparedWithChange(command)
        let second = try Program.run(command.arguments(command.change), in: workplace)
        #expect(second.code == 0, "\(second.errors)")
        #expect(snapshot(command, workplace) == newer)
        #expect(try workplace.hidden() == [])
    }

    @Test(arguments: Command.writing.filter { $0.failure != nil })
    func aRunThatFailsLeavesTheOlderResult(_ command: Command) throws {
        guard Command.runnable.contains(where: { $0.words == command.words }) else { return }
        let (workplace, _, _) = try prepared(command)
        let exact = Snapshot(workplace.path("."))
        let failure = try #require(command.failure)
        let run = try Program.run(command.arguments(failure.words), in: workplace)
        #expect(run.code == failure.code, "\(run.errors)")
        #expect(Snapshot(workplace.path(".")) == exact)
    }

    /// The system refuses every write beyond half a kilobyte of a file.
    @Test(arguments: Command.runnable)
    func aRefusedWriteIsNamedAndLeavesTheOlderResult(_ command: Command) throws {
        for hasOlder in [false, true] {
            let workplace = hasOlder ? try prepared(command).workplace : try Command.workplace()
            let exact = Snapshot(workplace.path("."))
            let run = try Program.run(command.arguments(), in: workplace, shell: "ulimit -f 1; exec \"$0\" \"$@\"")
            #expect(run.code == 2, "\(run.errors)")
            #expect(run.errors.contains("File too large"), "\(run.errors)")
            #expect(run.errors.contains(command.target!) && !run.errors.contains(".shiftsim-"), "\(run.errors)")
            #expect(Snapshot(workplace.path(".")) == exact)
        }
    }

    @Test(.enabled(if: Tools.hasVerilator, Tools.noVerilator))
    func anUnwritableTemporaryFolderIsNamed() throws {
        let workplace = try Command.workplace()
        let run = try Program.run(
            ["cosim", "tiny.yaml", "--cycles", "9"], in: workplace, shell: "TMPDIR=/proc/none exec \"$0\" \"$@\"")
        #expect(run.code == 4, "\(run.errors)")
        #expect(run.errors.contains("/proc/none") && run.errors.contains("set TMPDIR"), "\(run.errors)")
    }

    /// Kill -9 at random moments: the older or the new result is there, whole, and the next run clears up.
    @Test(arguments: Command.runnable.filter { !$0.words.hasPrefix("cosim") && !$0.words.contains("--trace") })
    func aKilledRunLeavesAWholeResult(_ command: Command) throws {
        let (workplace, older, newer, seconds) = try preparedWithChange(command)
        var random = SeededGenerator(seed: 9)
        let rounds = Tools.isLong ? 50 : 4
        for round in 0..<rounds {
            let files = try Scratch()
            let process = try Program.start(command.arguments(command.change), in: workplace, files: files)
            // The last of the work is where names change: half of the moments are there.
            let part =
                round % 2 == 0 ? Double.random(in: 0...1.1, using: &random) : .random(in: 0.8...1.1, using: &random)
            usleep(UInt32(part * seconds * 1e6))
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            let found = snapshot(command, workplace)
            #expect(found == older || found == newer, "round \(round), \(part): \(found.files.keys.sorted())")
        }
        let last = try Program.run(command.arguments(command.change), in: workplace)
        #expect(last.code == 0, "\(last.errors)")
        #expect(snapshot(command, workplace) == newer)
        #expect(try workplace.hidden() == [])
    }

    /// Without an older file a waveform grows under its own name, and holds what was simulated up to a few seconds
    /// before the end.
    @Test func aKilledRunLeavesItsWaveform() throws {
        let workplace = try Command.workplace()
        let words =
            "simulate tiny.yaml --quiet --trace run.fst --set memory.bandwidth_gb_s=0.01"
            + " --set network.model=resnet20-cifar10"
        let process = try Program.start(
            words.split(separator: " ").map(String.init), in: workplace, files: try Scratch())
        for _ in 0..<600 where !workplace.exists("run.fst") { usleep(50_000) }
        usleep(2_000_000)
        #expect(process.isRunning)
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        let info = try Program.run(["trace", "info", "run.fst"], in: workplace)
        #expect(info.code == 0, "\(info.errors)")
        let line = try #require(info.output.split(separator: "\n").first { $0.hasPrefix("time ") })
        let end = try #require(line.split(separator: " ").compactMap { Int($0) }.dropFirst().first)
        #expect(end > 0, "\(info.output)")
        // What is there now is an older file, which a run that fails leaves.
        let before = Snapshot(workplace.path("run.fst"))
        let failing = ["simulate", "tiny.yaml", "--quiet", "--trace", "run.fst", "--window", "999999:9999999"]
        #expect(try Program.run(failing, in: workplace).code == 2)
        #expect(Snapshot(workplace.path("run.fst")) == before)
        #expect(try workplace.hidden() == [])
    }

    /// A run that fails leaves no waveform where there was none.
    @Test func aFailingRunLeavesNoNewWaveform() throws {
        let workplace = try Command.workplace()
        let before = try workplace.contents()
        let failing = ["simulate", "tiny.yaml", "--quiet", "--trace", "run.fst", "--window", "999999:9999999"]
        #expect(try Program.run(failing, in: workplace).code == 2)
        #expect(try workplace.contents() == before)
    }

    /// File systems that cannot exchange two names: killed between two renamings, the older result has a hidden one.
    @Test func anOlderResultIsTakenBack() throws {
        let workplace = try Command.workplace()
        let words = ["simulate", "tiny.yaml", "--quiet", "-o", "out"]
        #expect(try Program.run(words, in: workplace).code == 0)
        let older = Snapshot(workplace.path("out"))
        try FileManager.default.moveItem(atPath: workplace.path("out"), toPath: workplace.path(".shiftsim-old-out"))
        try workplace.write(".shiftsim-new-out/report.json", "half")
        let failing = Command.tooLarge.split(separator: " ").map(String.init)
        #expect(try Program.run(words + failing, in: workplace).code == 3)
        #expect(Snapshot(workplace.path("out")) == older)
        #expect(try workplace.hidden() == [])
    }

    /// What somebody puts there while a run goes stays, and the results of the run, too.
    @Test(arguments: [true, false])
    func whatAppearsDuringARunIsKept(hasOlder: Bool) throws {
        let workplace = try Scratch()
        if hasOlder {
            let first = try ResultFolder.prepare(workplace.path("out"), for: "test")
            try first.write("a.txt", text: "older")
            try first.publish()
        }
        let folder = try ResultFolder.prepare(workplace.path("out"), for: "test")
        try folder.write("a.txt", text: "newer")
        try workplace.write("out/mine.txt", "mine")
        let error = #expect(throws: InputError.self) { try folder.publish() }
        folder.discard()
        #expect(error?.description.contains("out.new") == true, "\(error?.description ?? "")")
        #expect(try workplace.read("out/mine.txt") == "mine")
        #expect(try workplace.read("out.new/a.txt") == "newer")
        if hasOlder { #expect(try workplace.read("out/a.txt") == "older") }
        #expect(try workplace.contents() == ["out", "out.new"])
    }
}
