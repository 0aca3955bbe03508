// Finds sums of products that end in a register: the lanes and the adder tree of an array, the cells and columns of
// convolvers, the lanes of a cascade of DSP48E2. Such a sum is computed at once, from the operands' rows of the cycles in
// which its registers took them; the rows between are never made. What is found is proved lane by lane: every way from the
// sum back to a product is walked through registers and additions that cannot overflow.
//
// Where the enables along all ways are one bit of control at its delays, a way is as many cycles long as it has registers,
// whatever control does: the sum is fixed. Its ways go on behind the products through registers that pass rows on, so that
// lanes that work later and later read one row of one buffer.

import Design
import Fabric

/// One product that a sum adds, with the registers between.
struct SumTerm: Sendable {
    /// Nets of the operands: activations and weights.
    var x: Int
    var w: Int
    /// When the registers between take their data, from the one before the sum back to the one that takes the product, and
    /// on to the operand.
    var xPath: [EnableSet?]
    var wPath: [EnableSet?]
    /// First lane of the activations of the first pixel; lanes from pixel to pixel.
    var xLane: Int
    var xStep: Int
    /// Lanes of the weights, [output][input].
    var wLanes: [[Int]]
    /// Bits of power-of-two codes; nil: weights are integers.
    var codeBits: Int?
}

/// A register whose rows are sums of products.
struct FusedSum: Sendable {
    /// The node of the register, and the nodes that are not run for it.
    var node: Int
    var inner: Set<Int>
    var terms: [SumTerm]
    var inputs: Int
    var outputs: Int
    var pixels: Int
    /// Every register of a way takes its data a cycle before the next one does.
    var isFixed: Bool
}

/// Looks through a graph.
struct SumFinder {
    /// Most registers between a sum and its products: less than a word of events.
    private static let longest = 47
    /// The same of a fixed sum: positions that are kept.
    private static let longestFixed = RowNet.past - 8
    private let graph: DataGraph
    /// Node that drives each net; nodes that read it.
    private let driver: [Int?]
    private let readers: [[Int]]
    private var inner: Set<Int> = []
    private var terms: [SumTerm] = []
    private var inputs: Int?
    private var outputs: Int?
    private var step: Int?
    /// The node that is looked at, and the bit that says when it takes its sum; nil: several do.
    private var root = -1
    private var origin: (net: NetID, delay: Int)?
    private var isFixed = true

    private init(_ graph: DataGraph, _ drivers: (driver: [Int?], readers: [[Int]])) {
        self.graph = graph
        (driver, readers) = drivers
    }

    /// All sums that are no part of a larger one.
    static func find(in graph: DataGraph) -> [FusedSum] {
        let drivers = graph.drivers()
        var found: [FusedSum] = []
        var parts: Set<Int> = []
        // Mostly the last register of a chain comes last: the others are its parts then, and are not looked at.
        for (index, node) in graph.nodes.enumerated().reversed() where !parts.contains(index) {
            guard SumFinder.isRoot(node, graph, drivers.readers) else { continue }
            var finder = SumFinder(graph, drivers)
            guard let sum = finder.sum(at: index) else { continue }
            found.append(sum)
            parts.formUnion(sum.inner)
        }
        return found.reversed().filter { !parts.contains($0.node) && $0.inner.count > 1 }
    }

    /// A register, or what the last DSP48E2 of a cascade adds to its own P.
    private static func isRoot(_ node: DataNode, _ graph: DataGraph, _ readers: [[Int]]) -> Bool {
        switch node.kind {
        case .register(_, nil, _): true
        case .logic(.add, _):
            graph.nets[node.output].id == nil && readers[node.output].allSatisfy { !graph.nodes[$0].isState }
        case .logic, .register, .product, .latch: false
        }
    }

    private mutating func sum(at index: Int) -> FusedSum? {
        let node = graph.nodes[index]
        let lanes = graph.nets[node.output].shape.lanes
        root = index
        origin = takes(index, depth: 0).flatMap { $0.count == 1 ? graph.origin($0.first!) : nil }
        let needs = (0..<lanes).map { [$0] }
        let isFound =
            node.isState
            ? expand(register: index, needs: needs, path: []) : expand(net: node.output, needs: needs, path: [])
        guard isFound, let inputs, let outputs, !terms.isEmpty, lanes % outputs == 0,
            isFixed || terms.allSatisfy({ max($0.xPath.count, $0.wPath.count) < Self.longest })
        else { return nil }
        let joined = joined(terms)
        // Rows that somebody else reads must be there.
        for part in inner.subtracting([index]) {
            let net = graph.nodes[part].output
            guard net != graph.sink, !graph.nets[net].isWatched,
                readers[net].allSatisfy({ inner.contains($0) || $0 == index })
            else { return nil }
        }
        return FusedSum(
            node: index, inner: inner.subtracting([index]), terms: joined, inputs: inputs * terms.count / joined.count,
            outputs: outputs, pixels: lanes / outputs, isFixed: isFixed)
    }

    /// The scalars with which a register takes its data, or the registers behind logic theirs; nil: always.
    private func takes(_ index: Int, depth: Int) -> EnableSet? {
        switch graph.nodes[index].kind {
        case .register(let enable, nil, _): return enable.map { [$0] }
        case .logic where depth < 8:
            var result: EnableSet = []
            for reader in readers[graph.nodes[index].output] {
                guard let part = takes(reader, depth: depth + 1) else { return nil }
                result.formUnion(part)
            }
            return result
        case .logic, .register, .product, .latch: return nil
        }
    }

    /// Whether a register, so many before the sum, takes its data as many cycles before it, at least.
    private func isStraight(_ enable: EnableSet?, registersBefore count: Int) -> Bool {
        guard let origin else { return false }
        guard let enable else { return true }
        guard enable.count == 1, let only = enable.first else { return false }
        let mine = graph.origin(only)
        return mine.net == origin.net && mine.delay == origin.delay - count
    }

    /// Terms of one kind whose activations follow each other are one: lanes in pairs.
    private func joined(_ terms: [SumTerm]) -> [SumTerm] {
        let sorted = terms.sorted { $0.xLane < $1.xLane }
        guard var whole = sorted.first, let inputs, sorted.count > 1 else { return terms }
        for (index, term) in sorted.enumerated().dropFirst() {
            guard term.x == whole.x, term.w == whole.w, term.xPath == whole.xPath, term.wPath == whole.wPath,
                term.codeBits == whole.codeBits, term.xStep == whole.xStep, term.xLane == whole.xLane + index * inputs
            else { return terms }
            whole.wLanes = zip(whole.wLanes, term.wLanes).map { $0 + $1 }
        }
        return [whole]
    }

    // MARK: walking back

    /// `needs`: for each lane of the sum, lanes of this register that it adds.
    private mutating func expand(register index: Int, needs: [[Int]], path: [EnableSet?]) -> Bool {
        let node = graph.nodes[index]
        for (position, enable) in path.enumerated() where isFixed {
            isFixed = isStraight(enable, registersBefore: position + 1)
        }
        guard path.count < (isFixed ? Self.longestFixed : Self.longest), graph.fits(node),
            inner.insert(index).inserted
        else { return false }
        return expand(node.operands[0], of: node.output, needs: needs, path: path)
    }

    private mutating func expand(_ operand: RowOperand, of net: Int, needs: [[Int]], path: [EnableSet?]) -> Bool {
        guard let source = operand.net else { return false }
        let table = graph.sources(operand, lanes: graph.nets[net].shape.lanes)
        return expand(net: source, needs: needs.map { $0.compactMap { table[$0] } }, path: path)
    }

    private mutating func expand(net: Int, needs: [[Int]], path: [EnableSet?]) -> Bool {
        guard let index = driver[net] else { return false }
        let node = graph.nodes[index]
        switch node.kind {
        case .register(let enable, nil, 0):
            return expand(register: index, needs: needs, path: path + [enable.map { [$0] }])
        case .logic(.add, _):
            guard graph.fits(node), inner.insert(index).inserted else { return false }
            let lanes = graph.nets[net].shape.lanes
            if let a = node.operands[0].net, a == node.operands[1].net {
                let tables = node.operands.map { graph.sources($0, lanes: lanes) }
                return expand(
                    net: a, needs: needs.map { lanes in lanes.flatMap { lane in tables.compactMap { $0[lane] } } },
                    path: path)
            }
            return expand(node.operands[0], of: net, needs: needs, path: path)
                && expand(node.operands[1], of: net, needs: needs, path: path)
        case .logic(.powerOfTwoShift, let bits):
            guard graph.fits(node) else { return false }
            return addTerm(index, needs, path, codeBits: bits)
        case .product: return addTerm(index, needs, path, codeBits: nil)
        case .logic, .register, .latch: return false
        }
    }

    // MARK: products

    private mutating func addTerm(_ index: Int, _ needs: [[Int]], _ path: [EnableSet?], codeBits: Int?) -> Bool {
        let node = graph.nodes[index]
        let lanes = graph.nets[node.output].shape.lanes
        guard inner.insert(index).inserted, let xNet = node.operands[0].net, let wNet = node.operands[1].net else {
            return false
        }
        var x = Way(net: xNet, path: path, lanes: graph.sources(node.operands[0], lanes: lanes))
        var w = Way(net: wNet, path: path, lanes: graph.sources(node.operands[1], lanes: lanes))
        if isFixed {
            lengthen(&x)
            lengthen(&w)
        }
        // Operands that wait in registers of one enable: the product might as well.
        if codeBits != nil, x.path.count == path.count, w.path.count == path.count, path.count < Self.longest,
            let a = waiting(x.net, for: index), let b = waiting(w.net, for: index), a.enable == b.enable
        {
            inner.formUnion([a.node, b.node])
            let longer = path + [a.enable.map { [$0] }]
            x = Way(net: a.net, path: longer, lanes: x.lanes.map { $0.flatMap { a.table[$0] } })
            w = Way(net: b.net, path: longer, lanes: w.lanes.map { $0.flatMap { b.table[$0] } })
        }
        let (xTable, wTable) = (x.lanes, w.lanes)
        var pairs: [[(x: Int, w: Int)]] = []
        for lanes in needs {
            var list: [(x: Int, w: Int)] = []
            for lane in lanes {
                guard let a = xTable[lane], let b = wTable[lane] else { return false }
                list.append((a, b))
            }
            pairs.append(list.sorted { $0.x < $1.x })
        }
        guard let form = regular(pairs), graph.nets[w.net].shape.bits <= 16, (codeBits ?? 0) <= 5,
            graph.nets[x.net].shape.bits <= 16
        else {
            return false
        }
        terms.append(
            SumTerm(
                x: x.net, w: w.net, xPath: x.path, wPath: w.path, xLane: form.first, xStep: form.step,
                wLanes: form.weights, codeBits: codeBits))
        return true
    }

    /// The way to an operand: the net that it ends at, the registers before, and the net's lane for each lane of the product.
    private struct Way {
        var net: Int
        var path: [EnableSet?]
        var lanes: [Int?]
    }

    /// A term found before reads the net: its rows must be there.
    private func isOperand(_ net: Int) -> Bool { terms.contains { $0.x == net || $0.w == net } }

    /// Goes on through registers that pass rows on to this sum alone.
    private mutating func lengthen(_ way: inout Way) {
        while way.path.count < Self.longestFixed, let index = driver[way.net],
            case .register(let enable, nil, 0) = graph.nodes[index].kind, let from = graph.nodes[index].operands[0].net,
            graph.keepsValues(way.net, from), !graph.nets[way.net].isWatched, way.net != graph.sink,
            readers[way.net].allSatisfy({ inner.contains($0) }), !isOperand(way.net),
            isStraight(enable.map { [$0] }, registersBefore: way.path.count + 1)
        {
            let table = graph.sources(graph.nodes[index].operands[0], lanes: graph.nets[way.net].shape.lanes)
            guard way.lanes.allSatisfy({ $0.map { table[$0] != nil } ?? true }) else { return }
            inner.insert(index)
            way = Way(
                net: from, path: way.path + [enable.map { [$0] }], lanes: way.lanes.map { $0.flatMap { table[$0] } })
        }
    }

    /// The register that a net is, which only the node `reader` reads, with the net and the lanes that it takes.
    private func waiting(
        _ net: Int, for reader: Int
    ) -> (node: Int, enable: Int?, net: Int, table: [Int?])? {
        guard let index = driver[net], case .register(let enable, nil, 0) = graph.nodes[index].kind,
            readers[net] == [reader], !graph.nets[net].isWatched, graph.fits(graph.nodes[index]),
            let from = graph.nodes[index].operands[0].net
        else { return nil }
        let table = graph.sources(graph.nodes[index].operands[0], lanes: graph.nets[net].shape.lanes)
        return (index, enable, from, table)
    }

    /// Outputs that share their pixel's activations, whose lanes follow each other, and have the same weights in every
    /// pixel; nil for another form. All terms of a sum must agree on inputs and outputs.
    private mutating func regular(_ pairs: [[(x: Int, w: Int)]]) -> (first: Int, step: Int, weights: [[Int]])? {
        guard let first = pairs.first?.first?.x else { return nil }
        let count = pairs[0].count
        let outputs = pairs.firstIndex { $0.first?.x != first } ?? pairs.count
        guard (inputs ?? count) == count, (self.outputs ?? outputs) == outputs, pairs.count % outputs == 0 else {
            return nil
        }
        (inputs, self.outputs) = (count, outputs)
        let step = pairs.count > outputs ? (pairs[outputs].first?.x ?? 0) - first : 0
        guard (self.step ?? step) == step else { return nil }
        self.step = step
        let weights = pairs[..<outputs].map { $0.map(\.w) }
        for (lane, list) in pairs.enumerated() {
            let start = first + lane / outputs * step
            guard list.map(\.x) == Array(start..<start + count), list.map(\.w) == weights[lane % outputs] else {
                return nil
            }
        }
        return (first, step, Array(weights))
    }
}

extension DataGraph {
    /// The node that drives each net, and the nodes that read it.
    func drivers() -> (driver: [Int?], readers: [[Int]]) {
        var driver = [Int?](repeating: nil, count: nets.count)
        var readers = [[Int]](repeating: [], count: nets.count)
        for (index, node) in nodes.enumerated() {
            driver[node.output] = index
            for net in Set(node.operands.compactMap(\.net)) { readers[net].append(index) }
        }
        return (driver, readers)
    }

    /// Bits of two's complement that an operand's values need.
    func bits(_ operand: RowOperand) -> Int {
        switch operand {
        case .rows(let net, _), .stored(let net): nets[net].shape.bits
        case .scalar(let index): scalarBits[index]
        case .constant(let value): 65 - (value < 0 ? ~value : value).leadingZeroBitCount
        }
    }

    /// Whether a node's result needs no cut.
    func fits(_ node: DataNode) -> Bool {
        let operation: StepOperation
        switch node.kind {
        case .logic(let kind, let parameter): operation = .logic(kind, parameter: parameter)
        case .product: operation = .product
        case .register: operation = .copy
        case .latch: return true
        }
        let shape = nets[node.output].shape
        if case .copy = operation, let net = node.operands[0].net, keepsValues(node.output, net) { return true }
        return RowBounds.fits(operation, operands: node.operands.map(bits), in: shape)
    }

    /// Whether a copy of a net's lanes needs no cut.
    func keepsValues(_ copy: Int, _ from: Int) -> Bool {
        let (a, b) = (nets[copy].shape, nets[from].shape)
        return a.signed == b.signed && a.width >= (b.signed ? b.significantBits : b.width)
    }
}
