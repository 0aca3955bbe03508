import Cosimulation
import Foundation
import Support
import TestSupport
import Testing

/// Do the search in Swift (`doctor`, `cosim`) and the one in shell (emitted Makefile, scripts) find the same programs?
@Suite struct ToolFinderTests {
    private static let script = Repository.path("scripts/find-tool")

    /// Where programs lie in a try, the first place that has one wins.
    private struct Places {
        let folder: Scratch
        init() throws { folder = try Scratch() }

        func program(_ place: String, _ name: String) throws -> String {
            let path = try folder.write("\(place)/\(name)", "#!/bin/sh\n")
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
            return path
        }
    }

    private func find(_ tool: OutsideTool, _ environment: [String: String], in folder: URL) throws -> (Int32, String) {
        let assignments = environment.map { "\($0.key)=\($0.value)" }
        let result = try Tools.run(
            "/usr/bin/env", ["-i"] + assignments + ["/bin/sh", Self.script, tool.rawValue], in: folder)
        return (result.code, result.output.trimmingCharacters(in: .newlines))
    }

    @Test(arguments: OutsideTool.allCases) func bothSearchesAgree(tool: OutsideTool) throws {
        let places = try Places()
        let best = tool.programs[0]
        let inPath = try places.program("path", best)
        let inVenv = try places.program("env/bin", best)
        let named = try places.program("named", "another")
        let folder = try places.program("folder/\(best)", "inside")
        let path = "\(places.folder.path("folder")):\(places.folder.path("path"))"
        let python = try places.program("env/bin", "python")
        let noPython = places.folder.path("env/bin/none")
        let tries: [([String: String], String?)] = [
            (["PATH": path], inPath), (["PATH": path, "SHIFTSIM_PYTHON": python], inVenv),
            (["PATH": path, tool.variable: named], named), (["PATH": path, tool.variable: "/nowhere"], nil),
            (["PATH": path, tool.variable: ""], inPath), (["PATH": ""], nil),
            (["PATH": path, "SHIFTSIM_PYTHON": noPython], nil), (["PATH": path, "SHIFTSIM_PYTHON": ""], inPath),
            (["PATH": path, "SHIFTSIM_PYTHON": noPython, tool.variable: named], named),
            (["PATH": path, tool.variable: URL(fileURLWithPath: folder).deletingLastPathComponent().path], nil),
        ]
        for (environment, expected) in tries {
            let search = ToolSearch(environment: environment)
            // .venv above the tests would be found by Swift alone: it looks above the executable.
            let (code, output) = try find(tool, environment, in: Repository.root)
            let found = search.path(of: tool)
            if let found {
                #expect(code == 0 && output == found, "\(environment): \(output)")
                let names = ["SHIFTSIM_PYTHON", tool.variable].compactMap { environment[$0] }
                if names.contains(where: { !$0.isEmpty }) { #expect(found == expected) }
            } else {
                #expect(expected == nil, "\(environment)")
                #expect(throws: ToolError.self) { try search.require(tool) }
                do { _ = try search.require(tool) } catch { #expect(output == "\(error)") }
                let isNamed = environment[tool.variable] != nil || environment["SHIFTSIM_PYTHON"] != nil
                #expect(code == (isNamed ? 2 : 4))
            }
        }
    }

    /// The best name first, whatever the order of the folders.
    @Test func theBestProgramWins() throws {
        let places = try Places()
        for tool in OutsideTool.allCases where tool.programs.count > 1 {
            _ = try places.program("first", tool.programs[1])
            let best = try places.program("second", tool.programs[0])
            let environment = ["PATH": "\(places.folder.path("first")):\(places.folder.path("second"))"]
            let (_, output) = try find(tool, environment, in: URL(fileURLWithPath: "/"))
            #expect(output == best)
        }
    }

    @Test func doctorKnowsEveryTool() throws {
        let workplace = try Scratch()
        let text = try Program.run(["doctor"], in: workplace).output
        for tool in OutsideTool.allCases { #expect(text.contains("\n\(tool.name) "), "\(tool)") }
    }

    /// The scripts of this repository search with the text that projects get. RECORD_SNAPSHOTS=1 writes it.
    @Test func theScriptsHaveTheSameSearch() throws {
        let workplace = try Scratch()
        try workplace.write("tiny.yaml", Texts.tiny)
        let result = try Program.run(["emit-rtl", "tiny.yaml", "-o", "project", "--cycles", "1"], in: workplace)
        try #require(result.code == 0, "\(result.errors)")
        let emitted = try workplace.read("project/bench/tool")
        if Tools.environment["RECORD_SNAPSHOTS"] == "1" {
            try emitted.write(toFile: Self.script, atomically: false, encoding: .utf8)
        }
        #expect(try String(contentsOfFile: Self.script, encoding: .utf8) == emitted)
        for name in ["lib.sh", "gtkwave-picture"] {
            let text = try String(contentsOfFile: Repository.path("scripts/\(name)"), encoding: .utf8)
            #expect(text.contains("find-tool"), "\(name)")
            for tool in OutsideTool.allCases {
                for program in tool.programs { #expect(!text.contains("command -v \(program) "), "\(name)") }
            }
        }
    }
}
