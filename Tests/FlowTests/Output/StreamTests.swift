// Does every command end with a status, and never by a signal, where standard output or error are full, closed or read by
// nobody?

import Foundation
import TestSupport
import Testing

@Suite struct StreamTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var command: Command
        var redirection: String
        var code: Int32
        var part = ""
        var testDescription: String { "\(command) \(redirection)" }
    }

    static let cases = (Command.runnable + Command.reading).flatMap { command in
        let wrong: Int32 = command.answers ? 2 : 0
        let message = command.answers ? "cannot write standard output: " : ""
        return [
            Case(command: command, redirection: ">/dev/full", code: wrong, part: message),
            Case(command: command, redirection: ">&-", code: wrong, part: message),
            Case(command: command, redirection: "<&- >&- 2>&-", code: wrong),
            Case(command: command, redirection: "2>/dev/full", code: 0),
            Case(command: command, redirection: "2>&-", code: 0),
        ]
    }

    @Test(arguments: cases)
    func streamsThatTakeNothing(_ item: Case) throws {
        let workplace = try Command.workplace()
        let run = try Program.run(
            item.command.arguments(), in: workplace, shell: "\"$0\" \"$@\" \(item.redirection)")
        // The shell says 128 and the signal where there was one.
        #expect(run.code == item.code, "\(run.errors)")
        #expect(item.part.isEmpty || run.errors.contains(item.part), "\(run.errors)")
        try expectWholeResult(item.command, workplace)
    }

    /// A file that is opened later must not take the place of a closed stream: the result is there and clean.
    private func expectWholeResult(_ command: Command, _ workplace: Scratch) throws {
        #expect(try workplace.hidden() == [])
        guard let target = command.target else { return }
        #expect(workplace.exists(target))
        for (name, data) in Snapshot(workplace.path(target)).files {
            #expect(!String(decoding: data.prefix(200), as: UTF8.self).contains("shiftsim: "), "\(name)")
        }
    }

    @Test(arguments: Command.runnable + Command.reading)
    func readersThatHaveGone(_ command: Command) throws {
        let workplace = try Command.workplace()
        let pipe = Pipe()
        try pipe.fileHandleForReading.close()
        let files = try Scratch()
        let process = Process()
        let program: URL = try #require(Program.executable)
        process.executableURL = program
        process.arguments = command.arguments()
        process.currentDirectoryURL = workplace.url
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = pipe
        process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: try files.write("err", "")))
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationReason == .exit)
        #expect(process.terminationStatus == (command.answers ? 141 : 0))
        #expect(try !files.read("err").contains("standard output"))
        try expectWholeResult(command, workplace)
    }

    /// A message that is lost changes no status.
    @Test(arguments: ["2>&-", "2>/dev/full", ">&- 2>&-"])
    func errorsKeepTheirStatus(redirection: String) throws {
        let workplace = try Command.workplace()
        for arguments in [["simulate", "none.yaml"], ["simulate"], ["trace", "info", "tiny.yaml"]] {
            let run = try Program.run(arguments, in: workplace, shell: "\"$0\" \"$@\" \(redirection)")
            #expect(run.code == 2, "\(arguments)")
        }
    }
}
