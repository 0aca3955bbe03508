// The one search for programs and Python packages: what `doctor` finds is what `cosim` runs.

import Foundation
import Support

/// Looks for programs and Python packages: where a variable names one there and nowhere else, then in the `.venv` of
/// the working directory, of the folders above it and of those above the executable, then in PATH. `ToolFinder` is the
/// same search in shell.
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
        let workplace = URL(fileURLWithPath: FileManager.default.currentDirectoryPath)
        let program = (Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0]))
            .resolvingSymlinksInPath().deletingLastPathComponent()
        var virtual = (ToolSearch.upwards(workplace) + ToolSearch.upwards(program)).map { "\($0)/.venv" }
        let python = environment[ToolSearch.pythonVariable]
        misnamedPython = python.flatMap { ToolSearch.isProgram($0) ? nil : $0 }
        if let python {
            // DIR/bin/python belongs to the environment DIR.
            virtual.insert(
                URL(fileURLWithPath: python).deletingLastPathComponent().deletingLastPathComponent().path, at: 0)
        }
        self.virtual = virtual
    }

    /// A folder and those above it, the root left out.
    private static func upwards(_ start: URL) -> [String] {
        var folders: [String] = []
        var folder = start
        while folder.path != "/" {
            folders.append(folder.path)
            folder.deleteLastPathComponent()
        }
        return folders
    }

    /// The program's path; nil where it is not installed, or where its variable names no program.
    package func path(of tool: OutsideTool) -> String? {
        if let path = environment[tool.variable] {
            return ToolSearch.isProgram(path) ? path : nil
        }
        guard misnamedPython == nil else { return nil }
        let inPath = (environment["PATH"] ?? "").split(separator: ":").map(String.init)
        let folders = virtual.map { "\($0)/bin" } + inPath
        for program in tool.programs {
            let candidates = folders.map { "\($0)/\(program)" }
            if let found = candidates.first(where: ToolSearch.isProgram) {
                return found
            }
        }
        return nil
    }

    /// A folder can be entered, which the system calls executable, too.
    private static func isProgram(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
            && FileManager.default.isExecutableFile(atPath: path)
    }

    /// The program. Throws `ToolError` where it is missing, or where its variable names none.
    package func require(_ tool: OutsideTool) throws -> Tool {
        if let path = path(of: tool) { return Tool(executable: URL(fileURLWithPath: path)) }
        if let named = environment[tool.variable] {
            throw ToolError.misnamed(variable: tool.variable, path: named)
        }
        if let misnamedPython {
            throw ToolError.misnamed(variable: ToolSearch.pythonVariable, path: misnamedPython)
        }
        throw ToolError.missing(tool: tool.subject, install: tool.install)
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
