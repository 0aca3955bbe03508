// Scripts for the tools beside the emitted text.

import Fabric
import Foundation

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

    /// The clock period in ns, as Vivado reads it.
    var period: String { String(format: "%.3f", 1000 / clockMHz) }
}

/// synth.ys, vivado.tcl and Makefile.
public enum ToolScripts {
    /// What the Makefile puts beside the emitted files; an entry that ends in "/" is a folder with all that is in it.
    package static let built = ["obj/", "images/response.bin"]

    static func files(for target: SynthesisTarget) -> [RTLFile] {
        [
            RTLFile(name: "synth.ys", text: yosys), RTLFile(name: "vivado.tcl", text: vivado(target)),
            RTLFile(name: "Makefile", text: makefile),
        ]
    }

    /// Lint waivers, each with its reason.
    public static let lintWaivers = [
        "-Wno-UNUSEDSIGNAL",  // bits of wide registers that no reader needs; clk in modules without state
        "-Wno-PROCASSINIT",  // registers have power-up values, as FDREs do
        "-Wno-UNSIGNED", "-Wno-CMPCONST",  // comparisons with constants of the design
        "-Wno-VARHIDDEN",  // a lane's net may have the name of a scalar; lanes are read by array[lane].name
        "-Wno-UNUSEDPARAM",  // localparams of the unused one of the two block RAM sizes
    ]

    private static let yosys = """
        # Resource estimate with Yosys: yosys synth.ys
        read_verilog -sv rtl/*.sv
        synth_xilinx -family xcup -noiopad -top top
        stat

        """

    private static func vivado(_ target: SynthesisTarget) -> String {
        """
        # Out-of-context synthesis: vivado -mode batch -source vivado.tcl
        create_project -in_memory -part \(target.part)
        read_verilog -sv [glob rtl/*.sv]
        synth_design -top top -mode out_of_context
        create_clock -name clk -period \(target.period) [get_ports clk]
        opt_design
        place_design
        route_design
        report_utilization -hierarchical -file utilization.rpt
        report_timing_summary -file timing.rpt
        report_power -file power.rpt

        """
    }

    private static let makefile = """
        VERILATOR ?= verilator
        YOSYS ?= yosys
        WAIVERS = \(lintWaivers.joined(separator: " "))
        SOURCES = $(wildcard rtl/*.sv models/*.sv)

        .PHONY: lint sim bench synth
        lint:
        \t$(VERILATOR) --lint-only -Wall $(WAIVERS) --top-module top $(SOURCES)

        # Builds obj/Vtop: STIMULUS RESPONSE CYCLES PERIOD [VCD], see bench/main.cpp.
        sim:
        \t$(VERILATOR) --cc --exe --build --trace-vcd --trace-structs -Wno-fatal --top-module top --prefix Vtop \\
        \t    -MAKEFLAGS "CFG_CXXFLAGS_PCH_I=-include CFG_LDLIBS_THREADS=-pthread" \\
        \t    -Mdir obj -o Vtop $(SOURCES) ../bench/main.cpp

        # Replays images/stimulus.bin and compares every output of top in every cycle.
        bench: sim
        \t./obj/Vtop images/stimulus.bin images/response.bin $$(cat images/cycles.txt) 5000
        \tcmp images/response.bin images/expected.bin

        synth:
        \t$(YOSYS) synth.ys

        """
}
