// A testbench in SystemVerilog for simulators without a C++ harness (Icarus Verilog and any other). It reads the files
// of the harness and keeps its convention (HarnessSource), but for the clock of cycle 0: it is low from the start, since
// the step from unknown to high would be an edge here.

/// Writes bench/bench.sv.
enum TestbenchSource {
    static func file(_ ports: [RTLPort], _ target: SynthesisTarget, hasReset: Bool) -> RTLFile {
        let inputs = ports.filter(\.isInput)
        let outputs = ports.filter { !$0.isInput }
        let inputBytes = inputs.reduce(0) { $0 + $1.bytes }
        let outputBytes = outputs.reduce(0) { $0 + $1.bytes }
        let constants = """
                localparam integer INPUT_BYTES = \(inputBytes);
                localparam integer OUTPUT_BYTES = \(outputBytes);
                localparam integer PERIOD = \(target.picoseconds);

                // Of one cycle: the first byte of a record is the lowest.
                reg [\(width(inputBytes)):0] in = 0;
                wire [\(width(outputBytes)):0] out;
                reg [\(width(outputBytes)):0] expected = 0;

            """
        let connections =
            ["        .clk(clk)"] + (hasReset ? ["        .reset(1'b0)"] : [])
            + places(inputs).map { "        .\($0.name)(in[\($1) +: \($0.bits)])" }
            + places(outputs).map { "        .\($0.name)(out[\($1) +: \($0.bits)])" }
        let unused = places(outputs).filter { $0.0.bits < 8 * $0.0.bytes }.map { port, place in
            "    assign out[\(place + port.bits) +: \(8 * port.bytes - port.bits)] = 0;\n"
        }
        let instance = "    top top (\n\(connections.joined(separator: ",\n"))\n    );\n\(unused.joined())"
        let comparisons = places(outputs).map { port, place in
            let part = "[\(place) +: \(8 * port.bytes)]"
            return """
                            if (out\(part) !== expected\(part) && !failed) begin
                                $display("FAIL: cycle %0d: \(port.name) is %h, expected %h", cycle, out\(part), expected\(part));
                                failed = 1;
                            end

                """
        }
        return RTLFile(
            name: "bench/bench.sv", text: head + constants + instance + before + comparisons.joined() + after)
    }

    /// The highest bit of a record; one of nothing has a byte that nobody reads.
    private static func width(_ bytes: Int) -> Int { 8 * max(1, bytes) - 1 }

    /// Ports with the lowest bit of each in a record.
    private static func places(_ ports: [RTLPort]) -> [(RTLPort, Int)] {
        var place = 0
        return ports.map { port in
            defer { place += 8 * port.bytes }
            return (port, place)
        }
    }

    private static let head = #"""
        // Testbench written by ShiftSim: replays images/stimulus.bin and compares every output of top in every cycle
        // with images/expected.bin. +cycles=N: N cycles, all that the files hold. Its last line is PASS or FAIL.
        `timescale 1ps / 1ps
        `default_nettype none

        module bench;

        """#

    private static let before = #"""

            reg clk = 0;
            reg failed = 0;
            integer stimulus, responses, cycle, cycles, k, byte_read;

            // A record, byte by byte; what is missing fails.
            task read_records;
                begin
                    for (k = 0; k < INPUT_BYTES; k = k + 1) begin
                        byte_read = $fgetc(stimulus);
                        if (byte_read < 0 && !failed) begin
                            $display("FAIL: the stimulus ends before cycle %0d", cycle);
                            failed = 1;
                        end
                        in[8 * k +: 8] = byte_read[7:0];
                    end
                    for (k = 0; k < OUTPUT_BYTES; k = k + 1) begin
                        byte_read = $fgetc(responses);
                        if (byte_read < 0 && !failed) begin
                            $display("FAIL: the expected outputs end before cycle %0d", cycle);
                            failed = 1;
                        end
                        expected[8 * k +: 8] = byte_read[7:0];
                    end
                end
            endtask

            initial begin
                stimulus = $fopen("images/stimulus.bin", "rb");
                responses = $fopen("images/expected.bin", "rb");
                if (stimulus == 0 || responses == 0) begin
                    $display("FAIL: cannot read images/stimulus.bin and images/expected.bin");
                    failed = 1;
                end else if (!$value$plusargs("cycles=%d", cycles) || cycles < 1) begin
                    $display("FAIL: no cycle was compared: +cycles=N");
                    failed = 1;
                end
                for (cycle = 0; !failed && cycle < cycles; cycle = cycle + 1) begin
                    // The edge that starts a cycle samples the inputs of the one before.
                    if (cycle > 0) begin
                        clk = 1;
                        #1;
                    end
                    read_records;
                    #(PERIOD / 2) clk = 0;
                    #(PERIOD - PERIOD / 2 - 1);

        """#

    private static let after = #"""
                end
                if (!failed && $fgetc(responses) >= 0) begin
                    $display("FAIL: the expected outputs go on after %0d cycles", cycles);
                    failed = 1;
                end
                if (!failed) $display("PASS: %0d cycles, every output of top as expected", cycles);
                $finish;
            end
        endmodule

        """#
}
