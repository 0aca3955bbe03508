// Which registers run in place: wide products, and the sums and copies behind them, as far as their rows are whole vectors
// and nothing is cut. Any other register is a unit of its own and reads the rows that these hand out.

import Design

/// Finds the stages among the units of a data path.
struct StagePlanner {
    private let parts: DataPathParts
    private let graph: DataGraph
    /// Position of the unit that computes a node.
    private var position: [Int: Int] = [:]

    init(_ parts: DataPathParts) {
        (self.parts, graph) = (parts, parts.graph)
        for (index, nodes) in parts.unitNodes.enumerated() {
            for node in nodes { position[node] = index }
        }
    }

    /// The units with the stages as one of them, and the nets of the stages; nil where there are none.
    func plan(level: Int32) -> (units: [RowUnit], nets: Set<Int>)? {
        let members = findMembers()
        guard let last = members.keys.max() else { return nil }
        // By the nodes that the stages take the place of.
        let nodes = Set(members.values.flatMap { [$0.node, parts.fused[$0.node], $0.product?.node].compactMap { $0 } })
        let replaced = Set(nodes.compactMap { position[$0] })
        let between = (replaced.min()!...last).filter { !replaced.contains($0) }
        // All that stages read must be there before the last of them, and all that reads them come behind it.
        let areApart = between.allSatisfy { unit in
            parts.unitNodes[unit].allSatisfy { nodes.isDisjoint(with: parts.sources(of: $0)) }
        }
        guard areApart else { return nil }
        let stages = members.sorted { $0.key > $1.key }.compactMap { unit, form in
            (parts.units[unit] as? RegisterUnit).map { register in
                stage(form, register, isRead: !nodes.isSuperset(of: parts.readers[form.output]))
            }
        }
        var units: [RowUnit] = []
        for (index, unit) in parts.units.enumerated() {
            if index == last { units.append(StageUnit(stages, parts.nets, level: level)) }
            if !replaced.contains(index) { units.append(unit) }
        }
        return (units, Set(members.values.map(\.output)))
    }

    private func stage(_ form: StageForm, _ register: RegisterUnit, isRead: Bool) -> StageUnit.Stage {
        StageUnit.Stage(
            form: form, events: register.events,
            isExported: isRead || form.output == parts.sink || graph.nets[form.output].isWatched)
    }

    /// By the position of their units: products first, then what reads them.
    private func findMembers() -> [Int: StageForm] {
        var forms: [Int: StageForm] = [:]
        for (index, unit) in parts.units.enumerated() where unit is RegisterUnit {
            if let form = form(of: parts.unitNodes[index][0]) { forms[index] = form }
        }
        var members = forms.filter { $0.value.product != nil }
        var nets = Set(members.values.map(\.output))
        // What is read comes before its readers.
        for (index, form) in forms.sorted(by: { $0.key < $1.key }) where members[index] == nil {
            guard form.product == nil, form.terms.contains(where: { nets.contains($0.net) }) else { continue }
            members[index] = form
            nets.insert(form.output)
        }
        // Operands of products are rows.
        return members.filter { _, form in
            form.product.map { !nets.contains($0.x) && !nets.contains($0.w) } ?? true
        }
    }

    // MARK: forms

    /// What a register takes; nil where stages cannot.
    private func form(of index: Int) -> StageForm? {
        let node = graph.nodes[index]
        let net = parts.nets[node.output]
        guard case .register(.some, nil, _) = node.kind, net.layout == nil, net.element.bytes >= 4,
            net.shape.lanes * net.element.bytes % 32 == 0
        else { return nil }
        var form = StageForm(node: index, output: node.output)
        guard let logic = parts.fused[index] else {
            guard let from = node.operands[0].net, graph.keepsValues(node.output, from),
                graph.isIdentity(node.operands[0], lanes: net.shape.lanes), isRegister(from),
                let term = term(node.operands[0], net)
            else { return nil }
            form.terms = [term]
            return form
        }
        guard graph.fits(graph.nodes[logic]) else { return nil }
        switch graph.nodes[logic].kind {
        case .product, .logic(.powerOfTwoShift, _):
            form.product = product(logic, net)
            return form.product == nil ? nil : form
        case .logic(.add, _): return sum(form, graph.nodes[logic].operands, net)
        case .logic, .register, .latch: return nil
        }
    }

    private func isRegister(_ net: Int) -> Bool {
        guard let driver = parts.driver[net], case .register = graph.nodes[driver].kind else { return false }
        return true
    }

    /// Of two rows, or of a row and a product that nobody else reads.
    private func sum(_ form: StageForm, _ operands: [RowOperand], _ net: RowNet) -> StageForm? {
        var form = form
        for operand in operands {
            guard let from = operand.net, let driver = parts.driver[from] else { return nil }
            if isRegister(from) {
                guard let term = term(operand, net) else { return nil }
                form.terms.append(term)
            } else {
                guard form.product == nil, parts.readers[from].count == 1, from != parts.sink,
                    graph.fits(graph.nodes[driver]), graph.isIdentity(operand, lanes: net.shape.lanes),
                    let product = product(driver, net)
                else { return nil }
                form.product = product
            }
        }
        // Only rows of one type are taken by halves.
        let areAlike = form.terms.allSatisfy { $0.element == net.element.bytes }
        return areAlike || form.group(element: net.element.bytes) > 0 ? form : nil
    }

    /// Where each half of the vectors of a result lies in an operand's rows.
    private func term(_ operand: RowOperand, _ net: RowNet) -> StageForm.Term? {
        guard let from = operand.net else { return nil }
        let source = parts.nets[from]
        let (bytes, lanes) = (source.element.bytes, net.shape.lanes)
        guard source.layout == nil, bytes >= 4, bytes <= net.element.bytes else { return nil }
        let half = 16 / net.element.bytes
        guard let starts = starts(graph.sources(operand, lanes: lanes), half, step: 1) else { return nil }
        return StageForm.Term(
            net: from, element: bytes, offsets: starts.map { Int32($0 * bytes) })
    }

    /// First source lane of each `half` lanes, which follow each other by a step.
    private func starts(_ table: [Int?], _ half: Int, step: Int) -> [Int]? {
        var result: [Int] = []
        for first in stride(from: 0, to: table.count, by: half) {
            guard let start = table[first] else { return nil }
            for lane in 0..<half where table[first + lane] != start + step * lane { return nil }
            result.append(start)
        }
        return result
    }

    /// A product of 32 bits for each lane of a row.
    private func product(_ index: Int, _ net: RowNet) -> StageForm.Product? {
        let node = graph.nodes[index]
        var codeBits = 0
        switch node.kind {
        case .product: break
        case .logic(.powerOfTwoShift, let bits): codeBits = bits
        case .logic, .register, .latch: return nil
        }
        guard let x = node.operands[0].net, let w = node.operands[1].net, net.element == .int32,
            parts.nets[node.output].element == .int32
        else { return nil }
        let (activations, weights) = (parts.nets[x], parts.nets[w])
        guard activations.layout == nil, weights.layout == nil, activations.element.bytes <= 2,
            weights.element.bytes <= (codeBits > 0 ? 1 : 2),
            let xs = starts(graph.sources(node.operands[0], lanes: net.shape.lanes), 4, step: 0),
            let ws = starts(graph.sources(node.operands[1], lanes: net.shape.lanes), 8, step: 1)
        else { return nil }
        return StageForm.Product(
            node: index, x: x, w: w,
            kind: codeBits > 4 ? 2 : codeBits > 0 ? 1 : weights.element.bytes == 1 ? 3 : 4, codeBits: codeBits,
            xOffsets: xs.map { Int32($0 * activations.element.bytes) },
            wOffsets: ws.map { Int32($0 * weights.element.bytes) }, wElement: weights.element.bytes)
    }
}
