// The C++ main of a CXXRTL model. Arguments, files, output and clock are those of HarnessSource.

import RTLEmitter

/// Writes main.cpp, which includes top.cc.
enum CXXRTLHarness {
    static let name = "main.cpp"

    static func file(_ ports: [RTLPort]) -> RTLFile {
        func table(_ name: String, _ ports: [RTLPort]) -> String {
            let rows = ports.map { "    {\"top \($0.name)\", \($0.bytes)},\n" }.joined()
            return "const std::vector<Port> \(name) = {\n\(rows)};\n"
        }
        let tables = table("inputs", ports.filter(\.isInput)) + table("outputs", ports.filter { !$0.isInput })
        return RTLFile(name: name, text: head + tables + main)
    }

    private static let head = #"""
        // Co-simulation harness written by ShiftSim: model STIMULUS RESPONSE CYCLES PERIOD [VCD]
        // STIMULUS and RESPONSE hold one record per cycle; "-" for RESPONSE writes none. Inputs change just after the
        // rising edge that starts their cycle; outputs are sampled at the end of the cycle.
        #include "top.cc"

        #include <backends/cxxrtl/cxxrtl_vcd.h>

        #include <cstdio>
        #include <cstdlib>
        #include <cstring>
        #include <ctime>

        struct Port {
            const char* name;
            std::size_t bytes;
        };


        """#

    private static let main = #"""

        int main(int argc, char** argv) {
            if (argc < 5) {
                std::fprintf(stderr, "usage: model STIMULUS RESPONSE CYCLES PERIOD [VCD]\n");
                return 2;
            }
            const std::uint64_t cycles = std::strtoull(argv[3], nullptr, 10);
            const std::uint64_t period = std::strtoull(argv[4], nullptr, 10);
            std::FILE* stimulus = std::fopen(argv[1], "rb");
            std::FILE* response = std::strcmp(argv[2], "-") != 0 ? std::fopen(argv[2], "wb") : nullptr;
            std::FILE* vcd = argc > 5 ? std::fopen(argv[5], "wb") : nullptr;
            if (!stimulus || (argc > 5 && !vcd)) {
                std::fprintf(stderr, "cannot open the stimulus or the VCD\n");
                return 3;
            }

            cxxrtl_design::p_top top;
            cxxrtl::debug_items items;
            top.debug_info(items, "top ");
            cxxrtl::vcd_writer trace;
            trace.timescale(1, "ps");
            if (vcd) trace.add_without_memories(items);
            auto dump = [&](std::uint64_t time) {
                if (!vcd) return;
                trace.sample(time);
                std::fwrite(trace.buffer.data(), 1, trace.buffer.size(), vcd);
                trace.buffer.clear();
            };
            auto& clk = *items.at("top clk").curr;
            std::uint64_t hash = 0xcbf29ce484222325ull;
            const std::clock_t start = std::clock();
            for (std::uint64_t cycle = 0; cycle < cycles; ++cycle) {
                // The edge samples the old inputs. Cycle 0 has none: its step sees clk low, its trace shows it high.
                if (cycle > 0) {
                    clk = 1;
                    top.step();
                }
                for (const Port& port : inputs) {
                    if (std::fread(items.at(port.name).curr, 1, port.bytes, stimulus) != port.bytes) {
                        std::fprintf(stderr, "the stimulus ends before cycle %llu\n", (unsigned long long)cycle);
                        return 3;
                    }
                }
                top.step();
                clk = 1;
                dump(cycle * period);
                clk = 0;
                top.step();
                dump(cycle * period + period / 2);
                for (const Port& port : outputs) {
                    const auto* bytes = reinterpret_cast<const std::uint8_t*>(items.at(port.name).curr);
                    for (std::size_t k = 0; k < port.bytes; ++k) hash = (hash ^ bytes[k]) * 0x100000001b3ull;
                    if (response && std::fwrite(bytes, 1, port.bytes, response) != port.bytes) {
                        std::fprintf(stderr, "cannot write %s\n", argv[2]);
                        return 3;
                    }
                }
            }
            const double seconds = double(std::clock() - start) / CLOCKS_PER_SEC;
            dump(cycles * period);
            if (vcd) std::fclose(vcd);
            if (response) std::fclose(response);
            std::fclose(stimulus);
            std::printf("cycles %llu\nseconds %.6f\nhash %016llx\n", (unsigned long long)cycles, seconds,
                        (unsigned long long)hash);
            return 0;
        }

        """#
}
