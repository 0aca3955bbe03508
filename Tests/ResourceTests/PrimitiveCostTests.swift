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

    /// LUT of a sum to which a lane's product is added in one carry chain, three bits wider than the shifted activation.
    static let sums: [(codeBits: Int, activationBits: Int, sumBits: Int, lut: Int)] = [
        (1, 16, 19, 19), (2, 16, 19, 19), (4, 16, 25, 46), (5, 16, 33, 100),
        (1, 8, 11, 11), (2, 8, 11, 11), (4, 8, 17, 30), (5, 8, 25, 54),
    ]

    @Test(.enabled(if: ResourceTests.hasYosys, "Yosys was not found (apt-get install yosys)"), arguments: sums.indices)
    func sumsOfProductsAreTheMeasuredOnes(_ index: Int) throws {
        let row = Self.sums[index]
        #expect(
            row.lut == row.sumBits
                + PrimitiveCost.shifterBeforeAdder(codeBits: row.codeBits, activationBits: row.activationBits))
        var builder = DesignBuilder(name: "lane")
        let a = builder.input("a", width: row.activationBits, signed: true)
        let code = builder.input("code", width: row.codeBits)
        let before = builder.register("earlier", builder.input("y", width: row.sumBits - 1, signed: true))
        let width = row.activationBits + 1 + PowerOfTwoCode.largestExponent(bits: row.codeBits)
        let product = builder.logic(
            .powerOfTwoShift, [a, code], width: width, signed: true, name: "product", parameter: row.codeBits)
        builder.output(builder.logic(.add, [before, product], width: row.sumBits, signed: true, name: "sum"))
        let design = try builder.build()
        let cells = try SynthesisedCells(design)
        #expect(design.resources().lut == row.lut)
        // Within 5 %, or the one LUT that Yosys saves of a chain of 11 or 19 that is a module by itself.
        let difference = abs(row.lut - cells.lut)
        #expect(
            difference <= max(1, cells.lut / 20), "n = \(row.codeBits): \(row.lut) in the table, Yosys \(cells.lut)")
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
