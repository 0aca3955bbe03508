import Design
import Fabric

// Steps of scalar logic.

extension PlanBuilder {
    func isScalar(_ cell: LogicCell) -> Bool {
        let movesLanes = [.pack, .unpack, .laneSelect].contains(cell.kind)
        return design[cell.output].lanes == 1 && !movesLanes && readsScalarsOnly(cell)
    }

    /// The cell as `a != 0 ? b : c` with an a of one bit and without truncation, which most control logic is.
    private func choice(_ cell: LogicCell) -> (a: Operand, b: Operand, c: Operand)? {
        let net = design[cell.output]
        func fits(_ operand: Operand) -> Bool {
            switch operand {
            case .constant(let value):
                return LogicMeaning.canonical(value, width: net.width, signed: net.signed) == value
            case .laneIndex: return false
            case .net(let id, _):
                let source = design[id]
                return source.signed == net.signed
                    ? source.width <= net.width : net.signed && source.width < net.width
            }
        }
        func isBit(_ operand: Operand) -> Bool {
            if case .constant(let value) = operand { return value == 0 || value == 1 }
            return operand.netID.map { design[$0].width == 1 && !design[$0].signed } ?? false
        }
        let operands = cell.operands
        switch cell.kind {
        case .multiplex where isBit(operands[0]) && fits(operands[1]) && fits(operands[2]):
            return (operands[0], operands[1], operands[2])
        case .slice where cell.parameter == 0 && fits(operands[0]):
            return (.constant(1), operands[0], operands[0])
        case .and where !net.signed && isBit(operands[0]) && isBit(operands[1]):
            return (operands[0], operands[1], .constant(0))
        case .or where !net.signed && isBit(operands[0]) && isBit(operands[1]):
            return (operands[0], .constant(1), operands[1])
        case .xor where net.width == 1 && !net.signed && isBit(operands[0]) && operands[1] == .constant(1):
            return (operands[0], .constant(0), .constant(1))
        default: return nil
        }
    }

    private func readsScalarsOnly(_ cell: LogicCell) -> Bool {
        cell.operands.allSatisfy { operand in
            guard case .net(let id, _) = operand else { return true }
            return Element(design[id]) == .int64
        }
    }

    mutating func scalarStep(_ cell: LogicCell, _ net: Net) -> ScalarStep {
        var operands = cell.operands
        // A signed bit is 0 or -1: it needs the truncation that comparisons otherwise leave out.
        var operation = ScalarStep.Operation.any
        if let (a, b, c) = choice(cell) {
            operands = [a, b, c]
            operation = .choose
        } else if !(net.signed && net.width == 1) {
            operation = ScalarStep.Operation(cell.kind)
        }
        let zero = UnsafePointer(storage.zero.assumingMemoryBound(to: Int64.self))
        let pointers = operands.map { scalar($0, fallback: 0) }
        return ScalarStep(
            operation: operation, kind: cell.kind, unused: net.signed ? UInt8(64 - net.width) : 0,
            parameter: UInt8(cell.parameter),
            width: UInt8(net.width),
            destination: storage.places[cell.output.index].pointer.assumingMemoryBound(to: Int64.self),
            a: pointers[0], b: pointers.count > 1 ? pointers[1] : zero, c: pointers.count > 2 ? pointers[2] : zero,
            mask: net.signed ? -1 : (Int64(1) << Int64(net.width)) - 1)
    }
}
