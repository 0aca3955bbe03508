// RAMB36E2 and RAMB18E2 differ in sizes only, so one text serves both.

extension VendorModels {
    /// What differs between the two block RAMs.
    struct BlockRAMSizes {
        var name: String
        /// Bits of the array, parity included, for the widest (simple dual port) word.
        var wideWords: Int
        var wideWidth: Int
        var addressBits: Int
        /// Bits of one data port and of its parity.
        var data: Int
        var parity: Int
        /// Pins that only this primitive has.
        var extraInputs: [(name: String, bits: Int)]
    }

    static let ramb36 = BlockRAMSizes(
        name: "RAMB36E2", wideWords: 512, wideWidth: 72, addressBits: 15, data: 32, parity: 4,
        extraInputs: [
            ("ECCPIPECE", 1), ("INJECTDBITERR", 1), ("INJECTSBITERR", 1), ("CASINDBITERR", 1), ("CASINSBITERR", 1),
        ])
    static let ramb18 = BlockRAMSizes(
        name: "RAMB18E2", wideWords: 512, wideWidth: 36, addressBits: 14, data: 16, parity: 2, extraInputs: [])

    /// The model's text.
    static func blockRAM(_ sizes: BlockRAMSizes) -> String {
        header(sizes) + portList(sizes) + body(sizes)
    }

    private static func header(_ sizes: BlockRAMSizes) -> String {
        """
        // Simulation model of \(sizes.name) (UG573): port A reads, port B writes, READ_FIRST, optional output register.
        // READ_WIDTH_A = WRITE_WIDTH_B; \(sizes.wideWidth) is the simple dual port mode over both data ports.
        // Not modelled: reading port B, writing port A, byte write enables (any bit writes the word), cascade, ECC,
        // sleep, resets, initial contents (0), two clocks, other write modes.
        `default_nettype none
        // Pins and parameters that are not modelled are the primitive's all the same.
        /* verilator lint_off UNUSEDSIGNAL */
        /* verilator lint_off UNUSEDPARAM */

        module \(sizes.name) #(
            parameter CLOCK_DOMAINS = "INDEPENDENT",
            parameter integer READ_WIDTH_A = 0,
            parameter integer WRITE_WIDTH_B = 0,
            parameter integer READ_WIDTH_B = 0,
            parameter integer WRITE_WIDTH_A = 0,
            parameter integer DOA_REG = 1,
            parameter integer DOB_REG = 1,
            parameter WRITE_MODE_A = "NO_CHANGE",
            parameter WRITE_MODE_B = "NO_CHANGE"
        ) (

        """
    }

    private static func portList(_ sizes: BlockRAMSizes) -> String {
        let address = sizes.addressBits
        let (data, parity) = (sizes.data, sizes.parity)
        let single = [
            "CLKARDCLK", "CLKBWRCLK", "ENARDEN", "ENBWREN", "REGCEAREGCE", "REGCEB", "RSTRAMARSTRAM", "RSTRAMB",
            "RSTREGARSTREG", "RSTREGB", "ADDRENA", "ADDRENB", "SLEEP", "CASDIMUXA", "CASDIMUXB", "CASDOMUXA",
            "CASDOMUXB", "CASDOMUXEN_A", "CASDOMUXEN_B", "CASOREGIMUXA", "CASOREGIMUXB", "CASOREGIMUXEN_A",
            "CASOREGIMUXEN_B",
        ]
        let wide = [
            ("ADDRARDADDR", address), ("ADDRBWRADDR", address), ("DINADIN", data), ("DINBDIN", data),
            ("DINPADINP", parity), ("DINPBDINP", parity), ("CASDINA", data), ("CASDINB", data),
            ("CASDINPA", parity), ("CASDINPB", parity), ("WEA", parity), ("WEBWE", 2 * parity),
        ]
        let outputs = [("DOUTADOUT", data), ("DOUTBDOUT", data), ("DOUTPADOUTP", parity), ("DOUTPBDOUTP", parity)]
        let inputs = single.map { ($0, 1) } + wide + sizes.extraInputs.map { ($0.name, $0.bits) }
        var lines = inputs.map { "    input " + Declaration.text("wire", $0.0, width: $0.1) }
        lines += outputs.map { "    output " + Declaration.text("wire", $0.0, width: $0.1) }
        return lines.joined(separator: ",\n") + "\n);\n"
    }

    private static func body(_ sizes: BlockRAMSizes) -> String {
        let (wide, data, parity) = (sizes.wideWidth, sizes.data, sizes.parity)
        return """
                localparam integer WIDTH = (READ_WIDTH_A == 0) ? \(wide) : READ_WIDTH_A;
                localparam integer DATA = (WIDTH >= 9) ? WIDTH / 9 * 8 : WIDTH;
                localparam integer WORDS = \(sizes.wideWords) * \(2 * data) / DATA;
                localparam integer LOW = \(sizes.addressBits) - $clog2(WORDS);
                reg [WIDTH-1:0] memory [0:WORDS-1];
                reg [WIDTH-1:0] latch;
                reg [WIDTH-1:0] register;
                wire [WIDTH-1:0] word;
                wire [WIDTH-1:0] q = (DOA_REG != 0) ? register : latch;
                integer k;
                initial latch = {WIDTH{1'b0}};
                initial register = {WIDTH{1'b0}};
                initial for (k = 0; k < WORDS; k = k + 1) memory[k] = {WIDTH{1'b0}};

                always @(posedge CLKARDCLK) begin
                    if (ENARDEN) latch <= memory[ADDRARDADDR[\(sizes.addressBits - 1):LOW]];
                    if (REGCEAREGCE) register <= latch;
                    if (ENBWREN && (|WEBWE)) memory[ADDRBWRADDR[\(sizes.addressBits - 1):LOW]] <= word;
                end

                if (WIDTH == \(wide)) begin : simple_dual_port
                    assign word = {DINPBDINP, DINPADINP, DINBDIN, DINADIN};
                    assign {DOUTPBDOUTP, DOUTPADOUTP, DOUTBDOUT, DOUTADOUT} = q;
                end
                else begin : one_port
                    assign DOUTBDOUT = \(data)'d0;
                    assign DOUTPBDOUTP = \(parity)'d0;
                    assign word[DATA-1:0] = DINBDIN[DATA-1:0];
                    for (genvar i = 0; i < \(data); i = i + 1) begin : data_pins
                        if (i < DATA) begin : used
                            assign DOUTADOUT[i] = q[i];
                        end
                        else begin : idle
                            assign DOUTADOUT[i] = 1'b0;
                        end
                    end
                    for (genvar i = 0; i < \(parity); i = i + 1) begin : parity_pins
                        if (i < WIDTH - DATA) begin : used
                            assign word[DATA + i] = DINPBDINP[i];
                            assign DOUTPADOUTP[i] = q[DATA + i];
                        end
                        else begin : idle
                            assign DOUTPADOUTP[i] = 1'b0;
                        end
                    end
                end

            `ifndef YOSYS
                initial begin
                    if (READ_WIDTH_A == 0 || READ_WIDTH_A != WRITE_WIDTH_B || READ_WIDTH_B != 0 || WRITE_WIDTH_A != 0)
                        $error("\(sizes.name) model: port A must read and port B write words of one width");
                    if (WRITE_MODE_B != "READ_FIRST" || CLOCK_DOMAINS != "COMMON")
                        $error("\(sizes.name) model: only READ_FIRST with a common clock");
                end
            `endif
            endmodule

            /* verilator lint_on UNUSEDPARAM */
            /* verilator lint_on UNUSEDSIGNAL */
            `default_nettype wire

            """
    }
}
