// Does every damaged or impossible input end in a clear error, and never in a crash?
import Foundation
import TestSupport
import Testing

@testable import Waveforms

@Suite struct BadInputTests {
    private func message(_ work: () throws -> Void) -> String {
        do {
            try work()
            return "no error"
        } catch {
            return "\(error)"
        }
    }

    @Test func unknownEndingsNameTheAcceptedOnes() throws {
        let stimulus = try Stimulus(seed: 1, times: 1)
        let text = message { _ = try makeTraceWriter(path: "run.wlf", hierarchy: stimulus.hierarchy) }
        #expect(
            text == "unknown trace format of 'run.wlf': the file name must end in one of .fst, .vcd, .vcd.gz")
        #expect(try TraceFormat(path: "a/b.VCD.gz") == .compressedVCD)
        #expect(try TraceFormat(path: "x.fst") == .fst)
    }

    @Test(arguments: ["a.fst", "a.vcd", "a.vcd.gz"])
    func anUnwritablePathLeavesNoFile(name: String) throws {
        let folder = try Scratch()
        let stimulus = try Stimulus(seed: 1, times: 1)
        let path = folder.path("missing/\(name)")
        let text = message { _ = try makeTraceWriter(path: path, hierarchy: stimulus.hierarchy) }
        #expect(text == "cannot create '\(path)': No such file or directory")
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    #if os(Linux)
        @Test(arguments: ["full.fst", "full.vcd", "full.vcd.gz"])
        func aFullDiskIsAnError(name: String) throws {
            let folder = try Scratch()
            let stimulus = try Stimulus(seed: 1, times: 1)
            let path = folder.path(name)
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/dev/full")
            let text = message { _ = try makeTraceWriter(path: path, hierarchy: stimulus.hierarchy) }
            #expect(text == "cannot write '\(path)': No space left on device")
            #expect(FileManager.default.fileExists(atPath: "/dev/full"))
        }
    #endif

    @Test func hierarchiesAreChecked() throws {
        func text(_ scopes: [SignalScope], exponent: Int8 = -9) -> String {
            message { _ = try SignalHierarchy(root: scopes, timescaleExponent: exponent) }
        }
        func top(_ signals: SignalDeclaration...) -> [SignalScope] { [SignalScope(name: "top", signals: signals)] }
        let good = SignalDeclaration(name: "a", width: 4)
        #expect(text(top(good)) == "no error")
        #expect(text(top(good), exponent: 3).contains("outside -15"))
        #expect(text(top(good, good)) == "two signals are called 'top.a'")
        #expect(text(top(SignalDeclaration(name: "a", width: 0))).contains("'top.a' is 0 bits wide"))
        #expect(text(top(SignalDeclaration(name: "a b", width: 1))).contains("'a b'"))
        #expect(text(top(SignalDeclaration(name: "", width: 1))).contains("is empty"))
        #expect(text([SignalScope(name: "a\tb")]).contains("scope name"))
        #expect(text(top(good, SignalDeclaration(name: "b", width: 5, alias: 0))).contains("alias 0"))
        #expect(text(top(good, SignalDeclaration(name: "b", width: 4, alias: 1))).contains("alias 1"))
        #expect(text(top(good, SignalDeclaration(name: "b", width: 4, alias: 0))) == "no error")
    }

    @Test func optionsAreChecked() throws {
        let folder = try Scratch()
        let stimulus = try Stimulus(seed: 1, times: 1)
        for options in [TraceWriterOptions(compressionLevel: 10), TraceWriterOptions(sectionBytes: 0)] {
            for name in ["a.fst", "a.vcd"] {
                #expect(throws: WaveformError.self) {
                    try makeTraceWriter(path: folder.path(name), hierarchy: stimulus.hierarchy, options: options)
                }
                #expect(!FileManager.default.fileExists(atPath: folder.path(name)))
            }
        }
    }

    static let head = "$timescale 1ns $end $scope module top $end $var wire 4 ! a $end $enddefinitions $end\n"

    /// File content and a part of the message it must give.
    static let badFiles: [(content: String, message: String)] = [
        ("", "it is empty"),
        ("hello", "ends inside its declarations"),
        ("hello world", "found 'hello'"),
        ("PK zip archive ", "neither like an FST nor like a VCD (found 'PK')"),
        ("$scope module top $end ", "ends inside its declarations"),
        ("$upscope $end ", "closes a scope"),
        ("$timescale 3 ns $end ", "timescale '3 ns'"),
        ("$var wire x ! a $end ", "not declared as VCD asks"),
        (head + "#0\nb101 \"\n#1\n", "the code '\"'"),
        (head + "#5\nb101 !\n#4\n", "goes back from 5 to 4"),
        (head + "#99999999999999999999\n", "neither a value"),
        (head + "#\n#1\n", "neither a value"),
        (head + "#0\nbxyz !\n", "neither a value"),
        (head + "#0\n5!\n", "'5!'"),
        (head + "#0\nb !\n", "has no digits"),
        ("$\0t\0", "UTF-16"),
        ("\u{FEFF}hello world", "found 'hello'"),
        (head + "#0\n$var wire 1 x y $end\n", "'$var'"),
    ]

    @Test(arguments: badFiles.indices)
    func damagedVCDsSayWhatIsWrong(index: Int) throws {
        let folder = try Scratch()
        let path = try folder.file("bad.vcd", Self.badFiles[index].content.utf8)
        let text = message { try TraceFile.open(path).forEachChange { _ in } }
        #expect(text.contains(Self.badFiles[index].message), "\(text)")
        #expect(text.hasPrefix("'\(path)' is not a readable trace: "))
    }

    /// Values with more digits than their signal: legal where the surplus says nothing or an alias shows it.
    @Test(arguments: [
        ("b111 !", 3), ("b100 !", 3), ("b00100 !", 3), ("bx01 !", 3), ("bzx1 !", 3), ("b1xx !", 3), ("b10 %", 2),
        ("b11111 \"", 5), ("b0011 !", 0), ("b000 !", 0), ("bxxx !", 0), ("bXx1 !", 0), ("b0xx1 !", 0), ("bzzzz1 !", 0),
        ("b1011 \"", 0), ("b01 %", 0), ("b1 !", 0), ("b1 #", 0),
    ])
    func bitsAreNeverDropped(value: String, digits: Int) throws {
        let folder = try Scratch()
        let text = """
            $var wire 2 ! two $end $var wire 2 " low $end $var wire 4 " all $end $var wire 1 % one $end
            $var wire 70 # wide $end $enddefinitions $end
            #0
            \(value)
            #10

            """
        let file = try TraceFile.open(folder.file("a.vcd", text.utf8))
        let commands: [() throws -> Void] = [
            { try TraceDump().run(file) { _ in } }, { _ = try TraceInfo(of: file) }, { _ = try TraceStats(of: file) },
            { try TraceSearch(value: "1").run(file) { _ in } }, { _ = try TraceDiff.compare(file, file) },
            { _ = try TraceConverter().convert(file, to: folder.path("b.fst")) },
        ]
        for command in commands {
            guard digits > 0 else {
                try command()
                continue
            }
            let text = message(command)
            #expect(text.contains("near byte") && text.contains("has \(digits) digits, its signal '"), "\(text)")
        }
        #expect(FileManager.default.fileExists(atPath: folder.path("b.fst")) == (digits == 0))
    }

    @Test func aMissingFileAndAFolderAreErrors() throws {
        let folder = try Scratch()
        let missing = folder.path("none.fst")
        #expect(message { _ = try TraceFile.open(missing) } == "cannot open '\(missing)': No such file or directory")
        #expect(message { _ = try TraceFile.open(folder.url.path) }.hasSuffix("it is not a regular file"))
    }

    /// Before the end of the hierarchy nothing can be read; behind it what is there is read, and the file is cut.
    @Test func aTruncatedFSTIsAnErrorOrCut() throws {
        let folder = try Scratch()
        let bytes = try Self.sample(folder, "a.fst", TraceWriterOptions(sectionBytes: 400))
        let whole = try TraceFile.open(folder.path("a.fst"))
        guard case .fst(let container, nil) = whole.body else { throw Unexpected() }
        let hierarchyEnd = try #require(container.sections.first).offset - FSTLayout.blockHead
        let lines = try canonicalLines(of: whole)
        for cut in stride(from: 1, to: bytes.count, by: 7) {
            let path = try folder.file("cut.fst", bytes.prefix(cut))
            guard cut >= hierarchyEnd else {
                #expect(message { _ = try TraceFile.open(path) }.contains("cut"), "cut at \(cut)")
                continue
            }
            let file = try TraceFile.open(path)
            #expect(try !file.forEachChange { _ in }.isComplete, "cut at \(cut)")
            #expect(try lines.starts(with: canonicalLines(of: file)), "cut at \(cut)")
        }
    }

    /// Files of all packings with random bytes replaced: the reader either reads or throws its own error.
    @Test(arguments: ["a.fst", "stored.fst", "lz4.fst", "fast.fst", "a.vcd", "a.vcd.gz"])
    func damagedBytesNeverCrashTheReader(name: String) throws {
        let folder = try Scratch()
        let options = TraceWriterOptions(compressionLevel: name == "stored.fst" ? 0 : 4, sectionBytes: 2000)
        guard let good = try Self.packed(folder, name, options) else { return }
        var random = SplitMix(state: 99)
        var failures = 0
        for _ in 0..<120 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            let path = try folder.file("damaged", bytes)
            do {
                let file = try TraceFile.open(path)
                try file.forEachChange { change in #expect(change.signal < file.signals.count) }
            } catch is WaveformError {
                failures += 1
            }
        }
        #expect(failures > 6)
    }

    private static func sample(
        _ folder: Scratch, _ name: String, _ options: TraceWriterOptions
    ) throws -> [UInt8] {
        let stimulus = try Stimulus(seed: 31, times: 150)
        let path = folder.path(name)
        try stimulus.write(to: makeTraceWriter(path: path, hierarchy: stimulus.hierarchy, options: options))
        return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    }

    /// A sample, through vcd2fst for the packings only that writes; nil where it is not installed.
    private static func packed(
        _ folder: Scratch, _ name: String, _ options: TraceWriterOptions
    ) throws -> [UInt8]? {
        let flags = ["lz4.fst": "-4", "fast.fst": "-F"]
        guard let flag = flags[name] else { return try sample(folder, name, options) }
        guard let tool = Tools.vcd2fst else { return nil }
        _ = try sample(folder, "a.vcd", options)
        _ = try Tools.run(tool, [flag, folder.path("a.vcd"), folder.path(name)])
        return Array(try Data(contentsOf: URL(fileURLWithPath: folder.path(name))))
    }
}
