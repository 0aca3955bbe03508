import Accelerator

// The C++ main of a co-simulation of shiftsim_system: both clocks in the order of their edges, inputs from a file.
//
// Convention, shared with the kernel's side (Cosimulation/Ports):
// - Time is in quarters of an edge's distance: the core's clock has a period of 4 * portKHz / g units, the ports' one of
//   4 * coreKHz / g, g their greatest common divisor. Core edge k is at k periods, core edge 0 is none (power-up); port
//   edge e is at e periods, edge 0 too.
// - A record of the stimulus is an instant: a byte of flags (1: an edge of the core's clock, 2: of the ports'), 8 bytes of
//   time, lowest first, and all inputs as they are from just after that instant on.
// - The first record, at time 0 with flag 2, is preceded by one with flags 0: the inputs before the edges at time 0.

/// Writes bench/system.cpp.
struct SystemHarnessSource {
    private let ports: Int

    init(_ board: BoardDesign) { ports = board.ports.parameters.ports }

    /// Inputs of a record with their bytes, in order: the host's, then each port's.
    static func inputs(ports: Int) -> [(name: String, bits: Int)] {
        SystemSource.hostPins.map { ($0.0, $0.1) }
            + (0..<ports).flatMap { port in
                SystemSource.axiPins.filter { !$0.isOutput }.map { ("m\(port)_\($0.name)", $0.bits ?? 1) }
            }
    }

    var file: RTLFile {
        let inputs = SystemHarnessSource.inputs(ports: ports)
        let loads = inputs.map { "    load(top.\($0.name), p, \(($0.bits + 7) / 8));" }.joined(separator: "\n")
        let bytes = inputs.reduce(0) { $0 + ($1.bits + 7) / 8 }
        let constants = """
            constexpr std::size_t inputBytes = \(bytes);

            void drive(Vsystem& top, const std::uint8_t* p) {
            \(loads)
            }

            """
        return RTLFile(name: "bench/system.cpp", text: Self.head + constants + Self.main)
    }

    private static let head = #"""
        // Co-simulation harness of shiftsim_system, written by ShiftSim: Vsystem STIMULUS VCD
        // STIMULUS: records of 1 byte of flags (1: core_clk rises, 2: port_clk rises), 8 bytes of time and all inputs, which
        // change just after the edge.
        #include <cstdint>
        #include <cstdio>
        #include <cstring>
        #include <vector>

        #include "Vsystem.h"
        #include "verilated.h"
        #include "verilated_vcd_c.h"

        namespace {

        \#(HarnessSource.loading)


        """#

    private static let main = #"""

        }  // namespace

        int main(int argc, char** argv) {
            if (argc != 3) {
                std::fprintf(stderr, "usage: Vsystem STIMULUS VCD\n");
                return 2;
            }
            std::FILE* stimulus = std::fopen(argv[1], "rb");
            if (!stimulus) {
                std::fprintf(stderr, "cannot read %s\n", argv[1]);
                return 3;
            }
            VerilatedContext context;
            context.traceEverOn(true);
            Vsystem top(&context, "");
            VerilatedVcdC vcd;
            top.trace(&vcd, 99);
            vcd.open(argv[2]);
            std::vector<std::uint8_t> record(9 + inputBytes);
            std::uint64_t time = 0;
            bool started = false;
            while (std::size_t count = std::fread(record.data(), 1, record.size(), stimulus)) {
                if (count != record.size()) {
                    std::fprintf(stderr, "the stimulus ends in a record\n");
                    return 3;
                }
                if (started) {
                    // Clocks fall a unit after their edge: nothing else happens then.
                    top.core_clk = 0;
                    top.port_clk = 0;
                    top.eval();
                    vcd.dump(time + 1);
                }
                std::memcpy(&time, &record[1], 8);
                // The edges sample the inputs as they were.
                if (record[0] & 1) top.core_clk = 1;
                if (record[0] & 2) top.port_clk = 1;
                top.eval();
                drive(top, &record[9]);
                top.eval();
                if (record[0]) {
                    vcd.dump(time);
                    started = true;
                }
            }
            vcd.dump(time + 2);
            vcd.close();
            top.final();
            std::fclose(stimulus);
            return 0;
        }

        """#
}
