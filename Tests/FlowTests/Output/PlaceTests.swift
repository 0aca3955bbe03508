// Is a place that must not be written refused before anything runs, and is what is there somebody's to keep?

import Foundation
import TestSupport
import Testing

@testable import shiftsim

@Suite struct PlaceTests {
    /// A new command must be added to the walks of this folder.
    @Test func theWalksNameEveryCommand() {
        let known = Set((Command.writing + Command.reading).map { $0.words.split(separator: " ")[0] })
        for command in ShiftSim.configuration.subcommands where command.configuration.shouldDisplay {
            #expect(known.contains(Substring(command._commandName)), "\(command._commandName)")
        }
        let all = Command.writing + Command.reading
        for command in TraceCommand.configuration.subcommands {
            #expect(all.contains { $0.words.hasPrefix("trace \(command._commandName) ") }, "\(command._commandName)")
        }
    }

    /// Expects a refusal that names the target, not what the command would have failed with later.
    private func expectRefusal(_ command: Command, target: String, part: String, in workplace: Scratch) throws {
        let before = try workplace.contents()
        let arguments = command.arguments(command.failure?.words ?? "", target: target)
        let result = try Program.run(arguments, in: workplace)
        #expect(result.code == 2, "\(target): \(result.errors)")
        #expect(result.errors.contains(part), "\(target): \(result.errors)")
        #expect(!result.errors.contains("points,") && result.output.isEmpty)
        #expect(try workplace.contents() == before)
    }

    @Test(arguments: Command.writing)
    func badTargetsAreRefused(_ command: Command) throws {
        let workplace = try Command.workplace()
        let ending = command.isFolder ? "" : URL(fileURLWithPath: command.target!).pathExtension
        let dot = ending.isEmpty ? "" : ".\(ending)"
        try FileManager.default.createSymbolicLink(
            atPath: workplace.path("loop\(dot)"), withDestinationPath: "loop\(dot)")
        try FileManager.default.createSymbolicLink(
            atPath: workplace.path("to-nothing\(dot)"), withDestinationPath: "none")
        try workplace.write("file.txt", "text")
        var targets = ["loop\(dot)", "to-nothing\(dot)", "file.txt/x\(dot)", "/dev/null/x\(dot)", "/proc/x\(dot)"]
        if command.isFolder {
            targets += ["file.txt", "/dev/null", "."]
        } else {
            try FileManager.default.createDirectory(
                atPath: workplace.path("folder\(dot)"), withIntermediateDirectories: false)
            targets += ["folder\(dot)", "none/x\(dot)"]
        }
        for target in targets { try expectRefusal(command, target: target, part: target, in: workplace) }
        let words = command.words.replacingOccurrences(of: "TARGET", with: "EMPTY").split(separator: " ")
        let empty = try Program.run(words.map { $0 == "EMPTY" ? "" : String($0) }, in: workplace)
        #expect(empty.code == 2 && empty.output.isEmpty, "\(empty.errors)")
    }

    @Test(arguments: Command.writing.filter(\.isFolder))
    func foreignFilesAreKept(_ command: Command) throws {
        let workplace = try Command.workplace()
        for name in ["report.json/sub/keep", "quantized/mine.onnx", "rtl/top.sv", "sweep.csv", "notes.txt", ".hidden"] {
            try workplace.write("out/\(name)", "mine")
            let before = Snapshot(workplace.path("out"))
            try expectRefusal(command, target: "out", part: "out: the folder cannot be written", in: workplace)
            #expect(Snapshot(workplace.path("out")) == before)
            try FileManager.default.removeItem(atPath: workplace.path("out"))
        }
    }

    @Test(arguments: Command.runnable.filter(\.isFolder))
    func whatIsAddedToAResultIsKept(_ command: Command) throws {
        let workplace = try Command.workplace()
        let first = try Program.run(command.arguments(), in: workplace)
        #expect(first.code == 0, "\(first.errors)")
        let clean = Snapshot(workplace.path("out"))
        #expect(clean.files[".shiftsim"] != nil && clean.files.count > 1)
        let some = try #require(clean.files.keys.filter { $0 != ".shiftsim" }.sorted().first)
        let additions: [(name: String, make: () throws -> Void)] = [
            ("notes.txt", { try workplace.write("out/notes.txt", "mine") }),
            ("new/deep.txt", { try workplace.write("out/new/deep.txt", "mine") }),
            (
                "link",
                {
                    try FileManager.default.createSymbolicLink(
                        atPath: workplace.path("out/link"), withDestinationPath: "../tiny.yaml")
                }
            ),
            (
                some,
                {
                    try FileManager.default.removeItem(atPath: workplace.path("out/\(some)"))
                    try workplace.write("out/\(some)/inside", "mine")
                }
            ),
        ]
        for (name, make) in additions {
            try make()
            let before = Snapshot(workplace.path("out"))
            let part = String(name.split(separator: "/")[0])
            try expectRefusal(command, target: "out", part: "it holds '\(part)", in: workplace)
            #expect(Snapshot(workplace.path("out")) == before, "\(name)")
            try FileManager.default.removeItem(atPath: workplace.path("out/\(part)"))
        }
    }

    @Test func resultsOfAnotherCommandAreKept() throws {
        let workplace = try Command.workplace()
        #expect(try Program.run(["simulate", "tiny.yaml", "--quiet", "-o", "out"], in: workplace).code == 0)
        let before = Snapshot(workplace.path("out"))
        for command in Command.writing where command.isFolder && !command.words.hasPrefix("simulate") {
            try expectRefusal(command, target: "out", part: "it holds results of simulate", in: workplace)
        }
        #expect(Snapshot(workplace.path("out")) == before)
    }

    @Test(arguments: Command.writing)
    func aSecondRunIsRefused(_ command: Command) throws {
        let workplace = try Command.workplace()
        let target = try #require(command.target)
        let lock = open(workplace.path(".shiftsim-lock-\(target)"), O_RDONLY | O_CREAT | O_CLOEXEC, 0o644)
        defer { close(lock) }
        #expect(flock(lock, LOCK_EX | LOCK_NB) == 0)
        try expectRefusal(command, target: target, part: "another run is writing there", in: workplace)
    }

    /// A link to a folder is followed, and stays.
    @Test(arguments: Command.runnable.filter(\.isFolder))
    func linksAreFollowed(_ command: Command) throws {
        let workplace = try Command.workplace()
        try FileManager.default.createDirectory(atPath: workplace.path("real"), withIntermediateDirectories: false)
        try FileManager.default.createSymbolicLink(atPath: workplace.path("link"), withDestinationPath: "real")
        for _ in 0..<2 {
            let result = try Program.run(command.arguments(target: "link"), in: workplace)
            #expect(result.code == 0, "\(result.errors)")
        }
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: workplace.path("link")) == "real")
        #expect(workplace.exists("real/.shiftsim"))
        #expect(try workplace.hidden() == [])
    }

    /// A pipe is written where it stands.
    @Test func pipesAreWritten() throws {
        let workplace = try Command.workplace()
        for (name, words) in [
            ("m.onnx", "quantize tiny -o m.onnx"), ("t.vcd", "trace convert old.fst t.vcd"),
            ("s.vcd", "simulate tiny.yaml --quiet --window 0:50 --trace s.vcd"),
        ] {
            #expect(mkfifo(workplace.path(name), 0o600) == 0)
            let run = try Program.run(
                words.split(separator: " ").map(String.init), in: workplace,
                shell: "cat \(name) > copy & \"$0\" \"$@\"; code=$?; wait; exit $code")
            #expect(run.code == 0, "\(run.errors)")
            #expect(try Data(contentsOf: workplace.url.appendingPathComponent("copy")).count > 1000)
            let type = try FileManager.default.attributesOfItem(atPath: workplace.path(name))[.type]
            #expect(type as? FileAttributeType != .typeRegular)
        }
    }
}
