import Accelerator
import Foundation

// shiftsim_axi: what a block design connects. In Verilog of 2001, since Vivado takes no SystemVerilog as a module reference;
// pins have AXI's names, so that Vivado infers the interfaces.

/// Writes `shiftsim_axi`, `shiftsim_control` and the constraints of both clocks.
enum AXISource {
    static let module = "shiftsim_axi"

    static func files(_ board: BoardDesign) -> [RTLFile] {
        [
            ControlSource.file, RTLFile(name: "rtl/board/\(module).v", text: text(board)),
            RTLFile(name: "board.tcl", text: constraints(board)),
        ]
    }

    // MARK: pins

    private static let control: [(isOutput: Bool, bits: Int, name: String)] = [
        (false, 6, "awaddr"), (false, 3, "awprot"), (false, 1, "awvalid"), (true, 1, "awready"), (false, 32, "wdata"),
        (false, 4, "wstrb"), (false, 1, "wvalid"), (true, 1, "wready"), (true, 2, "bresp"), (true, 1, "bvalid"),
        (false, 1, "bready"), (false, 6, "araddr"), (false, 3, "arprot"), (false, 1, "arvalid"), (true, 1, "arready"),
        (true, 32, "rdata"), (true, 2, "rresp"), (true, 1, "rvalid"), (false, 1, "rready"),
    ]

    /// A full AXI4 master of 128 bits with 40 bits of address and one of ID.
    private static let master: [(isOutput: Bool, bits: Int, name: String)] =
        ["ar", "aw"].flatMap { channel -> [(isOutput: Bool, bits: Int, name: String)] in
            [
                (true, 1, "id"), (true, 40, "addr"), (true, 8, "len"), (true, 3, "size"), (true, 2, "burst"),
                (true, 1, "lock"), (true, 4, "cache"), (true, 3, "prot"), (true, 4, "qos"), (true, 1, "valid"),
                (false, 1, "ready"),
            ].map { ($0.0, $0.1, channel + $0.2) }
        } + [
            (false, 1, "rid"), (false, 128, "rdata"), (false, 2, "rresp"), (false, 1, "rlast"), (false, 1, "rvalid"),
            (true, 1, "rready"), (true, 128, "wdata"), (true, 16, "wstrb"), (true, 1, "wlast"), (true, 1, "wvalid"),
            (false, 1, "wready"), (false, 1, "bid"), (false, 2, "bresp"), (false, 1, "bvalid"), (true, 1, "bready"),
        ]

    private static func prefix(_ port: Int) -> String { "m_axi_mem\(port)_" }

    private static func declaration(_ pin: (isOutput: Bool, bits: Int, name: String), _ prefix: String) -> String {
        Declaration.text(pin.isOutput ? "output wire" : "input wire", prefix + pin.name, width: pin.bits)
    }

    private static func modulePorts(_ ports: Int) -> [String] {
        let buses = (0..<ports).map { "m_axi_mem\($0)" }.joined(separator: ":")
        return [
            clockAttribute("core_clk", "s_axi_control", reset: "core_resetn") + "input wire core_clk",
            resetAttribute("core_resetn") + "input wire core_resetn",
            clockAttribute("port_clk", buses, reset: "port_resetn") + "input wire port_clk",
            resetAttribute("port_resetn") + "input wire port_resetn",
            "(* X_INTERFACE_INFO = \"xilinx.com:signal:interrupt:1.0 irq INTERRUPT\" *)\n"
                + "    (* X_INTERFACE_PARAMETER = \"SENSITIVITY LEVEL_HIGH\" *)\n    output wire irq",
        ] + control.map { declaration($0, "s_axi_control_") }
            + (0..<ports).flatMap { port in master.map { declaration($0, prefix(port)) } }
    }

    private static func clockAttribute(_ clock: String, _ buses: String, reset: String) -> String {
        "(* X_INTERFACE_INFO = \"xilinx.com:signal:clock:1.0 \(clock) CLK\" *)\n"
            + "    (* X_INTERFACE_PARAMETER = \"ASSOCIATED_BUSIF \(buses), ASSOCIATED_RESET \(reset)\" *)\n    "
    }

    private static func resetAttribute(_ reset: String) -> String {
        "(* X_INTERFACE_INFO = \"xilinx.com:signal:reset:1.0 \(reset) RST\" *)\n"
            + "    (* X_INTERFACE_PARAMETER = \"POLARITY ACTIVE_LOW\" *)\n    "
    }

    // MARK: text

    private static func text(_ board: BoardDesign) -> String {
        let ports = board.ports.parameters.ports
        var text = TextBuilder()
        text.append(heading(ports))
        text.line("`default_nettype none")
        text.blank()
        text.line("// Protection, and what an answer says besides its data and errors, is not looked at.")
        text.line("/* verilator lint_off UNUSEDSIGNAL */")
        text.list("module \(module) (", modulePorts(ports), ");")
        text.line("/* verilator lint_on UNUSEDSIGNAL */")
        text.block("", "endmodule") { body in
            body.append(resets)
            controlInstance(&body)
            systemInstance(ports, &body)
            for port in 0..<ports { connect(port, &body) }
            errors(ports, &body)
        }
        text.blank()
        text.line("`default_nettype wire")
        return text.text
    }

    private static func heading(_ ports: Int) -> [String] {
        [
            "// The accelerator for a block design, written by ShiftSim: \(ports) AXI4 master\(ports == 1 ? "" : "s") of 128",
            "// bits (m_axi_mem0...) in the clock of the memory's ports, an AXI4-Lite slave (s_axi_control) in the",
            "// accelerator's, whose registers shiftsim_control describes. Addresses are the program's, counted from BASE.",
            "// Resets are active low and synchronous, given while no burst is open; either resets all, and the slave waits",
            "// until that is done. Bursts are INCR of 16-byte beats, at most 256, within 4 KiB; instructions have",
            "// ID 0 and data ID 1, each answered in order.",
        ]
    }

    /// One reset of both clocks, whichever side asks: the ports' first, since they would take the core's counters, gone to
    /// zero, for commands; and until the core's is known to have come.
    private static let resets = [
        "// Both sides are reset when either reset is low: the ports first, whose FIFOs would look full when the core's",
        "// counters go to zero, and until the core is known to be reset.",
        "reg core_asks;", "reg core_asks_stage;", "reg core_asks_seen;", "reg port_reset;", "reg port_reset_stage;",
        "reg core_reset;", "reg core_reset_stage;", "reg core_reset_seen;", "reg control_reset;",
        "initial core_asks = 1'b0;", "initial core_asks_stage = 1'b0;", "initial core_asks_seen = 1'b0;",
        "initial port_reset = 1'b0;", "initial port_reset_stage = 1'b0;", "initial core_reset = 1'b0;",
        "initial core_reset_stage = 1'b0;", "initial core_reset_seen = 1'b0;", "initial control_reset = 1'b0;",
        "always @(posedge core_clk) begin", "    if (!core_resetn) core_asks <= 1'b1;",
        "    else if (core_reset) core_asks <= 1'b0;", "    port_reset_stage <= port_reset;",
        "    core_reset <= port_reset_stage;",
        "    control_reset <= !core_resetn || core_asks || port_reset_stage || core_reset;", "end",
        "always @(posedge port_clk) begin", "    core_asks_stage <= core_asks;",
        "    core_asks_seen <= core_asks_stage;", "    core_reset_stage <= core_reset;",
        "    core_reset_seen <= core_reset_stage;",
        "    if (!port_resetn || core_asks_seen) port_reset <= 1'b1;",
        "    else if (core_reset_seen) port_reset <= 1'b0;", "end", "",
    ]

    private static func controlInstance(_ text: inout TextBuilder) {
        text.append([
            "wire start;", "wire done;", "wire [31:0] load_program;", "wire [31:0] compute_program;",
            "wire [31:0] store_program;", "wire [39:12] base;", "wire read_error;", "wire write_error;",
        ])
        let bus = control.filter { !$0.name.hasSuffix("prot") }.map { ".\($0.name)(s_axi_control_\($0.name))" }
        let own = ["start", "load_program", "compute_program", "store_program", "base", "done", "read_error"]
        text.list(
            "\(ControlSource.module) control (",
            [".clk(core_clk)", ".reset(control_reset)"] + bus
                + (own + ["write_error", "irq"]).map { ".\($0)(\($0))" }, ");")
        text.blank()
    }

    private static func systemInstance(_ ports: Int, _ text: inout TextBuilder) {
        for port in 0..<ports {
            text.line("wire [31:0] m\(port)_araddr;")
            text.line("wire [31:0] m\(port)_awaddr;")
        }
        let axi = (0..<ports).flatMap { port in
            SystemSource.axiPins.map { pin in
                let isAddress = pin.name.hasSuffix("addr")
                return ".m\(port)_\(pin.name)(\(isAddress ? "m\(port)_" : prefix(port))\(pin.name))"
            }
        }
        let clocks = ["core_clk", "core_reset", "port_clk", "port_reset"].map { ".\($0)(\($0))" }
        let host = (SystemSource.hostPins.map(\.0) + ["done"]).map { ".\($0)(\($0))" }
        text.list("\(SystemSource.module) system (", clocks + host + axi, ");")
        text.blank()
    }

    /// What is the same in every burst, and the base.
    private static func connect(_ port: Int, _ text: inout TextBuilder) {
        let name = prefix(port)
        for channel in ["ar", "aw"] {
            let address = "m\(port)_\(channel)addr"
            text.line("wire [39:12] m\(port)_\(channel)page = base + {8'd0, \(address)[31:12]};")
            text.line("assign \(name)\(channel)addr = {m\(port)_\(channel)page, \(address)[11:0]};")
            text.line("assign \(name)\(channel)size = 3'd4;")
            text.line("assign \(name)\(channel)burst = 2'b01;")
            text.line("assign \(name)\(channel)lock = 1'b0;")
            text.line("assign \(name)\(channel)cache = 4'b0011;")
            text.line("assign \(name)\(channel)prot = 3'd0;")
            text.line("assign \(name)\(channel)qos = 4'd0;")
        }
        text.line("assign \(name)awid = 1'b0;")
        text.blank()
    }

    /// An answer that is not OKAY is remembered, and seen by the control registers through two flip-flops.
    private static func errors(_ ports: Int, _ text: inout TextBuilder) {
        for (kind, channel) in [("read", "r"), ("write", "b")] {
            let bits = (0..<ports).map {
                "\(prefix($0))\(channel)valid && \(prefix($0))\(channel)resp[1]"
            }.joined(separator: " || ")
            text.line("reg port_\(kind)_error;")
            text.line("reg \(kind)_error_stage;")
            text.line("reg \(kind)_error_seen;")
            text.line("initial port_\(kind)_error = 1'b0;")
            text.line("initial \(kind)_error_stage = 1'b0;")
            text.line("initial \(kind)_error_seen = 1'b0;")
            text.block("always @(posedge port_clk) begin") {
                $0.line("if (\(bits)) port_\(kind)_error <= 1'b1;")
                $0.line("if (port_reset) port_\(kind)_error <= 1'b0;")
            }
            text.block("always @(posedge core_clk) begin") {
                $0.line("\(kind)_error_stage <= port_\(kind)_error;")
                $0.line("\(kind)_error_seen <= \(kind)_error_stage;")
            }
            text.line("assign \(kind)_error = \(kind)_error_seen;")
            text.blank()
        }
    }

    // MARK: constraints

    private static func period(_ megahertz: Double) -> String { String(format: "%.3f", 1000 / megahertz) }

    private static func constraints(_ board: BoardDesign) -> String {
        let faster = period(max(board.coreMHz, board.portMHz))
        return """
            # Constraints of shiftsim_axi, to be read as Tcl (read_xdc -unmanaged -ref shiftsim_axi), or sourced for an
            # out-of-context run, which has to make the clocks first:
            #   create_clock -name core_clk -period \(period(board.coreMHz)) [get_ports core_clk]
            #   create_clock -name port_clk -period \(period(board.portMHz)) [get_ports port_clk]
            # Gray counters cross through two flip-flops (NAME_stage, NAME_seen); all bits of one arrive within a period of
            # the faster clock, so that at most one of them is on its way. The FIFOs' commands are read two edges later.
            set core [get_clocks -of_objects [get_ports core_clk]]
            set port [get_clocks -of_objects [get_ports port_clk]]
            set_property ASYNC_REG TRUE [get_cells -hierarchical -regexp {.*_(stage|seen)_reg.*}]
            # On one clock everything is timed as it is.
            if {$core ne $port} {
                set_max_delay -datapath_only \(faster) -from $core -to $port
                set_max_delay -datapath_only \(faster) -from $port -to $core
            }

            """
    }
}
