// The C++ main of a co-simulation: drives `top` of an emitted design from a stimulus file.
//
// Convention, shared with ShiftSim's kernel and its traces:
// - Cycle t takes the time from t * period to (t + 1) * period; it starts with the rising edge of clk. clk is high in
//   the first half and low in the second. Cycle 0 starts with the power-up values: time 0 is no edge.
// - The inputs of cycle t change just after the edge that starts cycle t: that edge still samples those of t - 1.
// - Responses are sampled at the end of cycle t, before the next edge.
// - A record of the stimulus (response) file is one cycle: all inputs (outputs) of top in the order of
//   RTLEmitter.ports, each in ceil(bits / 8) bytes, least significant first, lane 0 lowest, unused bits 0.

/// Writes bench/main.cpp.
enum HarnessSource {
    static func file(_ ports: [RTLPort], hasReset: Bool) -> RTLFile {
        let inputs = ports.filter(\.isInput)
        let outputs = ports.filter { !$0.isInput }
        let loads = inputs.map { "    load(top.\($0.name), p, \($0.bytes));" }.joined(separator: "\n")
        let stores = outputs.map { "    store(top.\($0.name), p, \($0.bytes));" }.joined(separator: "\n")
        let names = outputs.map { "    {\"\($0.name)\", \($0.bytes)},\n" }.joined()
        let constants = """
            // In the order of a record.
            const std::vector<Port> outputs = {
            \(names)};
            constexpr std::size_t inputBytes = \(inputs.reduce(0) { $0 + $1.bytes });
            constexpr std::size_t outputBytes = \(outputs.reduce(0) { $0 + $1.bytes });

            void drive(Vtop& top, const std::uint8_t* p) {
            \(loads)
                \(hasReset ? "top.reset = 0;" : "(void)top;")
                (void)p;
            }

            void sample(const Vtop& top, std::uint8_t* p) {
            \(stores)
                (void)top;
                (void)p;
            }

            """
        return RTLFile(name: "bench/main.cpp", text: head + constants + main)
    }

    /// Functions that take a port's value from a record; both harnesses have them.
    static let loading = """
        template <typename T>
        void load(T& port, const std::uint8_t*& p, std::size_t bytes) {
            port = 0;
            std::memcpy(&port, p, bytes);
            p += bytes;
        }

        template <std::size_t N>
        void load(VlWide<N>& port, const std::uint8_t*& p, std::size_t bytes) {
            std::memcpy(port.data(), p, bytes);
            p += bytes;
        }
        """

    private static let head = #"""
        // Co-simulation harness written by ShiftSim: Vtop STIMULUS RESPONSE CYCLES PERIOD [VCD [EXPECTED]]
        // STIMULUS, RESPONSE and EXPECTED hold one record per cycle; "-" for RESPONSE or VCD writes none. Inputs change
        // just after the rising edge that starts their cycle; outputs are sampled at the end of the cycle. With EXPECTED
        // the run ends with PASS, or with FAIL and status 1 at the first cycle that differs.
        #include <ctime>
        #include <cstdint>
        #include <cstdio>
        #include <cstdlib>
        #include <cstring>
        #include <memory>
        #include <string>
        #include <vector>

        #include "Vtop.h"
        #include "verilated.h"
        #if VM_TRACE
        #include "verilated_vcd_c.h"
        #endif

        namespace {

        struct Port {
            const char* name;
            std::size_t bytes;
        };

        \#(loading)

        template <typename T>
        void store(const T& port, std::uint8_t*& p, std::size_t bytes) {
            std::memcpy(p, &port, bytes);
            p += bytes;
        }

        template <std::size_t N>
        void store(const VlWide<N>& port, std::uint8_t*& p, std::size_t bytes) {
            std::memcpy(p, port.data(), bytes);
            p += bytes;
        }


        """#

    private static let main = #"""
        class Trace {
        public:
            Trace(Vtop& top, const char* path) {
        #if VM_TRACE
                if (!path) return;
                vcd = std::make_unique<VerilatedVcdC>();
                top.trace(vcd.get(), 99);
                vcd->open(path);
        #else
                (void)top;
                if (path) std::fprintf(stderr, "this model was built without tracing\n");
        #endif
            }
            bool on() const {
        #if VM_TRACE
                return vcd != nullptr;
        #else
                return false;
        #endif
            }
            void dump(std::uint64_t time) {
        #if VM_TRACE
                vcd->dump(time);
        #else
                (void)time;
        #endif
            }
            void close() {
        #if VM_TRACE
                if (vcd) vcd->close();
        #endif
            }

        private:
        #if VM_TRACE
            std::unique_ptr<VerilatedVcdC> vcd;
        #endif
        };

        void printHex(const std::uint8_t* p, std::size_t bytes) {
            for (std::size_t k = bytes; k > 0; --k) std::printf("%02x", p[k - 1]);
        }

        // What each cycle should give.
        class Expected {
        public:
            explicit Expected(const char* path) : file(path ? std::fopen(path, "rb") : nullptr) {
                if (path && !file) fail("cannot read %s", path);
            }
            bool failed() const { return hasFailed; }
            void compare(std::uint64_t cycle, const std::vector<std::uint8_t>& out) {
                if (!file) return;
                std::vector<std::uint8_t> want(out.size());
                if (outputBytes && std::fread(want.data(), outputBytes, 1, file) != 1) {
                    fail("the expected outputs end before cycle %s", std::to_string(cycle).c_str());
                    return;
                }
                std::size_t place = 0;
                for (const Port& port : outputs) {
                    if (std::memcmp(&out[place], &want[place], port.bytes) != 0) {
                        std::printf("FAIL: cycle %llu: %s is ", (unsigned long long)cycle, port.name);
                        printHex(&out[place], port.bytes);
                        std::printf(", expected ");
                        printHex(&want[place], port.bytes);
                        std::printf("\n");
                        hasFailed = true;
                        return;
                    }
                    place += port.bytes;
                }
            }
            void finish(std::uint64_t cycles) {
                if (!file || hasFailed) return;
                if (cycles == 0) {
                    fail("no cycle was compared%s", "");
                } else if (std::fgetc(file) != EOF) {
                    fail("the expected outputs go on after %s cycles", std::to_string(cycles).c_str());
                } else {
                    std::printf("PASS: %llu cycles, every output of top as expected\n", (unsigned long long)cycles);
                }
            }

        private:
            void fail(const char* format, const char* what) {
                std::printf("FAIL: ");
                std::printf(format, what);
                std::printf("\n");
                hasFailed = true;
            }
            std::FILE* file;
            bool hasFailed = false;
        };

        }  // namespace

        int main(int argc, char** argv) {
            if (argc < 5) {
                std::fprintf(stderr, "usage: Vtop STIMULUS RESPONSE CYCLES PERIOD [VCD [EXPECTED]]\n");
                return 2;
            }
            const std::uint64_t cycles = std::strtoull(argv[3], nullptr, 10);
            const std::uint64_t period = std::strtoull(argv[4], nullptr, 10);
            const char* vcdPath = argc > 5 && std::strcmp(argv[5], "-") != 0 ? argv[5] : nullptr;
            Expected expected(argc > 6 ? argv[6] : nullptr);
            std::FILE* stimulus = std::fopen(argv[1], "rb");
            std::FILE* response = std::strcmp(argv[2], "-") != 0 ? std::fopen(argv[2], "wb") : nullptr;
            if (!stimulus) {
                std::fprintf(stderr, "cannot read %s\n", argv[1]);
                return 3;
            }

            VerilatedContext context;
            context.traceEverOn(vcdPath != nullptr);
            Vtop top(&context, "");
            Trace trace(top, vcdPath);
            std::vector<std::uint8_t> in(inputBytes + 8), out(outputBytes + 8);
            std::uint64_t hash = 0xcbf29ce484222325ull;
            const std::clock_t start = std::clock();
            for (std::uint64_t cycle = 0; cycle < cycles && !expected.failed(); ++cycle) {
                if (inputBytes && std::fread(in.data(), inputBytes, 1, stimulus) != 1) {
                    std::fprintf(stderr, "the stimulus ends before cycle %llu\n", (unsigned long long)cycle);
                    return 3;
                }
                // The edge samples the old inputs. Before the first evaluation clk = 1 is a level, not an edge.
                top.clk = 1;
                if (cycle > 0) top.eval();
                drive(top, in.data());
                if (trace.on()) {
                    top.eval();
                    trace.dump(cycle * period);
                }
                if (cycle == 0) top.eval();
                top.clk = 0;
                top.eval();
                if (trace.on()) trace.dump(cycle * period + period / 2);
                sample(top, out.data());
                for (std::size_t k = 0; k < outputBytes; ++k) hash = (hash ^ out[k]) * 0x100000001b3ull;
                if (response && outputBytes && std::fwrite(out.data(), outputBytes, 1, response) != 1) {
                    std::fprintf(stderr, "cannot write %s\n", argv[2]);
                    return 3;
                }
                expected.compare(cycle, out);
            }
            const double seconds = double(std::clock() - start) / CLOCKS_PER_SEC;
            if (trace.on()) trace.dump(cycles * period);
            trace.close();
            top.final();
            if (response) std::fclose(response);
            std::fclose(stimulus);
            std::printf("cycles %llu\nseconds %.6f\nhash %016llx\n", (unsigned long long)cycles, seconds,
                        (unsigned long long)hash);
            expected.finish(cycles);
            return expected.failed() ? 1 : 0;
        }

        """#
}
