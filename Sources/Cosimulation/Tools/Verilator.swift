import Diagnostics
import Foundation
import Output
import RTLEmitter

// Verilator builds: verilate, compile with clang++, link with runtime objects that are compiled once per Verilator
// version and flags and kept in a cache directory (a small model then builds in two to three seconds).

/// Verilator and the C++ compiler for its models.
package struct Verilator: Sendable {
    /// How a model is built.
    package struct Options: Sendable, Hashable {
        /// Whether the model can write a VCD.
        package var trace = false
        /// -O level of the C++ compiler, such as "1" or "3".
        package var optimization = "1"
        /// -march=native, for speed measurements.
        package var native = false
        /// Plain arrays instead of block RAM primitives (SHIFTSIM_BEHAVIOURAL_MEMORY).
        package var behaviouralMemory = false

        /// The options of a quick build without trace.
        package init() {}
    }

    private let tool: Tool
    private let compiler: Tool
    /// First line of `verilator --version`.
    package let version: String
    private let include: URL
    private let cache: URL

    /// Path of the executable in use.
    package var path: String { tool.executable.path }

    /// Looks for Verilator and a C++ compiler. Throws `ToolError` where one is missing.
    package init(environment: [String: String] = ProcessInfo.processInfo.environment) throws {
        let search = ToolSearch(environment: environment)
        tool = try search.require(.verilator)
        compiler = try search.require(.cxx)
        version = Verilator.firstLine(try tool.run(["--version"]))
        let root = Verilator.firstLine(try tool.run(["--getenv", "VERILATOR_ROOT"]))
        include = URL(fileURLWithPath: root).appendingPathComponent("include")
        cache = try Verilator.cacheDirectory(environment)
    }

    private static func firstLine(_ text: String) -> String {
        (text.split(separator: "\n").first.map(String.init) ?? "").trimmingCharacters(in: .whitespaces)
    }

    private static func cacheDirectory(_ environment: [String: String]) throws -> URL {
        if let path = environment["SHIFTSIM_CACHE"], !path.isEmpty {
            let folder = URL(fileURLWithPath: path)
            do {
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            } catch {
                throw EnvironmentProblem(
                    message: "SHIFTSIM_CACHE is '\(path.echoed)', where no folder can be made; set it to a folder, "
                        + "or unset it")
            }
            return folder
        }
        let base = environment["XDG_CACHE_HOME"] ?? (environment["HOME"] ?? "/tmp") + "/.cache"
        return URL(fileURLWithPath: base).appendingPathComponent("shiftsim")
    }

    /// `verilator --lint-only -Wall` over written files; throws with the messages when there is any. `waivers` are
    /// options such as -Wno-UNSIGNED.
    package func lint(_ directory: URL, files: [RTLFile], waivers: [String] = [], top: String = "top") throws {
        let sources = files.filter { $0.isDesign || $0.isModel }.map(\.name)
        let options = ["--lint-only", "-Wall"] + waivers + ["--top-module", top]
        try tool.run(options + sources, in: directory)
    }

    /// Writes the files into `directory` and builds a model with the harness bench/main.cpp.
    package func build(_ files: [RTLFile], in directory: URL, options: Options = Options()) throws -> CompiledModel {
        try RTLFile.write(files, to: directory)
        let model = directory.appendingPathComponent("obj")
        try? FileManager.default.removeItem(at: model)
        var arguments = [
            "--cc", "--top-module", "top", "--prefix", "Vtop", "-Mdir", model.path, "-Wno-fatal", "-Wno-lint",
            "-Wno-style", "--x-assign", "fast", "--x-initial", "fast", "--no-timing",
        ]
        if options.trace { arguments.append("--trace-vcd") }
        if options.behaviouralMemory { arguments.append("-DSHIFTSIM_BEHAVIOURAL_MEMORY") }
        if options.optimization == "3" { arguments.append("-O3") }
        arguments += files.filter { $0.isDesign || $0.isModel }.map(\.name)
        try tool.run(arguments, in: directory)
        let executable = try compile(model, harness: directory.appendingPathComponent("bench/main.cpp"), options)
        return CompiledModel(executable: executable, canTrace: options.trace)
    }

    /// Writes the files into `directory` and builds `shiftsim_system` with bench/system.cpp, able to trace.
    package func buildSystem(_ files: [RTLFile], in directory: URL) throws -> URL {
        try RTLFile.write(files, to: directory)
        let model = directory.appendingPathComponent("obj")
        try? FileManager.default.removeItem(at: model)
        let arguments = [
            "--cc", "--top-module", SystemDesignNames.module, "--prefix", "Vsystem", "-Mdir", model.path, "-Wno-fatal",
            "-Wno-lint", "-Wno-style", "--x-assign", "fast", "--x-initial", "fast", "--no-timing", "--trace-vcd",
        ]
        let sources = files.filter { $0.isDesign && $0.name.hasSuffix(".sv") || $0.isModel }.map(\.name)
        try tool.run(arguments + sources, in: directory)
        var options = Options()
        options.trace = true
        options.optimization = "0"
        return try compile(model, harness: directory.appendingPathComponent("bench/system.cpp"), options)
    }

    // MARK: C++

    private func flags(_ options: Options, optimization: String) -> [String] {
        let trace = options.trace ? 1 : 0
        return [
            "-std=c++20", "-O\(optimization)", "-I.", "-I\(include.path)", "-I\(include.path)/vltstd",
            "-DVM_COVERAGE=0", "-DVM_SC=0", "-DVM_TIMING=0", "-DVM_TRACE=\(trace)", "-DVM_TRACE_VCD=\(trace)",
            "-DVM_TRACE_FST=0", "-DVM_TRACE_SAIF=0", "-faligned-new", "-pthread", "-w",
        ] + (options.native ? ["-march=native"] : [])
    }

    private func compile(_ model: URL, harness: URL, _ options: Options) throws -> URL {
        let runtime = try runtimeObjects(options)
        let sources = try FileManager.default.contentsOfDirectory(atPath: model.path).filter { $0.hasSuffix(".cpp") }
        let slow = sources.filter { $0.contains("__Slow") }.sorted()
        let fast = sources.filter { !$0.contains("__Slow") }.sorted()
        let executable = model.appendingPathComponent("Vtop")
        try include(fast + [harness.path], in: model, as: "fast.cpp")
        try include(slow, in: model, as: "slow.cpp")
        let best = flags(options, optimization: options.optimization)
        try compiler.run(best + ["-c", "fast.cpp", "-o", "fast.o"], in: model)
        try compiler.run(flags(options, optimization: "0") + ["-c", "slow.cpp", "-o", "slow.o"], in: model)
        try compiler.run(["-pthread", "fast.o", "slow.o"] + runtime + ["-o", "Vtop"], in: model)
        return executable
    }

    private func include(_ sources: [String], in model: URL, as name: String) throws {
        let text = sources.map { "#include \"\($0)\"\n" }.joined()
        try WholeFile.write(text, to: model.appendingPathComponent(name).path)
    }

    /// Verilator's own C++ files as objects, from the cache where they are there. Objects appear by renaming, so that
    /// runs side by side never see half a file.
    private func runtimeObjects(_ options: Options) throws -> [String] {
        let flags = flags(options, optimization: options.optimization == "3" ? "3" : "1")
        let key = Verilator.hash(([version, compiler.executable.path, include.path] + flags).joined(separator: "\n"))
        let directory = cache.appendingPathComponent("verilated-\(key)")
        do {
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        } catch {
            throw EnvironmentProblem(
                message: "the folder '\(directory.path)' for compiled parts of Verilator cannot be made: "
                    + "\(error.localizedDescription); set SHIFTSIM_CACHE to a folder that can")
        }
        let units = ["verilated", "verilated_threads"] + (options.trace ? ["verilated_vcd_c"] : [])
        return try units.map { unit in
            let object = directory.appendingPathComponent("\(unit).o")
            if !FileManager.default.fileExists(atPath: object.path) {
                let temporary = directory.appendingPathComponent("\(unit)-\(UUID().uuidString).o")
                try compiler.run(flags + ["-c", "\(include.path)/\(unit).cpp", "-o", temporary.path])
                _ = rename(temporary.path, object.path)
            }
            return object.path
        }
    }

    /// FNV-1a, stable between runs.
    private static func hash(_ text: String) -> String {
        let value = text.utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return String(value, radix: 16)
    }
}
