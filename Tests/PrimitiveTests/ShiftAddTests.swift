import Design
import Fabric
import TestSupport
import Testing

/// Is a product in the carry chain of an addition the product of its meaning, and is it there where that is possible?
@Suite(.serialized) struct ShiftAddTests {
    /// Widths of activation and sum, and whether activations are signed.
    static let shapes = [(a: 16, sum: 32, signed: true), (a: 8, sum: 12, signed: true), (a: 5, sum: 24, signed: false)]

    /// A register of its own for each code and shape, to which the product is added as first or second operand.
    static func design() throws -> Design {
        var builder = DesignBuilder(name: "sums")
        for (number, shape) in shapes.enumerated() {
            let a = builder.input("a\(number)", width: shape.a, signed: shape.signed)
            let rows = builder.inArray("source\(number)", lanes: 6) {
                $0.input("x", width: shape.a, signed: shape.signed)
            }
            for bits in 1...5 {
                let code = builder.input("code\(number)_\(bits)", width: bits)
                let width = shape.a + 1 + PowerOfTwoCode.largestExponent(bits: bits) + (shape.signed ? 0 : 1)
                let name = "\(number)_\(bits)"
                let sum = builder.register("sum\(name)", width: shape.sum, signed: true)
                let product = builder.logic(
                    .powerOfTwoShift, [a, code], width: width, signed: true, name: "product\(name)", parameter: bits)
                let operands: [any Readable] = bits % 2 == 0 ? [product, sum] : [sum, product]
                builder.connect(sum, next: builder.logic(.add, operands, width: shape.sum, signed: true))
                builder.output(sum)
                let lanes = builder.inArray("lanes\(name)", lanes: 3) { builder in
                    let total = builder.register("total", width: shape.sum, signed: true)
                    let mapped = rows.mapped([.init(3, stride: 2)], offset: 1)
                    let scaled = builder.logic(
                        .powerOfTwoShift, [mapped, code], width: width, signed: true, name: "scaled", parameter: bits)
                    builder.connect(total, next: builder.logic(.add, [total, scaled], width: shape.sum, signed: true))
                    return total
                }
                builder.output(lanes)
            }
        }
        return try builder.build()
    }

    @Test(.enabled(if: Tools.hasVerilator, Tools.noVerilator))
    func textEqualsItsMeaning() throws { try RTLHarness.check(try Self.design()) }

    /// Both sums of every shape and code but those of three bits.
    @Test func everyCodeButThree() throws {
        let design = try Self.design()
        let found = design.shiftAdds()
        #expect(found.count == Self.shapes.count * 2 * 4)
        for known in found.values {
            guard case .logic(let shift) = design.cells[known.shift] else { fatalError("no shift") }
            #expect(shift.kind == .powerOfTwoShift && shift.parameter != 3)
        }
    }

    enum Shape: CaseIterable { case plain, read, shown, cut, unsigned, mapped, behindLogic, constantCode }

    /// A product that another cell or the outside reads, that is cut or taken by another lane, a sum of what no register
    /// holds: the product stays by itself.
    @Test(arguments: Shape.allCases) func onlyWholeProductsOfOneReader(_ shape: Shape) throws {
        var builder = DesignBuilder(name: "sum")
        let x = builder.inArray("lane", lanes: 2) { $0.input("x", width: 8, signed: true) }
        let code = builder.input("code", width: 4)
        let outputs = builder.inArray("lane", lanes: 2) { builder in
            let sum = builder.register("sum", width: 24, signed: true)
            let width = shape == .cut ? 14 : 15
            let product = builder.logic(
                .powerOfTwoShift, [x, shape == .constantCode ? 3 : code] as [any Readable], width: width,
                signed: shape != .unsigned, name: "product", parameter: 4)
            let addend = shape == .behindLogic ? builder.logic(.not, [sum], width: 24, signed: true) : sum
            let taken = shape == .mapped ? product.mapped([.init(2, stride: -1)], offset: 1) : product
            builder.connect(sum, next: builder.logic(.add, [addend, taken], width: 24, signed: true))
            if shape == .read { builder.output(builder.register("copy", product)) }
            if shape == .shown { builder.output(product) }
            return sum
        }
        builder.output(outputs)
        let design = try builder.build()
        #expect(design.shiftAdds().count == (shape == .plain ? 1 : 0))
        // 8 + 5 LUT of the shifter, and 16 bits of the sum: the product's 15 and a carry.
        if shape == .plain { #expect(design.resources().lut == 2 * (13 + 24)) }
    }
}
