// shiftsim_block_memory: a simple dual port memory laid over RAMB36E2 and RAMB18E2 by Fabric's BlockMemoryShape.

/// The one memory module that every emitted memory instantiates.
enum BlockMemorySource {
    static let module = "shiftsim_block_memory"

    static var file: RTLFile { RTLFile(name: "rtl/\(module).sv", text: text) }

    private static let text = #"""
        // Simple dual port memory of block RAMs (UG573): port A reads, port B writes, one clock, READ_FIRST.
        // Layout as ShiftSim's BlockMemoryShape: whole RAMB36E2 and, where the rest fits, one RAMB18E2.
        // With SHIFTSIM_BEHAVIOURAL_MEMORY defined the same function without primitives.
        `default_nettype none

        module shiftsim_block_memory #(
            parameter integer DEPTH = 512,
            parameter integer ADDRESS_BITS = 9,
            parameter integer WIDTH = 72,
            parameter integer OUTPUT_REGISTER = 0
        ) (
            input wire clk,
            input wire write_enable,
            input wire [ADDRESS_BITS-1:0] write_address,
            input wire [WIDTH-1:0] write_data,
            input wire read_enable,
            input wire [ADDRESS_BITS-1:0] read_address,
            input wire output_enable,
            output wire [WIDTH-1:0] read_data
        );
        `ifdef SHIFTSIM_BEHAVIOURAL_MEMORY
            reg [WIDTH-1:0] memory [0:(1 << ADDRESS_BITS)-1];
            reg [WIDTH-1:0] latch;
            integer k;
            initial latch = {WIDTH{1'b0}};
            initial for (k = 0; k < (1 << ADDRESS_BITS); k = k + 1) memory[k] = {WIDTH{1'b0}};
            always @(posedge clk) begin
                if (read_enable) latch <= memory[read_address];
                if (write_enable) memory[write_address] <= write_data;
            end
            if (OUTPUT_REGISTER != 0) begin : registered
                reg [WIDTH-1:0] q;
                initial q = {WIDTH{1'b0}};
                always @(posedge clk) if (output_enable) q <= latch;
                assign read_data = q;
            end
            else begin : latched
                assign read_data = latch;
            end
        `else
            // The sizes and pins of both block RAMs are worked out whichever the memory takes, and a word need not fill
            // them: what the other one, or the rest of the last one, would take is not read.
            /* verilator lint_off UNUSEDSIGNAL */
            /* verilator lint_off UNUSEDPARAM */
            localparam integer WIDTH36 = (DEPTH <= 512) ? 72 : (DEPTH <= 1024) ? 36 : (DEPTH <= 2048) ? 18
                : (DEPTH <= 4096) ? 9 : (DEPTH <= 8192) ? 4 : (DEPTH <= 16384) ? 2 : 1;
            localparam integer WIDTH18 = (DEPTH <= 512) ? 36 : (DEPTH <= 1024) ? 18 : (DEPTH <= 2048) ? 9
                : (DEPTH <= 4096) ? 4 : (DEPTH <= 8192) ? 2 : (DEPTH <= 16384) ? 1 : 0;
            localparam integer LOW36 = (DEPTH <= 512) ? 6 : (DEPTH <= 1024) ? 5 : (DEPTH <= 2048) ? 4
                : (DEPTH <= 4096) ? 3 : (DEPTH <= 8192) ? 2 : (DEPTH <= 16384) ? 1 : 0;
            localparam integer LOW18 = (DEPTH <= 512) ? 5 : (DEPTH <= 1024) ? 4 : (DEPTH <= 2048) ? 3
                : (DEPTH <= 4096) ? 2 : (DEPTH <= 8192) ? 1 : 0;
            localparam integer REST = WIDTH % WIDTH36;
            localparam integer COUNT18 = (REST > 0 && REST <= WIDTH18) ? 1 : 0;
            localparam integer COUNT36 = WIDTH / WIDTH36 + ((REST > WIDTH18) ? 1 : 0);
            localparam integer PADDED = COUNT36 * WIDTH36 + COUNT18 * WIDTH18;
            // Bits of a word on the data pins; the others are on the parity pins.
            localparam integer DATA36 = (WIDTH36 >= 9) ? WIDTH36 / 9 * 8 : WIDTH36;
            localparam integer DATA18 = (WIDTH18 >= 9) ? WIDTH18 / 9 * 8 : (WIDTH18 == 0) ? 1 : WIDTH18;

            wire [PADDED:0] write_word = {{(PADDED + 1 - WIDTH){1'b0}}, write_data};
            wire [PADDED:0] read_word;
            assign read_word[PADDED] = 1'b0;
            assign read_data = read_word[WIDTH-1:0];
            wire [15:0] write_index = {{(16 - ADDRESS_BITS){1'b0}}, write_address};
            wire [15:0] read_index = {{(16 - ADDRESS_BITS){1'b0}}, read_address};
            wire [15:0] write_pin36 = write_index << LOW36;
            wire [15:0] read_pin36 = read_index << LOW36;
            wire [15:0] write_pin18 = write_index << LOW18;
            wire [15:0] read_pin18 = read_index << LOW18;

            for (genvar g = 0; g < COUNT36; g = g + 1) begin : ramb36
                wire [64:0] data = {{(65 - DATA36){1'b0}}, write_word[g*WIDTH36 +: DATA36]};
                wire [8:0] parity;
                wire [63:0] q;
                wire [7:0] qp;
                assign read_word[g*WIDTH36 +: DATA36] = q[DATA36-1:0];
                if (WIDTH36 > DATA36) begin : with_parity
                    assign parity = {{(9 - WIDTH36 + DATA36){1'b0}},
                        write_word[g*WIDTH36 + DATA36 +: WIDTH36 - DATA36]};
                    assign read_word[g*WIDTH36 + DATA36 +: WIDTH36 - DATA36] = qp[WIDTH36-DATA36-1:0];
                end
                else begin : without_parity
                    assign parity = 9'd0;
                end
                RAMB36E2 #(
                    .CLOCK_DOMAINS("COMMON"), .READ_WIDTH_A(WIDTH36), .WRITE_WIDTH_B(WIDTH36), .READ_WIDTH_B(0),
                    .WRITE_WIDTH_A(0), .DOA_REG(OUTPUT_REGISTER), .DOB_REG(OUTPUT_REGISTER),
                    .WRITE_MODE_A("READ_FIRST"), .WRITE_MODE_B("READ_FIRST")
                ) ram (
                    .CLKARDCLK(clk), .ENARDEN(read_enable), .REGCEAREGCE(output_enable),
                    .ADDRARDADDR(read_pin36[14:0]), .DOUTADOUT(q[31:0]), .DOUTBDOUT(q[63:32]),
                    .DOUTPADOUTP(qp[3:0]), .DOUTPBDOUTP(qp[7:4]),
                    .CLKBWRCLK(clk), .ENBWREN(write_enable), .WEBWE({8{write_enable}}),
                    .ADDRBWRADDR(write_pin36[14:0]),
                    .DINADIN((WIDTH36 == 72) ? data[31:0] : 32'd0),
                    .DINBDIN((WIDTH36 == 72) ? data[63:32] : data[31:0]),
                    .DINPADINP((WIDTH36 == 72) ? parity[3:0] : 4'd0),
                    .DINPBDINP((WIDTH36 == 72) ? parity[7:4] : parity[3:0]),
                    .WEA(4'd0), .REGCEB(1'b0), .RSTRAMARSTRAM(1'b0), .RSTRAMB(1'b0), .RSTREGARSTREG(1'b0),
                    .RSTREGB(1'b0), .ADDRENA(1'b1), .ADDRENB(1'b1), .SLEEP(1'b0), .ECCPIPECE(1'b0),
                    .INJECTDBITERR(1'b0), .INJECTSBITERR(1'b0), .CASDIMUXA(1'b0), .CASDIMUXB(1'b0),
                    .CASDINA(32'd0), .CASDINB(32'd0), .CASDINPA(4'd0), .CASDINPB(4'd0), .CASDOMUXA(1'b0),
                    .CASDOMUXB(1'b0), .CASDOMUXEN_A(1'b1), .CASDOMUXEN_B(1'b1), .CASINDBITERR(1'b0),
                    .CASINSBITERR(1'b0), .CASOREGIMUXA(1'b0), .CASOREGIMUXB(1'b0), .CASOREGIMUXEN_A(1'b1),
                    .CASOREGIMUXEN_B(1'b1)
                );
            end

            for (genvar g = 0; g < COUNT18; g = g + 1) begin : ramb18
                wire [32:0] data = {{(33 - DATA18){1'b0}}, write_word[COUNT36*WIDTH36 +: DATA18]};
                wire [4:0] parity;
                wire [31:0] q;
                wire [3:0] qp;
                assign read_word[COUNT36*WIDTH36 +: DATA18] = q[DATA18-1:0];
                if (WIDTH18 > DATA18) begin : with_parity
                    assign parity = {{(5 - WIDTH18 + DATA18){1'b0}},
                        write_word[COUNT36*WIDTH36 + DATA18 +: WIDTH18 - DATA18]};
                    assign read_word[COUNT36*WIDTH36 + DATA18 +: WIDTH18 - DATA18] = qp[WIDTH18-DATA18-1:0];
                end
                else begin : without_parity
                    assign parity = 5'd0;
                end
                RAMB18E2 #(
                    .CLOCK_DOMAINS("COMMON"), .READ_WIDTH_A(WIDTH18), .WRITE_WIDTH_B(WIDTH18), .READ_WIDTH_B(0),
                    .WRITE_WIDTH_A(0), .DOA_REG(OUTPUT_REGISTER), .DOB_REG(OUTPUT_REGISTER),
                    .WRITE_MODE_A("READ_FIRST"), .WRITE_MODE_B("READ_FIRST")
                ) ram (
                    .CLKARDCLK(clk), .ENARDEN(read_enable), .REGCEAREGCE(output_enable),
                    .ADDRARDADDR(read_pin18[13:0]), .DOUTADOUT(q[15:0]), .DOUTBDOUT(q[31:16]),
                    .DOUTPADOUTP(qp[1:0]), .DOUTPBDOUTP(qp[3:2]),
                    .CLKBWRCLK(clk), .ENBWREN(write_enable), .WEBWE({4{write_enable}}),
                    .ADDRBWRADDR(write_pin18[13:0]),
                    .DINADIN((WIDTH18 == 36) ? data[15:0] : 16'd0),
                    .DINBDIN((WIDTH18 == 36) ? data[31:16] : data[15:0]),
                    .DINPADINP((WIDTH18 == 36) ? parity[1:0] : 2'd0),
                    .DINPBDINP((WIDTH18 == 36) ? parity[3:2] : parity[1:0]),
                    .WEA(2'd0), .REGCEB(1'b0), .RSTRAMARSTRAM(1'b0), .RSTRAMB(1'b0), .RSTREGARSTREG(1'b0),
                    .RSTREGB(1'b0), .ADDRENA(1'b1), .ADDRENB(1'b1), .SLEEP(1'b0), .CASDIMUXA(1'b0),
                    .CASDIMUXB(1'b0), .CASDINA(16'd0), .CASDINB(16'd0), .CASDINPA(2'd0), .CASDINPB(2'd0),
                    .CASDOMUXA(1'b0), .CASDOMUXB(1'b0), .CASDOMUXEN_A(1'b1), .CASDOMUXEN_B(1'b1),
                    .CASOREGIMUXA(1'b0), .CASOREGIMUXB(1'b0), .CASOREGIMUXEN_A(1'b1), .CASOREGIMUXEN_B(1'b1)
                );
            end
            /* verilator lint_on UNUSEDPARAM */
            /* verilator lint_on UNUSEDSIGNAL */
        `endif
        endmodule

        `default_nettype wire

        """#
}
