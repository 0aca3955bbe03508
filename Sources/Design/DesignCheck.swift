// Structural checks: a Design that passes has one driver per net, legal widths and lane maps, and no combinational
// loop. An elaborator that fails them has a defect; a user never sees these messages from a shipped config.

/// A broken structural rule.
public struct DesignError: Error, Sendable, Equatable, CustomStringConvertible {
    public var description: String
}

extension Design {
    /// Throws the first broken rule.
    public func validate() throws {
        try checkNets()
        try checkDrivers()
        for cell in cells { try check(cell) }
        _ = try combinationalOrder()
    }

    private func checkNets() throws {
        var paths: Set<String> = []
        for (index, net) in nets.enumerated() {
            let path = path(of: NetID(index))
            guard (1...62).contains(net.width) else {
                throw DesignError(description: "\(path): width \(net.width) is not in 1...62")
            }
            guard net.lanes >= 1, net.lanes == 1 || net.array != nil else {
                throw DesignError(description: "\(path): \(net.lanes) lanes without an instance array")
            }
            guard (1...net.width).contains(net.significantBits) else {
                throw DesignError(description: "\(path): \(net.significantBits) significant bits of \(net.width)")
            }
            guard paths.insert(path).inserted else { throw DesignError(description: "\(path): declared twice") }
        }
    }

    private func checkDrivers() throws {
        var drivers = [Int](repeating: 0, count: nets.count)
        for id in inputs { drivers[id.index] += 1 }
        for cell in cells { for id in cell.outputs { drivers[id.index] += 1 } }
        for (index, count) in drivers.enumerated() where count != 1 {
            throw DesignError(description: "\(path(of: NetID(index))): \(count) drivers")
        }
    }

    private func check(_ cell: Cell) throws {
        let output = nets[cell.outputs[0].index]
        let path = path(of: cell.outputs[0])
        if case .logic(let logic) = cell { try check(logic, path) }
        for operand in cell.operands {
            guard case .net(let id, let map) = operand else { continue }
            let lanes = nets[id.index].lanes
            switch cell.kind {
            case .unpack, .pack:
                guard map == nil else { throw DesignError(description: "\(path): \(cell.kind) takes no lane map") }
                continue
            case .laneSelect: continue
            default: break
            }
            if let map {
                for lane in 0..<output.lanes {
                    if let source = map.source(of: lane), !(0..<lanes).contains(source) {
                        throw DesignError(description: "\(path): lane \(lane) reads lane \(source) of \(lanes)")
                    }
                }
            } else if lanes != 1 && lanes < output.lanes {
                throw DesignError(description: "\(path): \(output.lanes) lanes read \(lanes) without a map")
            }
        }
    }

    private func check(_ logic: LogicCell, _ path: String) throws {
        switch logic.kind {
        case .powerOfTwoShift:
            guard let code = logic.operands[1].netID else { return }
            guard nets[code.index].width <= logic.parameter else {
                throw DesignError(
                    description: "\(path): codes of \(nets[code.index].width) bits, not \(logic.parameter)")
            }
        case .laneSelect:
            guard case .net(_, let map?) = logic.operands[0] else { return }
            guard map.dimensions.allSatisfy({ $0.limit == nil }) else {
                throw DesignError(description: "\(path): laneSelect takes no lane map with a limit")
            }
        default: return
        }
    }

    /// Indices of logic cells, each after the cells it reads; throws when there is a combinational loop.
    public func combinationalOrder() throws -> [Int] {
        var driver = [Int](repeating: -1, count: nets.count)
        for (index, cell) in cells.enumerated() {
            if case .logic(let logic) = cell { driver[logic.output.index] = index }
        }
        var state = [UInt8](repeating: 0, count: cells.count)
        var order: [Int] = []
        for start in cells.indices where state[start] == 0 {
            guard case .logic = cells[start] else { continue }
            var stack = [(cell: start, next: 0)]
            state[start] = 1
            while let top = stack.last {
                let operands = cells[top.cell].operands
                if top.next == operands.count {
                    state[top.cell] = 2
                    order.append(top.cell)
                    stack.removeLast()
                    continue
                }
                stack[stack.count - 1].next += 1
                guard let id = operands[top.next].netID else { continue }
                let source = driver[id.index]
                guard source >= 0 else { continue }
                if state[source] == 1 {
                    throw DesignError(description: "combinational loop through \(path(of: id))")
                }
                if state[source] == 0 {
                    state[source] = 1
                    stack.append((source, 0))
                }
            }
        }
        return order
    }
}
