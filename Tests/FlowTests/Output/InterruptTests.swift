// Do Ctrl-C and SIGTERM end every command with 130, and leave nothing hidden and nothing half-written?

import Foundation
import TestSupport
import Testing

@Suite struct InterruptTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var command: Command
        var signal: Int32
        var testDescription: String { "\(command) \(signal == SIGINT ? "SIGINT" : "SIGTERM")" }
    }

    /// Commands that print a constant text are over too soon to be interrupted.
    static let cases = (Command.runnable + Command.reading)
        .filter { !["--help", "--version", "help sweep", "networks", "simulate --help"].contains($0.words) }
        .flatMap { command in [SIGINT, SIGTERM].map { Case(command: command, signal: $0) } }

    /// The signal comes later and later: before the program watches (it dies of it), while it works (130), at its end.
    @Test(arguments: cases)
    func signalsEndWith130(_ item: Case) throws {
        let command = item.command
        let workplace = try Command.workplace()
        var wasInterrupted = false
        // A busy machine may hide the moment: three walks.
        for _ in 0..<3 where !wasInterrupted {
            var delay = 0.01
            while !wasInterrupted && delay < 2 {
                let process = try Program.start(command.arguments(), in: workplace, files: try Scratch())
                usleep(UInt32(delay * 1e6))
                kill(process.processIdentifier, item.signal)
                process.waitUntilExit()
                let status = process.terminationStatus
                let isOver = process.terminationReason == .exit && status == 0
                wasInterrupted = process.terminationReason == .exit && status == 130
                let isEarly = process.terminationReason == .uncaughtSignal && status == item.signal
                #expect(wasInterrupted || isOver || isEarly, "\(status) after \(delay) s")
                if process.terminationReason == .exit { #expect(try workplace.hidden() == [], "after \(delay) s") }
                if isOver { break }
                delay *= 1.1
            }
        }
        #expect(wasInterrupted, "no signal found the command at work")
    }

    /// What an interrupted run has traced is kept, whole, unless it would mix with an older result.
    @Test(arguments: ["--trace run.fst", "-o out --trace out/run.fst"], [false, true])
    func anInterruptedWaveformIsKept(target: String, hasOlder: Bool) throws {
        let workplace = try Command.workplace()
        let words = ("simulate tiny.yaml --quiet " + target).split(separator: " ").map(String.init)
        let isInFolder = target.contains("out")
        let (trace, working) = isInFolder ? ("out/run.fst", ".shiftsim-new-out/run.fst") : ("run.fst", "run.fst")
        if hasOlder { #expect(try Program.run(words, in: workplace).code == 0) }
        let older = Snapshot(workplace.path("."))
        let files = try Scratch()
        let process = try Program.start(
            words + ["--set", "memory.bandwidth_gb_s=0.01", "--set", "memory.latency_ns=100000"], in: workplace,
            files: files)
        let growing = hasOlder && !isInFolder ? ".shiftsim-new-run.fst" : working
        for _ in 0..<600 where !workplace.exists(growing) { usleep(50_000) }
        usleep(300_000)
        process.interrupt()
        process.waitUntilExit()
        #expect(process.terminationStatus == 130)
        #expect(try workplace.hidden() == [])
        if hasOlder && isInFolder {
            #expect(Snapshot(workplace.path(".")) == older)
            #expect(try files.read("err").contains("is dropped"))
            return
        }
        #expect(Snapshot(workplace.path(trace)) != Snapshot())
        if hasOlder { #expect(older.files[trace] != Snapshot(workplace.path(trace)).files[""]) }
        let info = try Program.run(["trace", "info", trace], in: workplace)
        #expect(info.code == 0 && !info.output.contains("stopped"), "\(info.output)")
        #expect(try files.read("err").contains(trace))
    }
}
