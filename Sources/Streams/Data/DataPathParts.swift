// From the graph of a data path to its units: nets get their rows, enables their events, nodes their units in the order
// in which data flows. Nets that read each other in a circle become one unit.

import Design
import Fabric
import RowKernels

/// The bound parts of a data path.
struct DataPathParts {
    struct Sum {
        var unit: SumUnit
        var terms: [SumUnit.Term]
    }
    private(set) var nets: [RowNet] = []
    private(set) var memories: [MemoryPorts] = []
    private(set) var units: [RowUnit] = []
    /// Nodes that the unit at each position computes, without those that are computed as part of another one.
    private(set) var unitNodes: [[Int]] = []
    private(set) var events: [Events] = []
    private(set) var sums: [Sum] = []
    /// Nets that hold their rows from block to block.
    private(set) var carried: [Int] = []
    /// Registers that are stages of one unit.
    private(set) var inPlace: Set<Int> = []
    /// Registers whose toggles count.
    private(set) var counted: [Int] = []
    /// Those whose rows are compared for it, with the cycles in which they may toggle.
    private(set) var compared: [(Int, Events)] = []
    private(set) var initialValues: [(net: Int, value: Int64)] = []
    let source: Int
    let sink: Int

    let graph: DataGraph
    private let plan: LayoutPlan
    /// What registers that pass rows on need not count once more.
    private(set) var pairs: [PairMemory] = []
    private let options: DataPath.Options
    let driver: [Int?]
    let readers: [[Int]]
    /// Nodes that are computed as part of another one.
    private var skipped: Set<Int> = []
    /// Register -> the logic that is computed straight into it.
    private(set) var fused: [Int: Int] = [:]
    private var knownEvents: [EnableSet?: Events] = [:]
    private var memoryOf: [Int: MemoryPorts] = [:]
    private let sumOf: [Int: FusedSum]
    /// No sum's ways need be checked.
    var sumsAreFixed: Bool { plan.sums.allSatisfy(\.isFixed) }

    init(_ plan: DataPath.Plan) {
        (graph, options, self.plan) = (plan.graph, plan.options, plan.layout)
        (source, sink) = (graph.source, graph.sink)
        (driver, readers) = graph.drivers()
        sumOf = Dictionary(uniqueKeysWithValues: plan.layout.sums.map { ($0.node, $0) })
        for sum in plan.layout.sums { skipped.formUnion(sum.inner) }
        makeNets()
        fuse()
        for (index, node) in graph.nodes.enumerated() {
            if case .latch(let memory) = node.kind, !skipped.contains(index) { makeMemory(index, memory) }
        }
        for component in components() {
            makeUnit(component)
            if unitNodes.count < units.count { unitNodes.append(component) }
        }
        note()
        if options.countsToggles { remember() }
        guard options.countsToggles || sums.isEmpty, case .c(let level) = options.level, level > 0 else { return }
        if let (units, nets) = StagePlanner(self).plan(level: level) {
            (self.units, inPlace) = (units, nets)
            compared.removeAll { nets.contains($0.0) }
        }
    }

    // MARK: nets and events

    private mutating func makeNets() {
        let products = productNets()
        let sums = Set(plan.sums.map { graph.nodes[$0.node].output })
        nets = graph.nets.enumerated().map { index, info in
            var element = RowElement(info.shape)
            if plan.widened.contains(index), element == .int8 { element = .int16 }
            if products.contains(index) || sums.contains(index), element.bytes < 4 { element = .int32 }
            return RowNet(info, element: element, layout: plan.layouts[index], capacity: options.capacity)
        }
    }

    /// Products, and registers that take them as they are: 32 bits at least, as the kernels make them.
    private func productNets() -> Set<Int> {
        var result: Set<Int> = []
        var added = true
        while added {
            added = false
            for node in graph.nodes where !result.contains(node.output) {
                switch node.kind {
                case .product, .logic(.powerOfTwoShift, _): break
                case .register:
                    guard let from = node.operands[0].net, result.contains(from) else { continue }
                case .logic, .latch: continue
                }
                result.insert(node.output)
                added = true
            }
        }
        return result.subtracting([sink])
    }

    private mutating func makeEvents(_ enables: EnableSet?) -> Events {
        if let known = knownEvents[enables] { return known }
        let made = Events(enables, capacity: options.capacity)
        knownEvents[enables] = made
        events.append(made)
        return made
    }

    /// When a state node takes its data.
    private func enables(of node: DataNode) -> EnableSet? {
        switch node.kind {
        case .register(let enable, let reset, _):
            guard let enable else { return nil }
            return Set([enable] + (reset.map { [$0] } ?? []))
        case .latch(let memory): return graph.memories[memory].readEnable.map { [$0] }
        case .logic, .product: return []
        }
    }

    /// When somebody reads the rows of logic; nil: always.
    private func demand(of net: Int) -> EnableSet? {
        if net == sink { return nil }
        var result: EnableSet = []
        for reader in readers[net] {
            let node = graph.nodes[reader]
            let part: EnableSet?
            switch node.kind {
            case .latch(let memory): part = [graph.memories[memory].writeBit]
            case .register: part = enables(of: node)
            case .logic, .product: part = demand(of: node.output)
            }
            guard let part else { return nil }
            result.formUnion(part)
        }
        return result
    }

    /// Logic that only one register of its shape reads is computed into that register.
    private mutating func fuse() {
        for (index, node) in graph.nodes.enumerated() where !node.isState && readers[node.output].count == 1 {
            let reader = readers[node.output][0]
            guard !skipped.contains(index), !skipped.contains(reader), sumOf[reader] == nil, sumOf[index] == nil,
                case .register(_, nil, _) = graph.nodes[reader].kind,
                node.output != sink
            else { continue }
            let (a, b) = (nets[node.output], nets[graph.nodes[reader].output])
            guard graph.isIdentity(graph.nodes[reader].operands[0], lanes: b.shape.lanes),
                a.shape.signed == b.shape.signed,
                b.shape.width == a.shape.width || b.shape.width > a.shape.width && graph.fits(node),
                a.element == b.element, b.layout == nil
            else { continue }
            fused[reader] = index
            skipped.insert(index)
        }
    }

    // MARK: order

    /// Nodes whose rows a node reads, through logic that is fused into it.
    func sources(of index: Int) -> [Int] {
        if let sum = sumOf[index] { return sum.terms.flatMap { [driver[$0.x], driver[$0.w]] }.compactMap { $0 } }
        let node = fused[index].map { graph.nodes[$0] } ?? graph.nodes[index]
        return node.operands.compactMap(\.net).compactMap { driver[$0] }
    }

    /// Strongly connected components, sources first (Tarjan, SIAM J. Comput. 1972).
    private func components() -> [[Int]] {
        let count = graph.nodes.count
        var number = [Int](repeating: -1, count: count)
        var low = number
        var isOpen = [Bool](repeating: false, count: count)
        var stack: [Int] = []
        var next = 0
        var result: [[Int]] = []
        func visit(_ node: Int) {
            (number[node], low[node]) = (next, next)
            next += 1
            stack.append(node)
            isOpen[node] = true
            for source in sources(of: node) where !skipped.contains(source) {
                if number[source] < 0 {
                    visit(source)
                    low[node] = min(low[node], low[source])
                } else if isOpen[source] {
                    low[node] = min(low[node], number[source])
                }
            }
            guard low[node] == number[node] else { return }
            var component: [Int] = []
            while let last = stack.popLast() {
                isOpen[last] = false
                component.append(last)
                if last == node { break }
            }
            result.append(component)
        }
        for node in 0..<count where number[node] < 0 && !skipped.contains(node) { visit(node) }
        return result
    }

    // MARK: units

    private mutating func makeUnit(_ component: [Int]) {
        let isLoop = component.count > 1 || sources(of: component[0]).contains(component[0])
        if isLoop {
            units.append(makeAccumulator(component) ?? makeLoop(component))
            return
        }
        let index = component[0]
        let node = graph.nodes[index]
        if let sum = sumOf[index] { return makeSum(sum) }
        switch node.kind {
        case .latch: units.append(MemoryUnit(memoryOf[index]!))
        case .logic, .product:
            let demand = demand(of: node.output)
            if demand == [] { return }
            units.append(LogicUnit(step(index), makeEvents(demand)))
        case .register(_, let reset, let initial):
            let events = makeEvents(enables(of: node))
            units.append(RegisterUnit(nets[node.output], data(of: index), events, reset: reset, initial: initial))
        }
    }

    private func data(of index: Int) -> RegisterUnit.Data {
        let node = graph.nodes[index]
        if fused[index] == nil, let from = node.operands[0].net, graph.keepsValues(node.output, from) {
            if let offset = plan.offsets[node.output] { return .pointers(nets[from], offset: offset) }
            if nets[from].element == nets[node.output].element, nets[from].layout == nil,
                graph.isIdentity(node.operands[0], lanes: nets[node.output].shape.lanes)
            {
                return .pointers(nets[from], offset: 0)
            }
        }
        return .step(step(index))
    }

    private func step(_ index: Int) -> RowStep {
        let node = graph.nodes[fused[index] ?? index]
        let output = nets[graph.nodes[index].output]
        let operation: StepOperation
        switch node.kind {
        case .logic(let kind, let parameter): operation = .logic(kind, parameter: parameter)
        case .product: operation = .product
        case .register, .latch: operation = .copy
        }
        let lanes = output.shape.lanes
        let sources = node.operands.map { operand -> StepSource in
            switch operand {
            case .constant(let value): return StepSource(kind: .constant, constant: value)
            case .scalar(let index): return StepSource(kind: .scalar, scalar: index)
            case .rows(let net, _), .stored(let net):
                let from = nets[net]
                return StepSource(
                    kind: .rows, net: from, pointers: from.pointers, element: from.element,
                    isRow: from.element == output.element && from.layout == nil
                        && graph.isIdentity(operand, lanes: lanes))
            }
        }
        let tables = node.operands.map { operand in operand.net == nil ? nil : graph.sources(operand, lanes: lanes) }
        let form = RowStep.Form(
            sources: sources, tables: tables, bits: node.operands.map(graph.bits), fits: graph.fits(node))
        return RowStep(output, operation, form, capacity: options.capacity, level: options.level)
    }

    private mutating func makeMemory(_ index: Int, _ memory: Int) {
        let node = graph.nodes[index]
        let info = graph.memories[memory]
        let latch = nets[node.output]
        let data = nets[node.operands[0].net!]
        let count = latch.shape.lanes
        let lanes = info.joined?.dataLanes ?? graph.sources(node.operands[0], lanes: count).map { $0! }
        let numbers = info.joined?.bankNumbers ?? graph.bankNumbers(info, lanes: count)
        let ports = MemoryPorts(
            info, latch: latch, data: (data, lanes), lanesToNumber: numbers,
            events: (makeEvents(info.readEnable.map { [$0] }), makeEvents([info.writeBit])))
        memoryOf[index] = ports
        memories.append(ports)
    }

    private mutating func makeSum(_ sum: FusedSum) {
        let output = nets[graph.nodes[sum.node].output]
        let padded = LayoutPlanner.paddedOutputs(sum.outputs)
        var terms: [SumUnit.Term] = []
        let isFixed = sumsAreFixed
        for (position, term) in sum.terms.enumerated() {
            terms.append(
                SumUnit.Term(
                    x: .init(
                        net: nets[term.x], offset: 2 * term.xLane, delay: term.xPath.count,
                        path: isFixed ? [] : term.xPath.map { makeEvents($0) }),
                    w: .init(
                        net: nets[term.w], offset: 2 * plan.blocks[sum.node]![position], delay: term.wPath.count,
                        path: isFixed ? [] : term.wPath.map { makeEvents($0) })))
        }
        let planes = nets[sum.terms[0].w].layout!
        let shape = rk_sum_shape(
            pairs: Int32((sum.inputs + 1) / 2), outputs: Int32(sum.outputs), padded_outputs: Int32(padded),
            pixels: Int32(sum.pixels), x_step: Int32(2 * sum.terms[0].xStep),
            plane_bytes: planes.planes == 1 ? 0 : Int32(2 * planes.planeSize))
        let node = graph.nodes[sum.node]
        let events = makeEvents(node.isState ? enables(of: node) : demand(of: node.output))
        let unit = SumUnit((output, node.isState), events, terms, shape, options)
        units.append(unit)
        sums.append(Sum(unit: unit, terms: terms))
    }

    // MARK: loops

    private mutating func makeAccumulator(_ component: [Int]) -> RowUnit? {
        // Logic that is fused into a register belongs to the circle, too.
        let members = Set(component + component.compactMap { fused[$0] })
        var finder = AccumulatorFinder(graph, nets, members: members, fused: fused)
        guard let form = finder.find() else { return nil }
        let node = graph.nodes[form.register]
        var sums: AccumulatorUnit.Sums?
        if let (latch, output) = form.sums {
            let events = makeEvents(enables(of: graph.nodes[output]))
            sums = .init(ports: memoryOf[latch]!, output: nets[graph.nodes[output].output], events: events)
        }
        return AccumulatorUnit(
            nets[node.output], makeEvents(enables(of: node)), form.terms, sums: sums, level: options.level)
    }

    private mutating func makeLoop(_ component: [Int]) -> RowUnit {
        let members = Set(component)
        var order: [Int] = []
        var seen: Set<Int> = []
        func visit(_ index: Int) {
            guard seen.insert(index).inserted else { return }
            for source in sources(of: index) where members.contains(source) && !graph.nodes[source].isState {
                visit(source)
            }
            order.append(index)
        }
        for index in component where !graph.nodes[index].isState { visit(index) }
        let logic = order.map { index in
            LoopUnit.Logic(step: step(index), events: makeEvents(demand(of: graph.nodes[index].output)))
        }
        var registers: [LoopUnit.Register] = []
        for index in component {
            guard case .register(_, let reset, let initial) = graph.nodes[index].kind else { continue }
            let output = nets[graph.nodes[index].output]
            output.makePool()
            let row = RowNet.zeros(output.stride)
            for lane in 0..<output.shape.lanes { RowLane.store(initial, row, output.element, lane) }
            registers.append(
                LoopUnit.Register(
                    output: output, step: step(index), events: makeEvents(enables(of: graph.nodes[index])),
                    reset: reset, initial: UnsafeRawPointer(row)))
        }
        return LoopUnit(logic, registers, component.compactMap { memoryOf[$0] })
    }

    // MARK: observation

    /// Wide registers that hand each other rows on count each pair of them once.
    private mutating func remember() {
        for (net, _) in compared {
            guard let node = driver[net], case .register = graph.nodes[node].kind, fused[node] == nil,
                let from = graph.nodes[node].operands[0].net, case .pointers(_, offset: 0)? = registerData(node),
                nets[from].stride >= PairMemory.leastBytes,
                RowToggles.counted(nets[from]) == RowToggles.counted(nets[net])
            else { continue }
            if nets[from].pairs == nil {
                let memory = PairMemory()
                pairs.append(memory)
                nets[from].pairs = memory
            }
            nets[net].pairs = nets[from].pairs
        }
    }

    private func registerData(_ node: Int) -> RegisterUnit.Data? {
        guard let position = unitNodes.firstIndex(of: [node]) else { return nil }
        return (units[position] as? RegisterUnit)?.data
    }

    private mutating func note() {
        carried = [source]
        for (index, node) in graph.nodes.enumerated() where node.isState && !skipped.contains(index) {
            carried.append(node.output)
            if case .register(_, _, let initial) = node.kind, initial != 0 {
                initialValues.append((node.output, initial))
            }
            if nets[node.output].id != nil {
                counted.append(node.output)
                compared.append((node.output, makeEvents(enables(of: node))))
            }
        }
    }
}
