// Are the words of a command line understood, or repeated in bounded words with what may have been meant?

import Foundation
import NetworkReaders
import TestSupport
import Testing

@Suite struct CommandWordTests {
    /// Commands, and those below `trace`, as the program lists them.
    private func commands(_ before: [String]) throws -> [String] {
        let result = try Program.run(before + ["nothing at all"], in: try Scratch())
        #expect(result.code == 2)
        let list = try #require(result.errors.range(of: "is no command; accepted: "))
        return result.errors[list.upperBound...].split { ", \n".contains($0) }.map(String.init)
    }

    @Test(arguments: [[], ["trace"]])
    func everyMistypedCommandHasASuggestion(_ before: [String]) throws {
        let names = try commands(before)
        #expect(names.contains(before.isEmpty ? "simulate" : "diff"))
        let workplace = try Scratch()
        for name in names {
            let mistyped = String(name.dropLast())
            let result = try Program.run(before + [mistyped, "x"], in: workplace)
            #expect(result.code == 2 && result.output.isEmpty)
            #expect(
                result.errors.hasPrefix("shiftsim: '\(mistyped)' is no command (did you mean '\(name)'"),
                "\(result.errors)")
        }
    }

    @Test(arguments: [
        ["LONG"], ["--LONG"], ["simulate", "LONG"], ["simulate", "--LONG"], ["trace", "LONG"], ["networks", "LONG"],
        ["quantize", "LONG", "-o", "x.onnx"], ["quantize", "tiny", "-o", "x.onnx", "--scheme", "LONG"],
        ["quantize", "tiny", "-o", "x.onnx", "--format", "LONG"], ["bench", "LONG"],
        ["simulate", "tiny.yaml", "--window", "LONG"], ["simulate", "tiny.yaml", "--mode", "LONG"],
        ["simulate", "tiny.yaml", "--set", "LONG"], ["simulate", "tiny.yaml", "--set", "LONG=1"],
        ["simulate", "tiny.yaml", "--set", "array.pe=LONG"],
        ["simulate", "tiny.yaml", "--trace", "x.fst", "--layers", "LONG"],
        ["trace", "dump", "x.vcd", "--radix", "LONG"],
    ])
    func argumentsAreRepeatedInBoundedWords(_ arguments: [String]) throws {
        let workplace = try Scratch()
        try workplace.write("tiny.yaml", Texts.tiny)
        let long = String(repeating: "q", count: 10_000)
        let result = try Program.run(arguments.map { $0.replacingOccurrences(of: "LONG", with: long) }, in: workplace)
        #expect(result.code == 2, "\(result.errors.prefix(500))")
        #expect(!result.errors.contains(String(repeating: "q", count: 201)), "\(result.errors.prefix(500))")
    }

    /// A layer or a tap with a letter left out.
    @Test(arguments: [
        ["--layers", "con1", "'con1' is no layer (did you mean 'conv1'?)"],
        ["--taps", "seqencer.*", "'seqencer.*' (did you mean 'sequencer.*'?)"],
    ])
    func mistypedLayersAndTapsHaveSuggestions(_ words: [String]) throws {
        let workplace = try Scratch()
        try workplace.write("tiny.yaml", Texts.tiny)
        let result = try Program.run(
            ["simulate", "tiny.yaml", "--quiet", "--trace", "x.vcd"] + words.prefix(2), in: workplace)
        #expect(result.code == 2 && result.errors.contains(words[2]), "\(result.errors)")
        #expect(!workplace.exists("x.vcd"))
    }

    /// From a pipe relative paths start from the working directory.
    @Test(arguments: [
        "cat tiny.yaml | PROGRAM estimate -", "cat tiny.yaml | PROGRAM estimate /dev/stdin",
        "PROGRAM estimate - < tiny.yaml", "PROGRAM estimate /dev/stdin < tiny.yaml",
        "mkfifo pipe; cat tiny.yaml > pipe & PROGRAM estimate pipe",
    ])
    func configurationsComeFromPipes(_ line: String) throws {
        let workplace = try Scratch()
        try workplace.write(
            "tiny.yaml", Texts.tiny.replacingOccurrences(of: "images: synthetic", with: "images: i.npy"))
        try NpyWriter.write(
            NpyArray(shape: [1, 3, 8, 8], elements: .float32([Float](repeating: 0.5, count: 192))),
            to: workplace.path("i.npy"))
        func run(_ line: String) throws -> Program.Result {
            let program: URL = try #require(Program.executable)
            return try Program.run(
                ["-c", line.replacingOccurrences(of: "PROGRAM", with: program.path)], in: workplace,
                program: URL(fileURLWithPath: "/bin/sh"))
        }
        let result = try run(line)
        #expect(result.code == 0, "\(result.errors)")
        #expect(try result.output == run("PROGRAM estimate tiny.yaml").output)
        let wrong = try run("sed s/svpe/spe/ tiny.yaml | PROGRAM estimate -")
        #expect(wrong.code == 2)
        #expect(wrong.errors.hasPrefix("shiftsim: standard input:14:7: array.pe: is 'spe'"), "\(wrong.errors)")
    }
}
