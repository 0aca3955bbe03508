// Do the trace commands say, with their exit code and on standard error, what they could not do?

import Foundation
import TestSupport
import Testing

@Suite struct TraceCommandTests {
    private let folder: Scratch

    init() throws { folder = try Scratch() }

    static let head = """
        $timescale 1 ns $end
        $scope module top $end
        $var wire 1 ! clk $end
        $var wire 4 " count [3:0] $end
        $upscope $end
        $enddefinitions $end

        """
    static let whole = head + "#0\n0!\nb1 \"\n#10\n1!\nb10 \"\n#20\n"

    /// Each command over the file `a.vcd`.
    static let commands = [
        "info a.vcd", "dump a.vcd", "diff a.vcd a.vcd", "convert a.vcd new.fst", "stats a.vcd", "find a.vcd 1",
    ]

    private func run(_ arguments: String) throws -> Program.Result {
        try Program.run(["trace"] + arguments.split(separator: " ").map(String.init), in: folder)
    }

    @Test(arguments: commands)
    func aWholeFileIsReadInSilence(command: String) throws {
        try folder.write("a.vcd", Self.whole)
        let result = try run(command)
        #expect(result.code == 0, "\(result.errors)")
        #expect(!result.errors.contains("warning"))
        #expect(!result.output.isEmpty || command.hasPrefix("convert"))
    }

    @Test(arguments: commands)
    func aCutFileIsCalledCut(command: String) throws {
        try folder.write("a.vcd", String(Self.whole.dropLast(6)))
        let result = try run(command)
        #expect(result.errors.contains("warning: 'a.vcd' was cut at time 10"), "\(result.errors)")
        #expect(result.code == (command.hasPrefix("diff") ? 1 : 0))
    }

    /// `info` has no choice of signals.
    @Test(arguments: commands.dropFirst(), ["--taps top.clck", "--taps top.clk --taps top.clck"])
    func aTapWithoutASignalIsAnError(command: String, taps: String) throws {
        try folder.write("a.vcd", Self.whole)
        let result = try run("\(command) \(taps)")
        #expect(result.code == 2 && result.output.isEmpty)
        #expect(result.errors.contains("the taps 'top.clck' (did you mean 'top.clk'?); its signals are top.clk"))
        #expect(!folder.exists("new.fst"))
    }

    static let pairs: [(other: String, options: String, code: Int32, part: String)] = [
        (whole, "", 0, "no difference\n"),
        (whole.replacing("b10 ", with: "b11 "), "", 1, "top.count differs at time 10 / 10: 0x2 / 0x3\n"),
        (whole.replacing("b10 ", with: "b11 "), "--taps top.clk", 0, "no difference\n"),
        (whole.replacing("b10 ", with: "b11 "), "--common", 1, "the files differ\n"),
        (whole + "#30\n", "", 1, "the files end at different steps: 20 and 30\n"),
        (whole + "#30\n0!\n", "--common", 0, "no difference up to 20 in what both files have\n"),
        (whole.replacing("clk", with: "clock"), "", 1, "only in the second file: 1\n    top.clock\n"),
        (whole.replacing("clk", with: "clock"), "--common", 0, "not compared, as asked:"),
        (whole.replacing("top", with: "other"), "--common", 1, "nothing to compare\n"),
        (whole.replacing("4 \" count [3:0]", with: "5 \" count [4:0]"), "--common", 1, "different widths"),
    ]

    @Test(arguments: pairs.indices)
    func diffEndsWithOneWhereSomethingIsLeft(index: Int) throws {
        let pair = Self.pairs[index]
        try folder.write("a.vcd", Self.whole)
        try folder.write("b.vcd", pair.other)
        let result = try run("diff a.vcd b.vcd \(pair.options)")
        #expect(result.code == pair.code && result.output.contains(pair.part), "\(result.output)")
    }

    @Test func findWithoutAResultEndsWithOne() throws {
        try folder.write("a.vcd", Self.whole)
        let found = try run("find a.vcd 0x2 --taps top.count")
        #expect(found.code == 0 && found.output == "10 top.count 0x2\n")
        let none = try run("find a.vcd 7 --taps top.count")
        #expect(none.code == 1 && none.output.isEmpty && none.errors == "no change to the value '7'\n")
        let wide = try run("find a.vcd 16 --taps top.count")
        #expect(wide.code == 2 && wide.errors.contains("can have the value '16'; accepted"))
    }

    /// The sample in the repository is what its command writes.
    @Test func theSampleIsThatOfItsCommand() throws {
        let configuration = Repository.path("configs/tiny-svpe.yaml")
        let made = try Program.run(
            ["simulate", configuration, "--trace", "new.fst", "--window", "0:600", "--quiet"], in: folder)
        #expect(made.code == 0, "\(made.errors)")
        let result = try run("diff \(Repository.path("traces/tiny-svpe.fst")) new.fst")
        #expect(result.code == 0, "\(result.output)")
    }

    /// Beside a tap that matches, one that does not is an error before anything runs.
    @Test func simulateRefusesATapWithoutASignal() throws {
        let configuration = Repository.path("configs/tiny-svpe.yaml")
        let result = try Program.run(
            ["simulate", configuration, "--trace", "new.fst", "--taps", "sequencer.*", "--taps", "arary.*", "--quiet"],
            in: folder)
        #expect(result.code == 2 && result.output.isEmpty && !folder.exists("new.fst"))
        #expect(result.errors.contains("no signal matches the taps 'arary.*' (did you mean 'array.*'?); scopes are"))
    }
}
