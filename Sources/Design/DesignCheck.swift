// What a Design must be: one driver per net, legal widths, no combinational loop, and no cell that one of its readings
// does not model (CellCheck.swift). An elaborator that fails has a defect; a user never sees these messages from a
// shipped config.

/// A broken rule.
public struct DesignError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The path of the net or cell, and what is wrong with it.
    public var description: String
}

extension Design {
    /// Throws a `DesignError` for the first broken rule. A Design that passes means the same to the kernel, in the emitted
    /// text and in the scalar meaning of its primitives; what one of them does not model is refused.
    public func validate() throws {
        do {
            try check()
        } catch {
            // An error says names.
            if nets.contains(where: { $0.name.isEmpty }) { try named.check() }
            throw error
        }
    }

    private func check() throws {
        try checkNets()
        try checkDrivers()
        let check = CellCheck(self)
        for cell in cells { try check.check(cell) }
        _ = try combinationalOrder()
    }

    private func checkNets() throws {
        var paths: Set<String> = []
        let inMultipliers = Set(cells.flatMap { $0.kind == .dsp48e2 ? $0.outputs : [] })
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
            guard net.significantBits == net.width || inMultipliers.contains(NetID(index)) else {
                throw DesignError(description: "\(path): fewer significant bits than bits outside a DSP48E2")
            }
            guard net.name.isEmpty || paths.insert(path).inserted else {
                throw DesignError(description: "\(path): declared twice")
            }
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

    /// Indices of logic cells, each after the cells it reads; throws a `DesignError` when there is a combinational loop.
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
