import Foundation
import Support
import TestSupport
import Testing

/// Is what `emit-rtl` writes a project that works where ShiftSim is not, and that says PASS, FAIL or what to install?
@Suite(.serialized) struct EmittedProjectTests {
    /// The folder `project` of a workplace, with a small design at another clock than the default.
    private static func emitted(_ options: String...) throws -> Scratch {
        let workplace = try Scratch()
        try workplace.write("tiny.yaml", Texts.tiny)
        let arguments = [
            "emit-rtl", "tiny.yaml", "-o", "project", "--set", "array.outputs=4", "--set", "array.inputs=4",
        ]
        let result = try Program.run(arguments + options, in: workplace)
        try #require(result.code == 0, "\(result.errors)")
        return workplace
    }

    /// `make` in the project; variables of the search and PATH only as given.
    private func make(
        _ target: String, in workplace: Scratch, _ environment: [String: String] = [:]
    ) throws -> (code: Int32, output: String) {
        let make = try #require(Tools.find("make"), "apt-get install make")
        let assignments = environment.map { "\($0.key)=\($0.value)" }
        return try Tools.run(
            "/usr/bin/env", ["-i"] + assignments + [make, target], in: workplace.url.appendingPathComponent("project"))
    }

    private static var ordinary: [String: String] { Tools.environment }

    private func outputs(_ workplace: Scratch) -> URL {
        workplace.url.appendingPathComponent("project/images/expected.bin")
    }

    enum Simulator: String, CaseIterable { case verilator, iverilog }

    private static let simulators: [Simulator] =
        (Tools.hasVerilator ? [.verilator] : []) + (Tools.isCI || Tools.find("iverilog") != nil ? [.iverilog] : [])

    /// One build per simulator: the run passes; a bit of the first, a middle or the last cycle changed, a cut file, a
    /// longer one, a shorter stimulus and no cycle at all each fail, at the place.
    @Test(arguments: simulators) func benchSaysPassOrFail(simulator: Simulator) throws {
        let workplace = try Self.emitted("--cycles", "200")
        let environment = Self.ordinary.merging(["SIMULATOR": simulator.rawValue]) { $1 }
        func bench() throws -> (code: Int32, output: String) { try make("bench", in: workplace, environment) }
        let good = try bench()
        #expect(good.code == 0, "\(good.output)")
        #expect(good.output.contains("PASS: 200 cycles"))
        #expect(!good.output.contains("FAIL"))

        let images = workplace.url.appendingPathComponent("project/images")
        let file = outputs(workplace)
        let bytes = try Data(contentsOf: file)
        let record = bytes.count / 200
        func expectFail(_ message: String) throws {
            let bad = try bench()
            #expect(bad.code != 0, "\(message)")
            #expect(bad.output.contains("FAIL: \(message)"), "\(bad.output.suffix(600))")
            #expect(!bad.output.contains("PASS"))
        }
        for cycle in [0, 99, 199] {
            var wrong = bytes
            wrong[cycle * record + record / 2] ^= 1
            try wrong.write(to: file)
            try expectFail("cycle \(cycle): ")
        }
        try bytes.prefix(150 * record).write(to: file)
        try expectFail("the expected outputs end before cycle 150")
        try (bytes + bytes).write(to: file)
        try expectFail("the expected outputs go on after 200 cycles")
        try bytes.write(to: file)
        try "0\n".write(to: images.appendingPathComponent("cycles.txt"), atomically: true, encoding: .utf8)
        try expectFail("no cycle was compared")
        try "200\n".write(to: images.appendingPathComponent("cycles.txt"), atomically: true, encoding: .utf8)
        let stimulus = images.appendingPathComponent("stimulus.bin")
        let inputs = try Data(contentsOf: stimulus)
        try inputs.prefix(inputs.count / 2).write(to: stimulus)
        let cut = try bench()
        #expect(cut.code != 0 && cut.output.contains("the stimulus ends before cycle 100"))
    }

    /// Without a simulator chosen, the one that is installed.
    @Test(
        .enabled(
            if: Tools.find("iverilog")?.hasPrefix("/usr/bin/") == true && Tools.find("verilator") == nil,
            "needs iverilog in /usr/bin and no Verilator there"),
        .enabled(if: nothingIsInstalledAbove, noneAbove))
    func benchTakesIcarusWithoutVerilator() throws {
        let workplace = try Self.emitted("--cycles", "50")
        let result = try make("bench", in: workplace, ["PATH": "/usr/bin:/bin"])
        #expect(result.code == 0, "\(result.output)")
        #expect(result.output.contains("PASS: 50 cycles"))
    }

    /// Whether the folders above temporary ones have no .venv, in which projects would find programs.
    private static let nothingIsInstalledAbove: Bool = {
        var folder = FileManager.default.temporaryDirectory.standardizedFileURL
        while folder.path != "/" {
            if FileManager.default.fileExists(atPath: folder.appendingPathComponent(".venv").path) { return false }
            folder.deleteLastPathComponent()
        }
        return true
    }()
    private static let noneAbove: Comment = "a .venv stands above the folder for temporary files (TMPDIR)"

    /// Each target with the programs that it needs.
    static let targets: [(String, [OutsideTool])] = [
        ("bench", [.verilator, .iverilog]), ("sim", [.verilator]), ("lint", [.verilator]), ("synth", [.yosys]),
        ("vivado", [.vivado]),
    ]

    @Test(.enabled(if: nothingIsInstalledAbove, noneAbove)) func everyTargetSaysWhatToInstall() throws {
        let workplace = try Self.emitted("--cycles", "5")
        for (target, tools) in Self.targets {
            let result = try make(target, in: workplace, ["PATH": ""])
            #expect(result.code != 0, "\(target)")
            for tool in tools {
                let message = "\(tool.subject) was not found. Install it with: \(tool.install)"
                #expect(result.output.contains(message), "\(target): \(result.output)")
            }
        }
        let makefile = try workplace.read("project/Makefile")
        let phony = try #require(makefile.firstMatch(of: /\.PHONY: (.*)/)).output.1.split(separator: " ")
        #expect(
            Set(phony.map(String.init)).subtracting(Self.targets.map(\.0)) == ["bench-verilator", "bench-iverilog"])
    }

    /// A variable that names no program is an error, never a reason to take another.
    @Test func aWrongVariableIsNoFallback() throws {
        let workplace = try Self.emitted("--cycles", "5")
        for (target, tools) in Self.targets {
            let tool = tools[0]
            let environment = Self.ordinary.merging([tool.variable: "/nowhere/program"]) { $1 }
            let result = try make(target, in: workplace, environment)
            #expect(result.code != 0, "\(target)")
            #expect(result.output.contains("\(tool.variable) is '/nowhere/program', which is no program"), "\(result)")
        }
        let other = try make("bench", in: workplace, Self.ordinary.merging(["SIMULATOR": "questa"]) { $1 })
        #expect(other.code != 0 && other.output.contains("SIMULATOR is 'questa'; accepted: verilator, iverilog"))
    }

    /// Part and period are the configuration's; the clock is constrained before anything is synthesized.
    @Test(arguments: [("200", "5.000"), ("300", "3.333"), ("775", "1.290"), ("1.5", "666.666"), ("600", "1.666")])
    func vivadoGetsTheClock(clock: String, period: String) throws {
        let workplace = try Self.emitted("--cycles", "1", "--set", "clock_mhz=\(clock)")
        let script = try workplace.read("project/vivado.tcl")
        let commands = script.split(separator: "\n").filter { !$0.hasPrefix("#") }
            .map { $0.split(separator: " ").map(String.init) }
        let names = commands.map { $0[0] }
        #expect(!names.contains("create_clock"))
        let constraint = try #require(commands.firstIndex(of: ["read_xdc", "top.xdc"]))
        let synthesis = try #require(names.firstIndex(of: "synth_design"))
        #expect(constraint < synthesis)
        #expect(commands[synthesis].contains("xczu9eg-ffvb1156-2-e"))
        let constraints = try workplace.read("project/top.xdc").split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(constraints == ["create_clock -name clk -period \(period) [get_ports clk]"])
        #expect(try workplace.read("project/rtl/top.sv").contains("input wire clk,"))
        let picoseconds = period.replacing(".", with: "")
        #expect(try workplace.read("project/Makefile").contains("\nPERIOD = \(picoseconds)\n"))
    }

    @Test func vivadoGetsThePart() throws {
        let workplace = try Self.emitted("--cycles", "1", "--set", "device.part=xck26")
        let script = try workplace.read("project/vivado.tcl")
        #expect(script.components(separatedBy: "-part xck26-sfvc784-2LV-c").count == 3 && !script.contains("xczu9eg"))
    }

    /// `--cycles` bounds what is recorded; without it the run is whole.
    @Test func cyclesBoundTheStimulus() throws {
        let part = try Self.emitted("--cycles", "77")
        let whole = try Self.emitted()
        #expect(try part.read("project/images/cycles.txt") == "77\n")
        let cycles = try #require(Int(try whole.read("project/images/cycles.txt").dropLast()))
        #expect(cycles > 1000)
        for name in ["stimulus.bin", "expected.bin"] {
            let some = try Data(contentsOf: part.url.appendingPathComponent("project/images/\(name)"))
            let all = try Data(contentsOf: whole.url.appendingPathComponent("project/images/\(name)"))
            #expect(some.count % 77 == 0 && some.count / 77 == all.count / cycles)
            #expect(all.starts(with: some))
        }
        let zero = try Program.run(["emit-rtl", "tiny.yaml", "-o", "none", "--cycles", "0"], in: part)
        #expect(zero.code == 2 && zero.errors.contains("accepted: at least 1"))
        #expect(!part.exists("none"))
    }
}
