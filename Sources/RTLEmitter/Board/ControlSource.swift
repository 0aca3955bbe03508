// shiftsim_control: the registers by which a processor starts the accelerator, behind an AXI4-Lite slave.

/// The module `shiftsim_control`.
enum ControlSource {
    static let module = "shiftsim_control"

    static var file: RTLFile { RTLFile(name: "rtl/board/\(module).sv", text: head + slave + registers) }

    private static let head = #"""
        // Control registers of the accelerator behind an AXI4-Lite slave of 32 bits, in the accelerator's clock.
        //
        //  00 CONTROL      bit 0: write 1 to start; reads 1 while the program runs
        //                  bit 1: the program has ended; write 1 to clear, a start clears it, too
        //                  bit 2, 3: a read, a write burst was answered with an error since reset
        //  04 INTERRUPT    bit 0: `irq` is high while CONTROL bit 1 is set
        //  08 ID           read only
        //  10 LOAD, 14 COMPUTE, 18 STORE: byte addresses of the engines' instructions, counted from the base
        //  20 BASE         bits 31 to 12 of the memory's address; 24 BASE_HIGH: bits 39 to 32
        //  28 CYCLES, 2C CYCLES_HIGH: cycles of the accelerator's clock from the start of the last program to its end
        //
        // A write to another address, a start while a program runs and a change of LOAD to BASE_HIGH while a program runs
        // are answered with SLVERR and change nothing.
        `default_nettype none

        module shiftsim_control (
            input wire clk,
            input wire reset,
            // AXI4-Lite
            input wire awvalid,
            output wire awready,
            // Registers are words: the lowest bits of an address say nothing.
            /* verilator lint_off UNUSEDSIGNAL */
            input wire [5:0] awaddr,
            input wire wvalid,
            output wire wready,
            input wire [31:0] wdata,
            input wire [3:0] wstrb,
            output reg bvalid,
            input wire bready,
            output reg [1:0] bresp,
            input wire arvalid,
            output wire arready,
            input wire [5:0] araddr,
            output reg rvalid,
            input wire rready,
            output reg [31:0] rdata,
            output reg [1:0] rresp,
            /* verilator lint_on UNUSEDSIGNAL */
            // The accelerator
            output reg start,
            output wire [31:0] load_program,
            output wire [31:0] compute_program,
            output wire [31:0] store_program,
            output wire [39:12] base,
            input wire done,
            input wire read_error,
            input wire write_error,
            output wire irq
        );

        """#

    private static let slave = #"""
            localparam [1:0] OKAY = 2'b00;
            localparam [1:0] SLVERR = 2'b10;

            reg has_address;
            initial has_address = 1'b0;
            reg has_data;
            initial has_data = 1'b0;
            reg [3:0] write_place;
            initial write_place = 4'd0;
            reg [31:0] write_word;
            initial write_word = 32'd0;
            reg [3:0] write_bytes;
            initial write_bytes = 4'd0;
            wire writes = has_address && has_data && !bvalid;
            reg running;
            initial running = 1'b0;
            reg ended;
            initial ended = 1'b0;
            reg interrupt_enable;
            initial interrupt_enable = 1'b0;
            reg [31:0] program_address [0:2];
            reg [31:12] base_low;
            initial base_low = 20'd0;
            reg [7:0] base_high;
            initial base_high = 8'd0;
            reg [63:0] cycles;
            initial cycles = 64'd0;
            wire is_program = write_place >= 4'd4 && write_place <= 4'd6;
            wire is_base = write_place == 4'd8 || write_place == 4'd9;
            wire is_known = write_place <= 4'd1 || is_program || is_base;
            wire starts = write_place == 4'd0 && write_bytes[0] && write_word[0];
            wire is_refused = running && (starts || is_program || is_base);
            wire accepted = writes && is_known && !is_refused;

            // AW and W come in any order; each is kept until the other is there and the last response is taken.
            assign awready = !has_address && !reset;
            assign wready = !has_data && !reset;
            initial bvalid = 1'b0;
            initial bresp = OKAY;
            initial rvalid = 1'b0;
            initial rresp = OKAY;
            initial rdata = 32'd0;
            initial start = 1'b0;

            always @(posedge clk) begin
                if (awvalid && awready) begin
                    has_address <= 1'b1;
                    write_place <= awaddr[5:2];
                end
                if (wvalid && wready) begin
                    has_data <= 1'b1;
                    write_word <= wdata;
                    write_bytes <= wstrb;
                end
                if (writes) begin
                    has_address <= 1'b0;
                    has_data <= 1'b0;
                    bvalid <= 1'b1;
                    bresp <= (is_known && !is_refused) ? OKAY : SLVERR;
                end
                if (bvalid && bready) bvalid <= 1'b0;
                if (reset) begin
                    has_address <= 1'b0;
                    has_data <= 1'b0;
                    bvalid <= 1'b0;
                end
            end

        """#

    private static let registers = #"""
            // What is written.
            initial begin
                program_address[0] = 32'd0;
                program_address[1] = 32'd0;
                program_address[2] = 32'd0;
            end

            assign load_program = program_address[0];
            assign compute_program = program_address[1];
            assign store_program = program_address[2];
            assign base = {base_high, base_low};
            assign irq = ended && interrupt_enable;

            // The word as it is after a write: bytes without strobe stay.
            function automatic [31:0] written(input [31:0] old, input [31:0] word, input [3:0] bytes);
                written = {
                    bytes[3] ? word[31:24] : old[31:24], bytes[2] ? word[23:16] : old[23:16],
                    bytes[1] ? word[15:8] : old[15:8], bytes[0] ? word[7:0] : old[7:0]
                };
            endfunction

            /* verilator lint_off UNUSEDSIGNAL */  // the base is that of a page
            wire [31:0] new_base = written({base_low, 12'd0}, write_word, write_bytes);
            /* verilator lint_on UNUSEDSIGNAL */
            always @(posedge clk) begin
                start <= accepted && starts;
                if (accepted && write_place == 4'd0 && write_bytes[0] && write_word[1]) ended <= 1'b0;
                if (accepted && write_place == 4'd1 && write_bytes[0]) interrupt_enable <= write_word[0];
                if (accepted && is_program) begin
                    program_address[write_place[1:0]] <=
                        written(program_address[write_place[1:0]], write_word, write_bytes);
                end
                if (accepted && write_place == 4'd8) base_low <= new_base[31:12];
                if (accepted && write_place == 4'd9 && write_bytes[0]) base_high <= write_word[7:0];
                // `done` of an earlier program falls at the edge behind `start`.
                if (accepted && starts) begin
                    running <= 1'b1;
                    ended <= 1'b0;
                    cycles <= 64'd0;
                end else if (running) begin
                    cycles <= cycles + 64'd1;
                    if (done && !start) begin
                        running <= 1'b0;
                        ended <= 1'b1;
                    end
                end
                if (reset) begin
                    start <= 1'b0;
                    running <= 1'b0;
                    ended <= 1'b0;
                    interrupt_enable <= 1'b0;
                end
            end

            // What is read.
            assign arready = !rvalid && !reset;
            always @(posedge clk) begin
                if (rvalid && rready) rvalid <= 1'b0;
                if (arvalid && arready) begin
                    rvalid <= 1'b1;
                    rresp <= OKAY;
                    case (araddr[5:2])
                        4'd0: rdata <= {28'd0, write_error, read_error, ended, running};
                        4'd1: rdata <= {31'd0, interrupt_enable};
                        4'd2: rdata <= 32'h53480001;
                        4'd4: rdata <= program_address[0];
                        4'd5: rdata <= program_address[1];
                        4'd6: rdata <= program_address[2];
                        4'd8: rdata <= {base_low, 12'd0};
                        4'd9: rdata <= {24'd0, base_high};
                        4'd10: rdata <= cycles[31:0];
                        4'd11: rdata <= cycles[63:32];
                        default: begin
                            rdata <= 32'd0;
                            rresp <= SLVERR;
                        end
                    endcase
                end
                if (reset) rvalid <= 1'b0;
            end
        endmodule

        `default_nettype wire

        """#
}
