import Accelerator
import Design

// shiftsim_system: the accelerator, both sides of its memory ports, and the FIFOs' memories between the clocks. No logic of
// its own but wires: what decides is in the Designs.

/// Writes the module `shiftsim_system`.
struct SystemSource {
    static let module = "shiftsim_system"
    static let coreModule = "memory_ports"
    static let portModule = "memory_port"

    private let board: BoardDesign
    private let p: MemoryPortParameters
    private let accelerator: PinTable
    private let core: PinTable
    private let port: PinTable

    init(_ board: BoardDesign) throws {
        self.board = board
        p = board.ports.parameters
        accelerator = try PinTable(board.accelerator.design)
        core = try PinTable(board.ports.core)
        port = try PinTable(board.ports.port)
    }

    var file: RTLFile {
        get throws {
            var text = TextBuilder()
            text.append(heading)
            text.line("`default_nettype none")
            text.blank()
            text.list("module \(SystemSource.module) (", modulePorts, ");")
            try text.block("", "endmodule") { body in
                declareWires(&body)
                try connectAccelerator(&body)
                instances(&body)
                for index in 0..<p.ports {
                    try connectPort(index, &body)
                    try readFIFOs(index, &body)
                    try writeFIFOs(index, &body)
                }
            }
            text.blank()
            text.line("`default_nettype wire")
            return RTLFile(name: "rtl/board/\(SystemSource.module).sv", text: text.text)
        }
    }

    private var heading: [String] {
        [
            "// The accelerator (top) and its \(p.ports) memory port\(p.ports == 1 ? "" : "s"), written by ShiftSim.",
            "// core_clk: accelerator and memory_ports. port_clk: memory_port, one an AXI port. Any ratio of the two: what",
            "// crosses are Gray counters through two flip-flops; data lie in the FIFOs' memories below.",
            "// Resets are active high and synchronous, and both are given at once, for at least four edges of the slower",
            "// clock, while no burst is open at the AXI ports.",
            "// start: one cycle high. done: all results are written; low from the next start on.",
        ]
    }

    // MARK: ports

    /// Pins of an AXI port that `shiftsim_system` has: the master's direction, bits (nil: one), name.
    static let axiPins: [(isOutput: Bool, bits: Int?, name: String)] = [
        (true, nil, "arvalid"), (false, nil, "arready"), (true, 32, "araddr"), (true, 8, "arlen"),
        (true, nil, "arid"), (false, nil, "rvalid"), (true, nil, "rready"), (false, 128, "rdata"),
        (false, nil, "rid"), (true, nil, "awvalid"), (false, nil, "awready"), (true, 32, "awaddr"),
        (true, 8, "awlen"), (true, nil, "wvalid"), (false, nil, "wready"), (true, 128, "wdata"),
        (true, 16, "wstrb"), (true, nil, "wlast"), (false, nil, "bvalid"), (true, nil, "bready"),
    ]

    /// The host's inputs with their bits.
    static let hostPins = [("start", 1), ("load_program", 32), ("compute_program", 32), ("store_program", 32)]

    private var modulePorts: [String] {
        let clocks = ["core_clk", "core_reset", "port_clk", "port_reset"].map { "input wire \($0)" }
        let host = SystemSource.hostPins.map { Declaration.text("input wire", $0.0, width: $0.1) }
        let axi = (0..<p.ports).flatMap { index in
            SystemSource.axiPins.map {
                Declaration.text(
                    $0.isOutput ? "output wire" : "input wire", "m\(index)_\($0.name)", width: $0.bits ?? 1)
            }
        }
        return clocks + host + ["output wire done"] + axi
    }

    // MARK: wires and instances

    private func declareWires(_ text: inout TextBuilder) {
        func declare(_ pins: PinTable, _ prefix: String, except: Set<String>) {
            for pin in pins.all where !except.contains(pin.name) {
                text.line(Declaration.text("wire", prefix + pin.name, width: pin.bits) + ";")
            }
            text.blank()
        }
        // Places that a Design shows and nobody needs, as the fetch FIFO's of the ports that fetch nothing.
        text.line("/* verilator lint_off UNUSEDSIGNAL */")
        declare(accelerator, "", except: Set(SystemSource.hostPins.map(\.0) + ["done"]))
        declare(core, "core_", except: [])
        for index in 0..<p.ports { declare(port, "port\(index)_", except: []) }
        text.line("/* verilator lint_on UNUSEDSIGNAL */")
        text.blank()
    }

    private func instances(_ text: inout TextBuilder) {
        func instance(_ module: String, _ name: String, _ pins: PinTable, prefix: String, clock: String) {
            let connections = pins.all.map { ".\($0.name)(\(prefix)\($0.name))" }
            text.list("\(module) \(name) (", [".clk(\(clock)_clk)", ".reset(\(clock)_reset)"] + connections, ");")
            text.blank()
        }
        instance("top", "accelerator", accelerator, prefix: "", clock: "core")
        instance(SystemSource.coreModule, "ports", core, prefix: "core_", clock: "core")
        for index in 0..<p.ports {
            instance(SystemSource.portModule, "port\(index)", port, prefix: "port\(index)_", clock: "port")
        }
    }

    /// The wire at a path of a Design.
    private func core(_ path: String) throws -> String { "core_" + (try core.pin(path).name) }
    private func port(_ index: Int, _ path: String) throws -> String { "port\(index)_" + (try port.pin(path).name) }

    /// The wire of one of the accelerator's nets.
    private func wire(_ net: NetID) throws -> String {
        guard let pin = accelerator.all.first(where: { $0.net == net }) else {
            throw RTLError("\(board.accelerator.design.path(of: net)) is no port of top")
        }
        return pin.name
    }

    private func connectAccelerator(_ text: inout TextBuilder) throws {
        let (memory, host) = (board.accelerator.memory, board.accelerator.ports)
        if try wire(host.done) != "done" { text.line("assign done = \(try wire(host.done));") }
        let requests: [(String, NetID)] = [
            ("fetch_request", memory.fetch.request), ("fetch_address", memory.fetch.address),
            ("read_request", memory.read.request), ("read_address", memory.read.address),
            ("read_length", memory.read.length), ("read_take", memory.read.take),
            ("write_request", memory.write.request), ("write_address", memory.write.address),
            ("write_data", memory.write.data),
        ]
        for (path, net) in requests { text.line("assign \(try core(path)) = \(try wire(net));") }
        if let wide = memory.read.wide { text.line("assign \(try core("read_wide")) = \(try wire(wide));") }
        let answers: [(NetID, String)] = [
            (memory.fetch.ready, "fetch.fetch_ready"), (memory.fetch.valid, "fetched.fetch_valid"),
            (memory.fetch.data, "fetched.fetch_data"), (memory.read.ready, "read.read_ready"),
            (memory.read.valid, "answer.read_valid"), (memory.read.data, "answer.read_data"),
            (memory.write.ready, "write.write_ready"), (memory.write.settled, "write.write_settled"),
        ]
        for (net, path) in answers { text.line("assign \(try wire(net)) = \(try core(path));") }
        text.blank()
    }

    // MARK: a port

    /// The pins of AXI, and the counters that cross.
    private func connectPort(_ index: Int, _ text: inout TextBuilder) throws {
        text.line("// Port \(index): AXI, and the counters that cross.")
        for pin in SystemSource.axiPins {
            let outside = "m\(index)_\(pin.name)"
            switch pin.name {
            case "rready", "bready": text.line("assign \(outside) = 1'b1;")  // room is kept before a burst is asked for
            case "rdata", "wdata", "wstrb": break  // through the FIFOs
            default:
                let inside = try port(index, pin.name)
                text.line(pin.isOutput ? "assign \(outside) = \(inside);" : "assign \(inside) = \(outside);")
            }
        }
        let toPort = [
            ("read_commands_pushed_gray", "port\(index).read_commands_pushed_gray"),
            ("write_commands_pushed_gray", "write.write\(index).write_commands_pushed_gray"),
            ("lines_pushed_gray", "write.write\(index).lines_pushed_gray"),
        ]
        for (pin, path) in toPort { text.line("assign \(try port(index, pin)) = \(try core(path));") }
        var toCore = [
            ("port\(index).read_commands_popped_gray", "read_commands_popped_gray"),
            ("answer.line\(index).data_arrived_gray", "data_arrived_gray"),
        ]
        for name in ["write_commands_popped_gray", "lines_popped_gray", "responses_gray"] {
            toCore.append(("write.write\(index).\(name)", name))
        }
        if index == 0 { toCore.append(("fetched.fetch_arrived_gray", "fetch_arrived_gray")) }
        for (path, pin) in toCore { text.line("assign \(try core(path)) = \(try port(index, pin));") }
        text.blank()
    }

    /// Who writes or reads a memory: clock, enable and place.
    private typealias Side = (clock: String, enable: String?, place: String)

    private func memory(
        _ instance: (name: String, parameters: [String]), write: Side, read: Side, data: (String, String),
        _ text: inout TextBuilder
    ) {
        let isRegistered = read.enable != nil
        let module = isRegistered ? FIFOMemorySource.registered : FIFOMemorySource.combinational
        var pins = [
            ".write_clk(\(write.clock))", ".write_enable(\(write.enable ?? "1'b1"))",
            ".write_address(\(write.place))", ".write_data(\(data.0))",
        ]
        if let enable = read.enable { pins += [".read_clk(\(read.clock))", ".read_enable(\(enable))"] }
        pins += [".read_address(\(read.place))", ".read_data(\(data.1))"]
        text.list(
            "\(module) #(\(instance.parameters.joined(separator: ", "))) \(instance.name) (", pins, ");")
        text.blank()
    }

    /// Commands, and what comes back: a line is as many banks as it has beats of AXI.
    private func readFIFOs(_ index: Int, _ text: inout TextBuilder) throws {
        let command = ["stream", "length", "address"]
        memory(
            ("read_commands\(index)", [".WIDTH(37)"]),
            write: (
                "core_clk", try core("port\(index).read_command_write"),
                try core("port\(index).read_command_write_place")
            ),
            read: ("port_clk", nil, try port(index, "read_command_place")),
            data: (
                concatenation(try command.map { try core("command\(index).read_command_\($0)") }),
                concatenation(try command.map { try port(index, "read_command_\($0)") })
            ), &text)
        let line = try core("answer.line\(index).read_line\(index)")
        let place = try port(index, "data_write_place")
        let bankBits = MemoryPortParameters.bits(p.beatsOfLine)
        let depthBits = MemoryPortParameters.bits(p.lines)
        for bank in 0..<p.beatsOfLine {
            let isMine = bankBits == 0 ? "" : " && \(place)[\(bankBits - 1):0] == \(bankBits)'d\(bank)"
            memory(
                ("read_data\(index)_\(bank)", fifoParameters(depth: p.lines, bits: depthBits, width: 128)),
                write: (
                    "port_clk", (try port(index, "data_write")) + isMine,
                    "\(place)[\(bankBits + depthBits - 1):\(bankBits)]"
                ),
                read: (
                    "core_clk", try core("answer.line\(index).data_read"),
                    try core("answer.line\(index).data_read_place")
                ),
                data: ("m\(index)_rdata", "\(line)[\(128 * bank) +: 128]"), &text)
        }
        guard index == 0 else { return }
        let bits = MemoryPortParameters.bits(PortDepth.fetches)
        memory(
            ("fetched_words", fifoParameters(depth: PortDepth.fetches, bits: bits, width: 128)),
            write: ("port_clk", try port(0, "fetch_write"), try port(0, "fetch_write_place")),
            read: ("core_clk", try core("fetched.fetch_read"), try core("fetched.fetch_read_place")),
            data: ("m0_rdata", try core("fetched.fetch_words")), &text)
    }

    /// Commands, and lines with a strobe for each of the accelerator's beats.
    private func writeFIFOs(_ index: Int, _ text: inout TextBuilder) throws {
        let command = ["length", "address"]
        memory(
            ("write_commands\(index)", [".WIDTH(36)"]),
            write: (
                "core_clk", try core("write.write\(index).write_command_write"),
                try core("write.write\(index).write_command_write_place")
            ),
            read: ("port_clk", nil, try port(index, "write_command_place")),
            data: (
                concatenation(try command.map { try core("write.write_command_\($0)") }),
                concatenation(try command.map { try port(index, "write_command_\($0)") })
            ), &text)
        let (strobes, fields) = (try core("write.write_strobe"), try core("write.write_line"))
        let beatBits = p.beat.fields * p.beat.fieldBytes * 8
        let width = p.writeSlots * (beatBits + 1)
        let lineBits = MemoryPortParameters.bits(p.writeLines)
        text.line(Declaration.bus("wire", "port\(index)_line", bits: width) + ";")
        memory(
            ("write_lines\(index)", fifoParameters(depth: p.writeLines, bits: lineBits, width: width)),
            write: (
                "core_clk", try core("write.write\(index).line_write"),
                try core("write.write\(index).line_write_place")
            ),
            read: ("port_clk", try port(index, "line_read"), try port(index, "line_read_place")),
            data: ("{\(strobes), \(fields)}", "port\(index)_line"), &text)
        beats(index, beatBits: beatBits, &text)
    }

    /// A line's bytes, of which the beat that moves is cut out; bytes of a beat behind its fields are not written.
    private func beats(_ index: Int, beatBits: Int, _ text: inout TextBuilder) {
        let line = "port\(index)_line"
        let rest = p.beat.bytes - beatBits / 8
        let bytes = (0..<p.writeSlots).reversed().map { slot in
            (rest > 0 ? "\(8 * rest)'d0, " : "") + "\(line)[\(slot * beatBits) +: \(beatBits)]"
        }
        let strobes = (0..<p.writeSlots).reversed().map { slot in
            (rest > 0 ? "\(rest)'d0, " : "") + "{\(beatBits / 8){\(line)[\(p.writeSlots * beatBits + slot)]}}"
        }
        text.line("wire [\(8 * p.writeLineBytes - 1):0] port\(index)_line_bytes = {\(bytes.joined(separator: ", "))};")
        text.line("wire [\(p.writeLineBytes - 1):0] port\(index)_line_strobes = {\(strobes.joined(separator: ", "))};")
        let beat = p.beatsOfWriteLine > 1 ? "port\(index)_beat_of_line*" : nil
        text.line("assign m\(index)_wdata = port\(index)_line_bytes" + (beat.map { "[\($0)128 +: 128];" } ?? ";"))
        text.line("assign m\(index)_wstrb = port\(index)_line_strobes" + (beat.map { "[\($0)16 +: 16];" } ?? ";"))
        text.blank()
    }

    private func fifoParameters(depth: Int, bits: Int, width: Int) -> [String] {
        [".DEPTH(\(depth))", ".ADDRESS_BITS(\(bits))", ".WIDTH(\(width))"]
    }

    private func concatenation(_ names: [String]) -> String { "{\(names.joined(separator: ", "))}" }
}
