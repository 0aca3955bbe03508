// Own simulation models of the vendor primitives that emitted designs instantiate. Written from UG579 and UG573; no
// vendor code. Each model says what it leaves out and refuses parameter values that it does not model.

/// The files under models/.
enum VendorModels {
    static var files: [RTLFile] {
        [
            RTLFile(name: "models/DSP48E2.sv", text: dsp48e2),
            RTLFile(name: "models/RAMB36E2.sv", text: blockRAM(ramb36)),
            RTLFile(name: "models/RAMB18E2.sv", text: blockRAM(ramb18)),
        ]
    }

    private static let dsp48e2 = #"""
        // Simulation model of DSP48E2 (UG579): P = M + C + PCIN + P, each as OPMODE says, with M = A[26:0] * B; one A, C, M
        // and P register each, one or two B registers.
        // Not modelled: pre-adder, A and B cascades, SIMD, pattern detector, wide XOR, other OPMODE, ALUMODE and INMODE
        // values, other register depths, carries.
        `default_nettype none
        // Pins and parameters that are not modelled are the primitive's all the same.
        /* verilator lint_off UNUSEDSIGNAL */
        /* verilator lint_off UNUSEDPARAM */

        module DSP48E2 #(
            parameter AMULTSEL = "A",
            parameter BMULTSEL = "B",
            parameter USE_MULT = "MULTIPLY",
            parameter USE_SIMD = "ONE48",
            parameter integer AREG = 1,
            parameter integer ACASCREG = 1,
            parameter integer BREG = 1,
            parameter integer BCASCREG = 1,
            parameter integer CREG = 1,
            parameter integer MREG = 1,
            parameter integer PREG = 1,
            parameter integer ADREG = 1,
            parameter integer DREG = 1,
            parameter integer INMODEREG = 1,
            parameter integer OPMODEREG = 1,
            parameter integer ALUMODEREG = 1,
            parameter integer CARRYINREG = 1,
            parameter integer CARRYINSELREG = 1
        ) (
            input wire CLK,
            input wire [29:0] A,
            input wire [17:0] B,
            input wire [47:0] C,
            input wire [26:0] D,
            input wire [29:0] ACIN,
            input wire [17:0] BCIN,
            input wire [47:0] PCIN,
            input wire [3:0] ALUMODE,
            input wire [4:0] INMODE,
            input wire [8:0] OPMODE,
            input wire [2:0] CARRYINSEL,
            input wire CARRYIN,
            input wire CARRYCASCIN,
            input wire MULTSIGNIN,
            input wire CEA1,
            input wire CEA2,
            input wire CEB1,
            input wire CEB2,
            input wire CEC,
            input wire CED,
            input wire CEAD,
            input wire CEM,
            input wire CEP,
            input wire CEALUMODE,
            input wire CECARRYIN,
            input wire CECTRL,
            input wire CEINMODE,
            input wire RSTA,
            input wire RSTB,
            input wire RSTC,
            input wire RSTD,
            input wire RSTM,
            input wire RSTP,
            input wire RSTALLCARRYIN,
            input wire RSTALUMODE,
            input wire RSTCTRL,
            input wire RSTINMODE,
            output reg signed [47:0] P,
            output wire [47:0] PCOUT
        );
            reg signed [26:0] A_REG;
            reg signed [17:0] B1_REG;
            reg signed [17:0] B_REG;
            reg signed [44:0] M_REG;
            reg signed [47:0] C_REG;
            initial begin
                A_REG = 27'd0;
                B1_REG = 18'd0;
                B_REG = 18'd0;
                M_REG = 45'd0;
                C_REG = 48'd0;
                P = 48'd0;
            end
            wire [44:0] product = {{18{A_REG[26]}}, A_REG} * {{27{B_REG[17]}}, B_REG};
            wire [47:0] m = (OPMODE[1:0] == 2'b01) ? {{3{M_REG[44]}}, M_REG} : 48'd0;
            wire [47:0] c = (OPMODE[6:4] == 3'b011 || OPMODE[3:2] == 2'b11 || OPMODE[8:7] == 2'b11) ? C_REG : 48'd0;
            wire [47:0] z = (OPMODE[6:4] == 3'b001) ? PCIN : 48'd0;
            wire [47:0] w = (OPMODE[8:7] == 2'b01) ? P : 48'd0;
            assign PCOUT = P;

            always @(posedge CLK) begin
                if (RSTA) A_REG <= 27'd0;
                else if (CEA2) A_REG <= A[26:0];
                if (RSTB) B1_REG <= 18'd0;
                else if (CEB1) B1_REG <= B;
                if (RSTB) B_REG <= 18'd0;
                else if (CEB2) B_REG <= (BREG == 2) ? B1_REG : B;
                if (RSTC) C_REG <= 48'd0;
                else if (CEC) C_REG <= C;
                if (RSTM) M_REG <= 45'd0;
                else if (CEM) M_REG <= product;
                if (RSTP) P <= 48'd0;
                else if (CEP) P <= m + c + z + w;
            end

        `ifndef YOSYS
            initial begin
                if (AREG != 1 || CREG != 1 || PREG != 1)
                    $error("DSP48E2 model: AREG, CREG and PREG must be 1");
                if ((BREG != 1 && BREG != 2) || MREG != ((USE_MULT == "NONE") ? 0 : 1))
                    $error("DSP48E2 model: BREG must be 1 or 2, MREG 1 with and 0 without the multiplier");
                if (INMODEREG != 0 || OPMODEREG != 0 || ALUMODEREG != 0)
                    $error("DSP48E2 model: INMODEREG, OPMODEREG and ALUMODEREG must be 0");
                if (AMULTSEL != "A" || BMULTSEL != "B" || USE_SIMD != "ONE48")
                    $error("DSP48E2 model: only A * B in one 48-bit word");
            end
            always @(posedge CLK) begin
                if (ALUMODE != 4'd0 || INMODE != 5'd0 || CARRYINSEL != 3'd0 || CARRYIN)
                    $error("DSP48E2 model: ALUMODE, INMODE and carry must be 0");
                case (OPMODE)
                    9'b00_000_01_01, 9'b00_011_01_01, 9'b00_001_01_01, 9'b11_001_01_01,
                    9'b00_011_00_00, 9'b00_001_11_00, 9'b01_000_01_01, 9'b01_011_01_01, 9'b01_001_01_01,
                    9'b01_011_00_00, 9'b01_001_11_00: ;
                    default: $error("DSP48E2 model: OPMODE %b is not modelled", OPMODE);
                endcase
            end
        `endif
        endmodule

        /* verilator lint_on UNUSEDPARAM */
        /* verilator lint_on UNUSEDSIGNAL */
        `default_nettype wire

        """#
}
