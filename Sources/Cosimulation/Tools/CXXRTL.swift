import Foundation
import RTLEmitter

// The second judge of co-simulation. Yosys reads the emitted text with its own frontend and writes it as C++
// (`write_cxxrtl`); compiled with a harness this runs as a Verilator model does. What comes from Yosys is the reading of
// the text: elaboration, processes to cells, widths, signs and memories, and the meaning of each cell.
//
// -O4 keeps every named signal as a variable of its own that is computed in every step. Higher levels compute a signal
// only when somebody looks, from a second copy of the logic.
//
// CXXRTL is two-valued: `check -assert` looks for wires without a driver, for which a four-valued simulator has X.

/// Yosys' C++ backend and the compiler for its models.
package struct CXXRTL: Sendable {
    /// The command that installs the headers and, with them, Yosys.
    package static let install = "apt-get install yosys-dev"

    private let yosys: Yosys
    private let compiler: Tool
    private let include: URL

    /// Looks for Yosys, for its headers beside it (share/yosys/include), and for a C++ compiler.
    package init(environment: [String: String] = ProcessInfo.processInfo.environment) throws {
        yosys = try Yosys(environment: environment)
        include = CXXRTL.include(of: yosys)
        let header = CXXRTL.header(of: yosys)
        guard FileManager.default.fileExists(atPath: header.path) else {
            throw ToolError.missing(tool: "\(header.path) (Yosys' headers)", install: CXXRTL.install)
        }
        compiler = try ToolSearch(environment: environment).require(.cxx)
    }

    private static func include(of yosys: Yosys) -> URL {
        yosys.tool.executable.resolvingSymlinksInPath().deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("share/yosys/include")
    }

    private static func header(of yosys: Yosys) -> URL {
        include(of: yosys).appendingPathComponent("backends/cxxrtl/cxxrtl.h")
    }

    /// The header that models include; nil where it or Yosys is missing.
    package static func header(environment: [String: String]) -> String? {
        guard let yosys = try? Yosys(environment: environment) else { return nil }
        let path = header(of: yosys).path
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }

    /// Writes the files into `directory` and builds a model that can write a VCD. `ports` are those of `top`,
    /// `optimization` is the -O level of the C++ compiler: for `tiny-svpe`, "0" compiles in about 3 s and takes about
    /// 2 ms per cycle, "1" in about 13 s and takes 0.1 ms.
    package func build(
        _ files: [RTLFile], ports: [RTLPort], in directory: URL, optimization: String = "0"
    ) throws -> CompiledModel {
        let sources = files.filter { $0.isDesign || $0.isModel }
        let script = """
            read_verilog -sv \(sources.map(\.name).joined(separator: " "))
            hierarchy -check -top top
            proc
            check -assert
            write_cxxrtl -noflatten -O4 top.cc

            """
        try RTLFile.write(
            sources + [CXXRTLHarness.file(ports), RTLFile(name: "cxxrtl.ys", text: script)], to: directory)
        try yosys.tool.run(["-s", "cxxrtl.ys"], in: directory)
        try compiler.run(
            ["-std=c++17", "-O\(optimization)", "-w", "-I\(include.path)", CXXRTLHarness.name, "-o", "model"],
            in: directory)
        return CompiledModel(executable: directory.appendingPathComponent("model"), canTrace: true)
    }
}
