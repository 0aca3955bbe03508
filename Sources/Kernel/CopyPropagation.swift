import Design
import Fabric

// Vector copies (the low bits of a register that needs no truncation) are read from their source by logic and DSPs.

extension Design {
    /// The same Design for a simulation in which nobody looks at logic nets: vector copies are read past.
    /// Returns also the copies that nothing reads any more.
    func withoutCopies() -> (design: Design, unread: Set<Int>) {
        var source: [NetID: (cell: Int, operand: NetID)] = [:]
        for (index, cell) in cells.enumerated() {
            guard case .logic(let logic) = cell, logic.kind == .slice, logic.parameter == 0,
                case .net(let id, nil) = logic.operands[0]
            else { continue }
            let (copy, original) = (self[logic.output], self[id])
            guard copy.lanes > 1, copy.lanes == original.lanes, copy.signed, original.signed,
                copy.width >= original.significantBits
            else { continue }
            source[logic.output] = (index, id)
        }
        var result = self
        var read = Set(outputs)
        for index in cells.indices {
            if case .logic(var logic) = cells[index] {
                // A pack takes the width of its pieces from its operand; a laneSelect's index is a scalar.
                let rewritten =
                    logic.kind == .pack ? [] : logic.kind == .laneSelect ? [0] : Array(logic.operands.indices)
                for position in rewritten {
                    let operand = logic.operands[position]
                    if case .net(let id, let map) = operand, let original = source[id]?.operand {
                        logic.operands[position] = .net(original, map)
                    }
                }
                result.cells[index] = .logic(logic)
            }
            if case .dsp(var dsp) = cells[index], case .net(let id, let map) = dsp.c, let original = source[id]?.operand
            {
                dsp.c = .net(original, map)
                result.cells[index] = .dsp(dsp)
            }
            read.formUnion(result.cells[index].operands.compactMap { $0.netID })
        }
        return (result, Set(source.filter { !read.contains($0.key) }.map { $0.value.cell }))
    }
}
