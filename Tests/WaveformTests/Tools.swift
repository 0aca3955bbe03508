// Programs outside this package that the tests compare with. A test that needs one is skipped where it is absent.
import Foundation

enum Tools {
    /// The folder of the package.
    static let package = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static let fst2vcd = find("fst2vcd")
    static let vcd2fst = find("vcd2fst")
    static let gzip = find("gzip")

    /// SHIFTSIM_PYTHON, or the virtual environment of the package.
    static let python: String? = {
        let named = ProcessInfo.processInfo.environment["SHIFTSIM_PYTHON"]
        let candidate = named ?? package.appendingPathComponent(".venv/bin/python").path
        return FileManager.default.isExecutableFile(atPath: candidate) ? candidate : nil
    }()

    static let pywellen = pythonHas("pywellen")
    static let pylibfst = pythonHas("pylibfst")

    /// A decoder that accounts for every byte of an FST; part of the development workplace, not of the package.
    static let byteChecker: String? = {
        let path = package.deletingLastPathComponent().appendingPathComponent("shared/tools/fst_decode.py").path
        return FileManager.default.fileExists(atPath: path) && python != nil ? path : nil
    }()

    static func find(_ name: String) -> String? {
        let folders = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":") ?? []
        return folders.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    private static func pythonHas(_ module: String) -> Bool {
        guard let python else { return false }
        return (try? run(python, ["-c", "import \(module)"]).code) == 0
    }

    /// Runs a program; standard output goes through a file so that it can be of any length.
    static func run(
        _ program: String, _ arguments: [String], in directory: URL? = nil
    ) throws -> (code: Int32, output: String) {
        let folder = try TemporaryFolder()
        let target = try folder.file("output", [])
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: target))
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.currentDirectoryURL = directory
        process.standardOutput = handle
        process.standardError = handle
        try process.run()
        process.waitUntilExit()
        try handle.close()
        return (process.terminationStatus, try String(contentsOfFile: target, encoding: .utf8))
    }

    /// The changes another reader finds, as `shiftsim_tools.read_trace` prints them.
    static func lines(of path: String, reader: String) throws -> [String] {
        guard let python else { throw ToolError.failed("no Python") }
        let (code, output) = try run(
            python, ["-m", "shiftsim_tools.read_trace", "--reader", reader, path],
            in: package.appendingPathComponent("scripts/python"))
        guard code == 0 else { throw ToolError.failed(output) }
        return output.split(separator: "\n").map(String.init)
    }

    enum ToolError: Error {
        case failed(String)
    }
}
