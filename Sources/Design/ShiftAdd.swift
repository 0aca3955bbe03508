// A shift lane and the adder behind it as one carry chain: sum + (magnitude ^ sign) + sign. The adder's LUTs take the last
// level of the shifter and the sign's exclusive or, and the chain's carry-in completes the negation, so that the product
// costs the first levels of its shifter alone. Text and resources ask here which additions are such, and the net of the
// product, which only whoever looks at it still needs, is not synthesized. docs/internals/ShiftLanes.md has the costs.

import Fabric

/// An addition whose second operand is the product of a shift lane.
public struct ShiftAdd: Sendable {
    /// Position of the shift's cell in `Design.cells`.
    public var shift: Int
    /// Which operand of the addition is the product.
    public var operand: Int

    /// Whether codes of so many bits gain: with three the magnitude, its sign and the sum have seven inputs a bit, which
    /// no LUT before a carry chain has.
    public static func gains(codeBits: Int) -> Bool { codeBits != 3 }

    /// Bits of the product before its sign: the shifted activation, in two's complement.
    public static func magnitudeBits(activationBits: Int, codeBits: Int) -> Int {
        activationBits + PowerOfTwoCode.largestExponent(bits: codeBits)
    }
}

extension Design {
    /// The additions that take a product into their carry chain, by the net of their sum. The product has no other
    /// reader and is not cut, and the other operand leaves a register: one chain lies between two registers.
    public func shiftAdds() -> [NetID: ShiftAdd] {
        var driver: [Int?] = Array(repeating: nil, count: nets.count)
        var readers = Array(repeating: 0, count: nets.count)
        for (index, cell) in cells.enumerated() {
            for id in cell.outputs { driver[id.index] = index }
            cell.forEachNet { readers[$0.index] += 1 }
        }
        for id in outputs { readers[id.index] += 1 }
        var result: [NetID: ShiftAdd] = [:]
        for case .logic(let cell) in cells where cell.kind == .add {
            for operand in 0..<2 {
                guard case .net(let id, nil) = cell.operands[operand], readers[id.index] == 1,
                    isBeside(id, cell.output), let shift = driver[id.index], isWhole(shift),
                    case .net(let other, _) = cell.operands[1 - operand], let source = driver[other.index],
                    !cells[source].kind.isLogic
                else { continue }
                result[cell.output] = ShiftAdd(shift: shift, operand: operand)
                break
            }
        }
        return result
    }

    /// Whether two nets are in one module and one instance array, lane for lane.
    private func isBeside(_ a: NetID, _ b: NetID) -> Bool {
        self[a].scope == self[b].scope && self[a].array == self[b].array && self[a].lanes == self[b].lanes
    }

    /// Whether a cell is the product of a net and a code, in all its bits.
    private func isWhole(_ index: Int) -> Bool {
        guard case .logic(let cell) = cells[index], cell.kind == .powerOfTwoShift, self[cell.output].signed,
            ShiftAdd.gains(codeBits: cell.parameter), let x = cell.operands[0].netID, cell.operands[1].netID != nil
        else { return false }
        let bits = self[x].width + (self[x].signed ? 0 : 1)
        return self[cell.output].width > ShiftAdd.magnitudeBits(activationBits: bits, codeBits: cell.parameter)
    }
}
