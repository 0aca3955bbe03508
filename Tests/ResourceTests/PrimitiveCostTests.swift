import Design
import Fabric
import TestSupport
import Testing

/// Is each measured row of the cost table what Yosys counts for that primitive alone?
@Suite(.serialized) struct PrimitiveCostTests {
    /// LUT of one SVPE lane with 16-bit activations. Source: Yosys 0.23, `synth_xilinx -family xcup`; docs/sources.md.
    static let lanes: [(codeBits: Int, resultBits: Int, lut: Int)] = [
        (1, 17, 17), (2, 17, 16), (3, 19, 18), (4, 23, 41), (5, 31, 81),
    ]

    @Test func rowsAreTheMeasuredOnes() {
        for row in Self.lanes {
            let lut = PrimitiveCost.powerOfTwoShift(codeBits: row.codeBits, resultBits: row.resultBits)
            #expect(lut == row.lut, "n = \(row.codeBits)")
        }
    }

    /// Within 5 %, for another version of Yosys; n = 1 alone takes two LUT less than in a lane.
    @Test(.enabled(if: ResourceTests.hasYosys, "Yosys was not found (apt-get install yosys)"), arguments: 1...5)
    func rowsAgreeWithYosys(codeBits: Int) throws {
        let row = Self.lanes[codeBits - 1]
        var builder = DesignBuilder(name: "lane")
        let a = builder.input("a", width: 16, signed: true)
        let code = builder.input("code", width: codeBits)
        builder.output(
            builder.logic(
                .powerOfTwoShift, [a, code], width: row.resultBits, signed: true, name: "product", parameter: codeBits))
        let design = try builder.build()
        let cells = try SynthesisedCells(design)
        let counted = PrimitiveCost.powerOfTwoShift(codeBits: codeBits, resultBits: row.resultBits)
        let error = abs(Double(counted - cells.lut)) / Double(cells.lut)
        #expect(error <= (codeBits == 1 ? 0.15 : 0.05), "n = \(codeBits): \(counted) in the table, Yosys \(cells.lut)")
    }
}
