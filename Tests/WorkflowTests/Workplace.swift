// A folder for one test, and the compiled program.
import Foundation
import Testing

/// A folder that goes away with the value.
final class Workplace {
    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("shiftsim-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    @discardableResult
    func write(_ name: String, _ text: String) throws -> String {
        try Data(text.utf8).write(to: folder.appendingPathComponent(name))
        return path(name)
    }

    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

    /// Names in the folder, sorted.
    func contents() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }

    func read(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: folder.appendingPathComponent(name)), as: UTF8.self)
    }
}

/// The program `shiftsim` of this build.
struct Program {
    struct Result {
        var code: Int32
        var output: String
        var errors: String
    }

    static let package = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// SHIFTSIM_EXECUTABLE, or beside the test bundle.
    static let executable: URL? = {
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

    /// Runs the program in a folder to its end.
    static func run(
        _ arguments: [String], in workplace: Workplace, program: URL? = nil
    ) throws -> Result {
        let files = try Workplace()
        let process = try start(arguments, in: workplace, program: program, files: files)
        process.waitUntilExit()
        return Result(
            code: process.terminationStatus, output: try files.read("out"), errors: try files.read("err"))
    }

    /// Starts the program; its output goes to `out` and `err` of `files`.
    static func start(
        _ arguments: [String], in workplace: Workplace, program: URL? = nil, files: Workplace
    ) throws -> Process {
        let process = Process()
        let chosen: URL = try #require(program ?? executable, "the program shiftsim is not beside the tests")
        process.executableURL = chosen
        process.arguments = arguments
        process.currentDirectoryURL = workplace.folder
        let (out, err) = (try files.write("out", ""), try files.write("err", ""))
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: out))
        process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: err))
        try process.run()
        return process
    }
}
