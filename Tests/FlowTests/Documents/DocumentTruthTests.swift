import Foundation
import TestSupport
import Testing

/// Do the pages name what there is: every variable, every command, the numbers of a run?
@Suite struct DocumentTruthTests {
    /// Of the emitted SystemVerilog and of the compiler, and what stands for any: no variables.
    private static let macros: Set = ["SHIFTSIM_BEHAVIOURAL_MEMORY", "SHIFTSIM_X86_64_V3", "SHIFTSIM_NAME"]

    private static func text(_ name: String) throws -> String {
        try String(contentsOfFile: Repository.path(name), encoding: .utf8)
    }

    /// Words SHIFTSIM_... of all files below some folders; binary files have none.
    private static func variables(in folders: [String]) throws -> Set<String> {
        var found: Set<String> = []
        for folder in folders {
            let files =
                FileManager.default.enumerator(atPath: Repository.path(folder))?.compactMap { $0 as? String } ?? []
            for file in files {
                found.formUnion((try? variables(of: "\(folder)/\(file)")) ?? [])
            }
        }
        return found
    }

    private static func variables(of file: String) throws -> Set<String> {
        Set(try text(file).matches(of: /SHIFTSIM_[A-Z0-9]+(_[A-Z0-9]+)*/).map { String($0.0) }).subtracting(macros)
    }

    @Test func environmentVariablesAreDocumented() throws {
        let documented = Set(
            try DocumentTruthTests.text("docs/guide/Environment.md").split(separator: "\n")
                .filter { $0.hasPrefix("| `") }
                .flatMap { $0.split(separator: "|")[0].matches(of: /SHIFTSIM_[A-Z_0-9]+/).map { String($0.0) } })
        #expect(documented.count >= 10)
        let read = try DocumentTruthTests.variables(in: ["Sources", "Tests", "scripts"])
            .union(try DocumentTruthTests.variables(of: "Package.swift"))
        #expect(read.subtracting(documented) == [], "not in docs/guide/Environment.md")
        #expect(documented.subtracting(read) == [], "nothing reads it")
    }

    @Test func commandsAreInTheReadme() throws {
        let help = try Program.run(["--help"], in: try Scratch()).output
        let list = try #require(help.components(separatedBy: "SUBCOMMANDS:").last)
        let commands = list.matches(of: #/\n  ([a-z-]+) /#).map { String($0.1) }
        #expect(commands.count >= 9)
        let rows = try DocumentTruthTests.text("README.md").matches(of: /\n\| `([a-z-]+)[ `]/).map { String($0.1) }
        for command in commands { #expect(rows.contains(command), "README's table has no '\(command)'") }
    }

    /// docs/results/Networks.md against the runs that it describes, the quickest of its rows.
    @Test func cyclesOfTheSmallestNetworkAreCurrent() throws {
        let page = try DocumentTruthTests.text("docs/results/Networks.md")
        let row = try #require(page.firstMatch(of: /\| n-bq-nn-cifar10 \| convolver \| svpe \| [\d,]+ \| ([\d,]+)/))
        let config = Repository.path("configs/n-bq-nn-svpe.yaml")
        let matrix = ["schedule.search=first-fit", "buffers.ifmap_kib=1024", "buffers.psum_kib=256"]
        #expect(try cycles(config, matrix) == row.1)
        let shipped = try #require(page.firstMatch(of: /takes ([\d,]+) cycles \(svpe\)/))
        #expect(try cycles(config, ["schedule.search=first-fit"]) == shipped.1)
    }

    /// docs/guide/DPUSizedDesign.md against a run, the quickest of its table.
    @Test func cyclesOfTheDPUSizedDesignAreCurrent() throws {
        let page = try DocumentTruthTests.text("docs/guide/DPUSizedDesign.md")
        let row = try #require(page.firstMatch(of: /\| mobilenet-v2 \| 300 \| ([\d,]+)/))
        #expect(
            try cycles(Repository.path("configs/dpu-b4096-mobilenetv2.yaml"), ["run.mode=timing"]) == row.1,
            "refresh the page: python -m shiftsim_tools.dpu_tables --write")
    }

    /// Cycles of a run with the thousands apart.
    private func cycles(_ config: String, _ settings: [String]) throws -> String {
        var arguments = ["simulate", config, "--json", "--quiet", "--no-check"]
        for setting in settings { arguments += ["--set", setting] }
        let output = try Program.run(arguments, in: try Scratch()).output
        let total = try #require(output.firstMatch(of: /"predicted" : \d+,[^}]*"total" : (\d+)/)?.1)
        var digits = String(total)
        var groups: [String] = []
        while digits.count > 3 {
            groups.insert(String(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        return ([digits] + groups).joined(separator: ",")
    }
}
