import Foundation
import TestSupport
import Testing

/// Does a small run cost the instructions that it used to? Valgrind counts them, so that the answer is the same on a
/// busy machine. The counts in thresholds.json are snapshots of this program; `RECORD_SNAPSHOTS=1` writes them anew.
@Suite(.serialized, .enabled(if: Counting.canRun, Counting.reason))
struct InstructionCountTests {
    /// A run and its name in thresholds.json.
    struct Run: CustomTestStringConvertible, Sendable {
        var name: String
        var arguments: [String]
        /// What is done with the configuration.
        var command = ["simulate"]
        /// What else the command needs in order not to depend on what is there.
        var steady = ["--quiet", "--set", "run.threads=1", "--set", "quantization.cache=false", "-o", "out"]
        /// The program has run so before, uncounted.
        var isRepeated = false
        /// Above this the program has become slower; below, the snapshot is out of date.
        var tolerance = 0.02
        var testDescription: String { name }
    }

    static let runs = [
        Run(name: "tiny-svpe, functional", arguments: ["configs/tiny-svpe.yaml", "--mode", "functional"]),
        Run(name: "tiny-svpe, every toggle", arguments: ["configs/tiny-svpe.yaml", "--mode", "full"]),
        Run(name: "tiny-vpe, every toggle", arguments: ["configs/tiny-vpe.yaml", "--mode", "full"]),
        Run(
            name: "tiny-svpe, convolvers",
            arguments: ["configs/tiny-svpe.yaml", "--set", "array.family=convolver", "--mode", "functional"]),
        Run(
            name: "tiny-svpe, traced",
            arguments: [
                "configs/tiny-svpe.yaml", "--mode", "functional", "--set", "trace.file=run.fst", "--window", "0:1000",
            ],
            // Valgrind makes the run last for seconds, and a trace is flushed by the clock.
            tolerance: 0.08),
        Run(name: "help", arguments: ["--help"], command: [], steady: []),
        Run(
            name: "tiny-svpe, prepared and scheduled", arguments: ["configs/tiny-svpe.yaml"], command: ["estimate"],
            steady: ["--set", "quantization.cache=false"]),
        Run(
            name: "resnet20-cifar10-svpe, quantized before", arguments: ["configs/resnet20-cifar10-svpe.yaml"],
            command: ["estimate"], steady: [], isRepeated: true),
    ]

    @Test(arguments: runs)
    func costsWhatItDid(run: Run) throws {
        let count = try instructions(run)
        let file = Repository.root.appendingPathComponent("Tests/InstructionCountTests/thresholds.json")
        var known = try JSONDecoder().decode([String: Int].self, from: Data(contentsOf: file))
        if Tools.environment["RECORD_SNAPSHOTS"] == "1" {
            known[run.name] = count
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            try (encoder.encode(known) + Data("\n".utf8)).write(to: file, options: .atomic)
        }
        let expected = Double(try #require(known[run.name], "no snapshot: RECORD_SNAPSHOTS=1"))
        let change = Double(count) / expected - 1
        #expect(change < run.tolerance, "\(count) instructions, \(known[run.name] ?? 0) before")
        #expect(change > -5 * run.tolerance, "\(count) instructions, \(known[run.name] ?? 0) before: record it")
    }

    /// Instructions of the whole program in one thread. Swift's hashing is made the same in every run.
    private func instructions(_ run: Run) throws -> Int {
        let scratch = try Scratch()
        let program = try #require(Program.executable, "the program shiftsim is not beside the tests")
        // Valgrind stumbles over the debug information of Swift's compiler.
        let stripped = scratch.path("shiftsim")
        let strip = try Tools.run(try #require(Tools.find("strip")), ["-g", "-o", stripped, program.path])
        try #require(strip.code == 0, "\(strip.output)")
        let environment = ["SWIFT_DETERMINISTIC_HASHING=1", "SHIFTSIM_QUANTIZED=\(scratch.path("quantized"))"]
        let steady = run.steady.map { $0 == "out" ? scratch.path("out") : $0 }
        let line = [stripped] + run.command + run.arguments + steady
        if run.isRepeated {
            let (code, output) = try Tools.run("/usr/bin/env", environment + line, in: Repository.root)
            try #require(code == 0, "\(output.suffix(2000))")
        }
        let valgrind = [
            try #require(Tools.find("valgrind")), "--tool=callgrind", "--callgrind-out-file=/dev/null",
        ]
        let (code, output) = try Tools.run("/usr/bin/env", environment + valgrind + line, in: Repository.root)
        #expect(code == 0, "\(output.suffix(2000))")
        let match = try #require(output.firstMatch(of: /Collected : (\d+)/), "\(output.suffix(2000))")
        return try #require(Int(match.output.1))
    }
}

/// Whether instructions can be counted here.
private enum Counting {
    /// Counting needs the program as it ships: a build without optimisation is another one.
    static let canRun = Tools.isCI || (Tools.find("valgrind") != nil && isOptimised)
    static let reason: Comment = "needs valgrind and an optimised build"

    private static let isOptimised: Bool = {
        var isOptimised = true
        assert({ isOptimised = false }() == ())
        return isOptimised
    }()
}
