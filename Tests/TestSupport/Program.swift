// The compiled program, as a user runs it.

import Foundation
import Testing

/// The program `shiftsim` of this build.
package struct Program {
    /// What a run gave.
    package struct Result {
        package var code: Int32
        /// Standard output.
        package var output: String
        /// Standard error.
        package var errors: String
    }

    /// SHIFTSIM_EXECUTABLE, or beside the test bundle.
    package static let executable: URL? = {
        keepNetworksApart()
        if let named = ProcessInfo.processInfo.environment["SHIFTSIM_EXECUTABLE"] { return URL(fileURLWithPath: named) }
        let arguments = CommandLine.arguments
        var places = [arguments[0]] + [Bundle.main.executablePath].compactMap { $0 }
        if let index = arguments.firstIndex(of: "--test-bundle-path"), index + 1 < arguments.count {
            places.append(arguments[index + 1])
        }
        let folders = places.map { URL(fileURLWithPath: $0).deletingLastPathComponent() }
        return folders.map { $0.appendingPathComponent("shiftsim") }.first {
            FileManager.default.isExecutableFile(atPath: $0.path)
        }
    }()

    /// Whatever runs the program in tests shares no quantized networks with the user: they are in a folder that goes
    /// with this process.
    private static func keepNetworksApart() {
        setenv("SHIFTSIM_QUANTIZED", networks, 1)
        atexit { try? FileManager.default.removeItem(atPath: Program.networks) }
    }

    private static let networks =
        FileManager.default.temporaryDirectory.appendingPathComponent("shiftsim-test-quantized-\(getpid())").path

    /// Runs the program in a folder to its end.
    package static func run(
        _ arguments: [String], in workplace: Scratch, program: URL? = nil
    ) throws -> Result {
        let files = try Scratch()
        let process = try start(arguments, in: workplace, program: program, files: files)
        process.waitUntilExit()
        return Result(
            code: process.terminationStatus, output: try files.read("out"), errors: try files.read("err"))
    }

    /// Runs the program from a line of the shell, in which `"$0" "$@"` is the program with its arguments.
    package static func run(_ arguments: [String], in workplace: Scratch, shell line: String) throws -> Result {
        let chosen: URL = try #require(executable, "the program shiftsim is not beside the tests")
        return try run(
            ["-c", line, chosen.path] + arguments, in: workplace, program: URL(fileURLWithPath: "/bin/sh"))
    }

    /// Starts the program; its output goes to `out` and `err` of `files`.
    package static func start(
        _ arguments: [String], in workplace: Scratch, program: URL? = nil, files: Scratch
    ) throws -> Process {
        let process = Process()
        let chosen: URL = try #require(program ?? executable, "the program shiftsim is not beside the tests")
        process.executableURL = chosen
        process.arguments = arguments
        process.currentDirectoryURL = workplace.url
        let (out, err) = (try files.write("out", ""), try files.write("err", ""))
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: out))
        process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: err))
        try process.run()
        return process
    }
}
