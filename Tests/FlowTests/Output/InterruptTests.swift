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
        var delay: UInt32 = 10_000
        while !wasInterrupted {
            let process = try Program.start(command.arguments(), in: workplace, files: try Scratch())
            usleep(delay)
            kill(process.processIdentifier, item.signal)
            process.waitUntilExit()
            let isOver = process.terminationReason == .exit && process.terminationStatus == 0
            wasInterrupted = process.terminationReason == .exit && process.terminationStatus == 130
            let isEarly = process.terminationReason == .uncaughtSignal && process.terminationStatus == item.signal
            #expect(wasInterrupted || isOver || isEarly, "\(process.terminationStatus) after \(delay) us")
            if process.terminationReason == .exit { #expect(try workplace.hidden() == [], "after \(delay) us") }
            if isOver || delay > 2_000_000 { break }
            delay += 3_000
        }
        #expect(wasInterrupted, "no signal found the command at work")
    }
}
