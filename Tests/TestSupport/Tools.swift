// Programs outside this package, and the one way to run them. A test that needs one that is absent is skipped with the
// reason given here; on CI it runs and fails.

import Cosimulation
import Foundation
import Testing

/// What is installed beside this package.
package enum Tools {
    /// The environment of the tests.
    package static let environment = ProcessInfo.processInfo.environment
    /// Whether nothing may be skipped.
    package static let isCI = environment["CI"] != nil
    /// SHIFTSIM_LONG=1: the tests that take many minutes.
    package static let isLong = environment["SHIFTSIM_LONG"] == "1"

    /// Cases of a matrix: from `first` on every fourth, and all of them in long runs.
    package static func share<Case>(_ cases: [Case], from first: Int) -> [Case] {
        isLong ? cases : stride(from: first, to: cases.count, by: 4).map { cases[$0] }
    }

    // MARK: judges

    /// Verilator with a C++ compiler, or why not.
    package static let verilator = Result { try Verilator() }
    /// Yosys' C++ backend with a C++ compiler, or why not.
    package static let cxxrtl = Result { try CXXRTL() }
    package static let hasVerilator = isCI || (try? verilator.get()) != nil
    package static let hasYosys = isCI || (try? cxxrtl.get()) != nil
    package static let noVerilator: Comment = "Verilator was not found: set SHIFTSIM_VERILATOR or install it in .venv"
    package static let noYosys: Comment = "Yosys or its headers were not found: apt-get install yosys-dev"

    // MARK: readers of waveforms

    package static let fst2vcd = ToolSearch().path(of: .fst2vcd)
    package static let vcd2fst = find("vcd2fst")
    package static let gzip = find("gzip")
    package static let noFst2vcd: Comment = "fst2vcd was not found: apt-get install gtkwave"
    package static let pywellen = pythonHas("pywellen")
    package static let pylibfst = pythonHas("pylibfst")
    package static let hasReaders = isCI || (pywellen && pylibfst)
    package static let noReaders: Comment = "pywellen and pylibfst were not found: SHIFTSIM_PYTHON or .venv/bin/python"

    // MARK: Python

    /// SHIFTSIM_PYTHON, or the virtual environment of the package; nil where neither is there.
    package static let python: String? = {
        let candidate = environment["SHIFTSIM_PYTHON"] ?? Repository.path(".venv/bin/python")
        return FileManager.default.isExecutableFile(atPath: candidate) ? candidate : nil
    }()

    /// Whether that Python has a module.
    package static func pythonHas(_ module: String) -> Bool { (try? runPython(["-c", "import \(module)"])) != nil }

    /// Runs a module of scripts/python, `python -m shiftsim_tools.NAME`, or Python with other arguments. Gives what it
    /// prints; throws `ToolFailure` where there is no Python or it ends with another status than 0.
    @discardableResult
    package static func runPython(_ arguments: [String]) throws -> String {
        guard let python else { throw ToolFailure(message: "no Python: set SHIFTSIM_PYTHON or make .venv") }
        let (code, output) = try run(python, arguments, in: URL(fileURLWithPath: Repository.path("scripts/python")))
        guard code == 0 else { throw ToolFailure(message: output) }
        return output
    }

    // MARK: any program

    /// The program of a name in PATH.
    package static func find(_ name: String) -> String? {
        let folders = environment["PATH"]?.split(separator: ":") ?? []
        return folders.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// Runs a program to its end; standard output and standard error together go through a file, so that they can be
    /// of any length.
    package static func run(
        _ program: String, _ arguments: [String], in directory: URL? = nil
    ) throws -> (code: Int32, output: String) {
        let folder = try Scratch()
        try folder.write("output", "")
        let handle = try FileHandle(forWritingTo: folder.url.appendingPathComponent("output"))
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.currentDirectoryURL = directory
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = handle
        process.standardError = handle
        try process.run()
        process.waitUntilExit()
        try handle.close()
        return (process.terminationStatus, try folder.read("output"))
    }
}

/// An outside program that is missing or failed.
package struct ToolFailure: Error {
    /// What it said.
    package var message: String
}
