// Slices that multiply two weights with one activation, taken apart: where the rows of a chain of DSP48E2 are asked for only
// as the two sums that a P holds, the graph has those sums instead, of products of one weight each, and they are found and
// computed as any others (SumFinder). docs/internals/PackedProducts.md has the fields.
//
// What is taken apart is proved here, but for the time before the first product, when a P is 0 and not its bias: nobody reads
// it then where the sum is fixed, and other sums are not taken apart (`LayoutPlan.computes`). Rows that a trace looks at, and
// those whose toggles count, are as they stand.

import Design
import Fabric

/// A chain of DSP48E2 of two products each.
private struct PackedChain {
    /// Nodes of one position.
    struct Position {
        /// The block memory and its output register, the stored weights as fields, the two fields as port A.
        var latch, word, fields, pair: Int
        /// The beat's weights before they are packed, and bits of one.
        var weights: Int
        var weightBits: Int
        /// A and B, their product, M, P + C or PCIN, P.
        var a, b, product, m, sum, p: Int
        /// Stored weights of port A, two for each lane.
        var lanes: [Int]
    }
    /// The first position first.
    var positions: [Position]
    /// Port C of the first.
    var constant: Int
    /// P as fields, and less their bias.
    var fields, sums: Int
    /// Bits of a sum.
    var bits: Int
}

extension DataGraph {
    /// Takes packed products apart. Before copies are narrowed: nets have all their lanes.
    mutating func splitPackedProducts() {
        let finder = PackedFinder(self)
        var removed: Set<Int> = []
        for chain in nodes.indices.compactMap({ finder.chain(endingAt: $0) }) {
            for position in chain.positions {
                split(position, bits: chain.bits)
                removed.formUnion([position.fields, position.pair])
            }
            let first = chain.positions[0]
            nodes[first.p].operands = [.rows(nodes[first.m].output, nil)]
            removed.formUnion([first.sum, chain.constant, chain.fields, chain.sums])
            replace(nodes[chain.sums].output, by: nodes[chain.positions.last!.p].output)
        }
        nodes = nodes.enumerated().filter { !removed.contains($0.offset) }.map(\.element)
    }

    private mutating func split(_ one: PackedChain.Position, bits: Int) {
        let (xBits, lanes) = (nets[nodes[one.b].output].shape.bits, one.lanes.count / 2)
        func narrow(_ node: Int, lanes: Int? = nil, width: Int? = nil, bits: Int) {
            let net = nodes[node].output
            nets[net].id = nil
            nets[net].shape.significantBits = bits
            if let lanes { nets[net].shape.lanes = lanes }
            if let width { nets[net].shape.width = width }
        }
        narrow(one.latch, width: one.weightBits, bits: one.weightBits)
        narrow(one.word, width: one.weightBits, bits: one.weightBits)
        if case .rows(_, let map) = nodes[one.latch].operands[0] {
            nodes[one.latch].operands = [.rows(one.weights, map)]
        }
        narrow(one.a, lanes: 2 * lanes, width: one.weightBits, bits: one.weightBits)
        nodes[one.a].operands = [.rows(nodes[one.word].output, LaneMap.fitting(one.lanes))]
        for node in [one.product, one.m] { narrow(node, lanes: 2 * lanes, bits: one.weightBits + xBits) }
        let spread = LaneMap([.init(lanes, stride: 1), .init(2, stride: 0)])
        nodes[one.product].operands = [.rows(nodes[one.b].output, spread), .rows(nodes[one.a].output, nil)]
        for node in [one.sum, one.p] { narrow(node, lanes: 2 * lanes, bits: bits) }
        splitProducts.insert(nodes[one.product].output)
    }

    private mutating func replace(_ net: Int, by other: Int) {
        for index in nodes.indices {
            for position in nodes[index].operands.indices {
                guard case .rows(net, let map) = nodes[index].operands[position] else { continue }
                nodes[index].operands[position] = .rows(other, map)
            }
        }
    }
}

extension LaneMap {
    /// The map with these sources, where one of stretches of neighbours, equally far apart, has them.
    fileprivate static func fitting(_ sources: [Int]) -> LaneMap? {
        guard let first = sources.first else { return nil }
        let run = sources.indices.first { sources[$0] != first + $0 } ?? sources.count
        let step = run < sources.count ? sources[run] - first : 0
        guard sources.count % run == 0,
            sources.enumerated().allSatisfy({ $0.element == first + $0.offset / run * step + $0.offset % run })
        else { return nil }
        return LaneMap([.init(sources.count / run, stride: step), .init(run, stride: 1)], offset: first)
    }
}

extension LayoutPlan {
    /// Whether products that were taken apart are parts of sums whose registers never hold what was before the first.
    func computes(_ products: Set<Int>, of graph: DataGraph) -> Bool {
        let parts = sums.filter(\.isFixed).reduce(into: Set<Int>()) { $0.formUnion($1.inner) }
        return graph.nodes.indices.allSatisfy { !products.contains(graph.nodes[$0].output) || parts.contains($0) }
    }
}

/// Looks for chains in a graph.
private struct PackedFinder {
    private let graph: DataGraph
    private let driver: [Int?]
    private let readers: [[Int]]

    init(_ graph: DataGraph) {
        self.graph = graph
        (driver, readers) = graph.drivers()
    }

    private func shape(_ node: Int) -> RowShape { graph.nets[graph.nodes[node].output].shape }

    /// The node that drives an operand, lane by lane; `isPrivate`: nothing else reads it, no trace either.
    private func source(_ operand: RowOperand, isPrivate: Bool = true) -> Int? {
        guard case .rows(let net, nil) = operand else { return nil }
        return isPrivate ? only(net) : driver[net]
    }

    private func only(_ net: Int) -> Int? {
        readers[net].count == 1 && !graph.nets[net].isWatched && net != graph.sink ? driver[net] : nil
    }

    private func isRegister(_ node: Int) -> Bool {
        if case .register(_, nil, 0) = graph.nodes[node].kind { return true }
        return false
    }

    /// The chain whose last P the node takes apart into fields.
    func chain(endingAt fields: Int) -> PackedChain? {
        guard case .logic(.unpack, parameter: 2) = graph.nodes[fields].kind, !shape(fields).signed,
            let last = source(graph.nodes[fields].operands[0]), readers[graph.nodes[fields].output].count == 1,
            let sums = readers[graph.nodes[fields].output].first, case .logic(.xor, _) = graph.nodes[sums].kind,
            case .rows(_, nil) = graph.nodes[sums].operands[0],
            case .constant(let bias) = graph.nodes[sums].operands[1], shape(sums).signed,
            !graph.nets[graph.nodes[sums].output].isWatched, graph.nodes[sums].output != graph.sink,
            readers[graph.nodes[sums].output].allSatisfy({ graph.nodes[$0].takesMaps })
        else { return nil }
        let (field, bits) = (shape(fields).width, shape(sums).width)
        guard bits <= field, bias == 1 << (bits - 1), shape(sums).lanes == 2 * shape(last).lanes,
            shape(fields).lanes == shape(sums).lanes
        else { return nil }
        var positions: [PackedChain.Position] = []
        var p = last
        while positions.count < 64, let (position, before) = self.position(endingAt: p, field: field) {
            positions.insert(position, at: 0)
            guard case .register(let enable, nil, 0) = graph.nodes[before].kind else { return nil }
            if case .constant(let constant) = graph.nodes[before].operands[0] {
                // C is there when the first product is.
                guard case .register(let enableM, nil, 0) = graph.nodes[position.m].kind, enable == enableM,
                    constant == bias << Int64(field) + bias, holds(positions, below: bias)
                else { return nil }
                return PackedChain(positions: positions, constant: before, fields: fields, sums: sums, bits: bits)
            }
            p = before
        }
        return nil
    }

    /// Whether no sum of these products, signed, reaches the bias: the largest product is that of the two lowest numbers.
    private func holds(_ positions: [PackedChain.Position], below bias: Int64) -> Bool {
        let largest = positions.reduce(Int64(0)) { sum, one in
            sum + (1 << Int64(one.weightBits + shape(one.b).bits - 2))
        }
        return largest < bias
    }

    /// The slice whose P a node is, and the other register that it adds to M.
    private func position(endingAt p: Int, field: Int) -> (PackedChain.Position, before: Int)? {
        let nodes = graph.nodes
        guard isRegister(p), let sum = source(nodes[p].operands[0]), case .logic(.add, _) = nodes[sum].kind,
            let m = source(nodes[sum].operands[0]), isRegister(m), let before = source(nodes[sum].operands[1]),
            let product = source(nodes[m].operands[0]), case .product = nodes[product].kind,
            let a = source(nodes[product].operands[0]), isRegister(a), let b = source(nodes[product].operands[1]),
            isRegister(b), [p, sum, m, product].allSatisfy({ shape($0).width > 2 * field }),
            let port = portA(a, field: field)
        else { return nil }
        let position = PackedChain.Position(
            latch: port.latch, word: port.word, fields: port.fields, pair: port.pair, weights: port.weights.net,
            weightBits: port.weights.bits, a: a, b: b, product: product, m: m, sum: sum, p: p, lanes: port.lanes)
        return (position, before)
    }

    private typealias PortA = (
        latch: Int, word: Int, fields: Int, pair: Int, weights: (net: Int, bits: Int), lanes: [Int]
    )

    /// What a register A takes, and the two lanes of stored weights for each of its own.
    private func portA(_ a: Int, field: Int) -> PortA? {
        let nodes = graph.nodes
        guard case .rows(let packed, _) = nodes[a].operands[0], let pair = only(packed),
            case .logic(.pack, parameter: 2) = nodes[pair].kind, shape(pair).signed,
            let fields = source(nodes[pair].operands[0]), case .logic(.slice, parameter: 0) = nodes[fields].kind,
            shape(fields).signed, shape(fields).width == field,
            case .rows(let stored, _) = nodes[fields].operands[0], let word = only(stored), isRegister(word),
            let latch = source(nodes[word].operands[0]), case .latch(let memory) = nodes[latch].kind,
            let weights = self.weights(storedIn: latch), field + shape(latch).width <= shape(pair).width,
            shape(a).width >= shape(pair).width
        else { return nil }
        let pairs = graph.sources(nodes[a].operands[0], lanes: shape(a).lanes)
        let words = graph.sources(nodes[fields].operands[0], lanes: shape(fields).lanes)
        let beats = graph.sources(nodes[latch].operands[0], lanes: shape(latch).lanes)
        let perBank = graph.memories[memory].cell.lanesPerBank
        var lanes: [Int] = []
        for lane in pairs {
            guard let lane, let low = words[2 * lane], let high = words[2 * lane + 1], let first = beats[low],
                let second = beats[high], first.isMultiple(of: 2), second == first + 1, low / perBank == high / perBank
            else { return nil }
            lanes += [low, high]
        }
        return LaneMap.fitting(lanes) == nil ? nil : (latch, word, fields, pair, weights, lanes)
    }

    /// The weights that a memory stores packed: lane 2k as it is, lane 2k + 1 with the borrow of its neighbour.
    private func weights(storedIn latch: Int) -> (net: Int, bits: Int)? {
        let nodes = graph.nodes
        guard case .rows(let stored, _) = nodes[latch].operands[0], let parts = driver[stored],
            case .logic(.unpack, parameter: 2) = nodes[parts].kind, shape(parts).signed,
            let sum = source(nodes[parts].operands[0], isPrivate: false), case .logic(.add, _) = nodes[sum].kind,
            case .rows(let shifted, nil) = nodes[sum].operands[0], let shift = driver[shifted],
            case .logic(.shiftLeftConstant, let amount) = nodes[shift].kind,
            case .rows(let high, _) = nodes[shift].operands[0], case .rows(let low, _) = nodes[sum].operands[1],
            high == low
        else { return nil }
        let (bits, pairs) = (graph.nets[low].shape.bits, shape(sum).lanes)
        let even = graph.sources(nodes[sum].operands[1], lanes: pairs)
        let odd = graph.sources(nodes[shift].operands[0], lanes: pairs)
        guard amount == shape(parts).width, bits < amount, graph.nets[low].shape.signed,
            [sum, shift].allSatisfy({ shape($0).signed && shape($0).width == 2 * amount && shape($0).lanes == pairs }),
            shape(latch).width == amount, shape(latch).signed, shape(parts).lanes == 2 * pairs,
            graph.nets[low].shape.lanes == 2 * pairs, even == (0..<pairs).map({ 2 * $0 }),
            odd == (0..<pairs).map({ 2 * $0 + 1 })
        else { return nil }
        return (low, bits)
    }
}
