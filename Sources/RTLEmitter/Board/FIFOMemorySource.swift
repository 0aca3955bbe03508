// Memories of FIFOs between two clocks, as text: written with one clock, read with the other. The FIFOs' counters are in
// the Designs of the memory ports; a place is not written again before the reader has said that it is free.

/// The two memory modules that the memory ports' FIFOs are made of.
enum FIFOMemorySource {
    /// Read through an output register: block RAM, or LUT RAM where it is small.
    static let registered = "shiftsim_fifo_memory"
    /// Read without a clock: LUT RAM.
    static let combinational = "shiftsim_command_memory"

    static var files: [RTLFile] {
        [
            RTLFile(name: "rtl/board/\(registered).sv", text: registeredText),
            RTLFile(name: "rtl/board/\(combinational).sv", text: combinationalText),
        ]
    }

    private static let registeredText = #"""
        // The memory of a FIFO between two clocks: written with one, read with the other through an output register.
        // A place is written again only after the reader has said that it is free (Gray counters in memory_ports and
        // memory_port), so that no place is read and written at once.
        `default_nettype none

        module shiftsim_fifo_memory #(
            parameter integer DEPTH = 512,
            parameter integer ADDRESS_BITS = 9,
            parameter integer WIDTH = 128
        ) (
            input wire write_clk,
            input wire write_enable,
            input wire [ADDRESS_BITS-1:0] write_address,
            input wire [WIDTH-1:0] write_data,
            input wire read_clk,
            input wire read_enable,
            input wire [ADDRESS_BITS-1:0] read_address,
            output wire [WIDTH-1:0] read_data
        );
            reg [WIDTH-1:0] memory [0:DEPTH-1];
            reg [WIDTH-1:0] latch;
            integer k;
            initial begin
                for (k = 0; k < DEPTH; k = k + 1) memory[k] = {WIDTH{1'b0}};
                latch = {WIDTH{1'b0}};
            end
            always @(posedge write_clk) if (write_enable) memory[write_address] <= write_data;
            always @(posedge read_clk) if (read_enable) latch <= memory[read_address];
            assign read_data = latch;
        endmodule

        `default_nettype wire

        """#

    private static let combinationalText = #"""
        // The memory of a FIFO of commands between two clocks: LUT RAM, written with a clock and read without one. What is
        // read was written at least two of the reader's edges before it is looked at.
        `default_nettype none

        module shiftsim_command_memory #(
            parameter integer WIDTH = 37
        ) (
            input wire write_clk,
            input wire write_enable,
            input wire [3:0] write_address,
            input wire [WIDTH-1:0] write_data,
            input wire [3:0] read_address,
            output wire [WIDTH-1:0] read_data
        );
            (* ram_style = "distributed" *) reg [WIDTH-1:0] memory [0:15];
            integer k;
            initial for (k = 0; k < 16; k = k + 1) memory[k] = {WIDTH{1'b0}};
            always @(posedge write_clk) if (write_enable) memory[write_address] <= write_data;
            assign read_data = memory[read_address];
        endmodule

        `default_nettype wire

        """#
}
