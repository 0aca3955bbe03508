import Foundation
import Output

// Running outside programs. Output goes to a file, so that a chatty tool never blocks on a full pipe.

/// An executable outside the package.
package struct Tool: Sendable {
    /// The file that is run.
    package let executable: URL

    /// Runs to the end; returns standard output and standard error together.
    @discardableResult
    package func run(_ arguments: [String], in directory: URL? = nil, environment: [String: String]? = nil) throws
        -> String
    {
        let (status, output) = try runAllowingFailure(arguments, in: directory, environment: environment)
        guard status == 0 else {
            let command = ([executable.lastPathComponent] + arguments).joined(separator: " ")
            throw ToolError.failed(command: command, status: status, output: output)
        }
        return output
    }

    /// Runs to the end; the caller judges the status.
    package func runAllowingFailure(
        _ arguments: [String], in directory: URL? = nil, environment: [String: String]? = nil
    ) throws -> (status: Int32, output: String) {
        let folder = try TemporaryFolder.make()
        let log = folder.url.appendingPathComponent("log")
        try WholeFile.write("", to: log.path)
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
        Leftovers.add(child: process.processIdentifier)
        process.waitUntilExit()
        Leftovers.forget(child: process.processIdentifier)
        try handle.close()
        return try withExtendedLifetime(folder) {
            (process.terminationStatus, String(decoding: try Data(contentsOf: log), as: UTF8.self))
        }
    }
}
