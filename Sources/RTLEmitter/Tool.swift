import Foundation

// Running outside programs. Output goes to a file, so that a chatty tool never blocks on a full pipe.

/// An executable outside the package.
struct Tool: Sendable {
    let executable: URL

    /// The first executable of the candidate paths, then `name` in PATH.
    init?(candidates: [String], name: String, environment: [String: String]) {
        let inPath = (environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(name)" }
        let found = (candidates + inPath).first { FileManager.default.isExecutableFile(atPath: $0) }
        guard let found else { return nil }
        executable = URL(fileURLWithPath: found)
    }

    /// The C++ compiler of the models: SHIFTSIM_CXX, then clang++ and g++ in PATH.
    static func cxx(_ environment: [String: String]) throws -> Tool {
        let candidates = [environment["SHIFTSIM_CXX"]].compactMap { $0 }
        let compiler =
            Tool(candidates: candidates, name: "clang++", environment: environment)
            ?? Tool(candidates: [], name: "g++", environment: environment)
        guard let compiler else { throw ToolError.missing(tool: "A C++ compiler", install: "apt-get install clang") }
        return compiler
    }

    /// Runs to the end; returns standard output and standard error together.
    @discardableResult
    func run(_ arguments: [String], in directory: URL? = nil, environment: [String: String]? = nil) throws -> String {
        let (status, output) = try runAllowingFailure(arguments, in: directory, environment: environment)
        guard status == 0 else {
            let command = ([executable.lastPathComponent] + arguments).joined(separator: " ")
            throw ToolError.failed(command: command, status: status, output: output)
        }
        return output
    }

    /// Runs to the end; the caller judges the status.
    func runAllowingFailure(
        _ arguments: [String], in directory: URL? = nil, environment: [String: String]? = nil
    ) throws -> (status: Int32, output: String) {
        let log = FileManager.default.temporaryDirectory.appendingPathComponent("shiftsim-\(UUID().uuidString).log")
        try Data().write(to: log)
        defer { try? FileManager.default.removeItem(at: log) }
        let handle = try FileHandle(forWritingTo: log)
        let process = Process()
        process.executableURL = executable
        process.arguments = arguments
        process.currentDirectoryURL = directory
        if let environment { process.environment = environment }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = handle
        process.standardError = handle
        try process.run()
        process.waitUntilExit()
        try handle.close()
        return (process.terminationStatus, String(decoding: try Data(contentsOf: log), as: UTF8.self))
    }
}
