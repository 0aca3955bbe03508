// Where the lanes of weights lie in the rows that fused sums read, from the sums back to the memory that holds them.
// All nets on the way keep that order, so that they pass pointers on; the memory sorts (and decodes) when it is written.

import Design
import Fabric

#if MUTANTS
    import Mutants
#endif

/// Layouts of weights and types of activations that the fused sums of a graph ask for.
struct LayoutPlan {
    /// The sums that are computed at once.
    var sums: [FusedSum] = []
    /// By net.
    var layouts: [Int: WeightLayout] = [:]
    /// Nets whose rows are 16-bit integers, whatever their width.
    var widened: Set<Int> = []
    /// Of registers between: bytes from the source's row to theirs, by net.
    var offsets: [Int: Int] = [:]
    /// First 16-bit integer of each term's block in its net's rows, by the sum's node and the term.
    var blocks: [Int: [Int]] = [:]
}

/// Plans layouts for sums, all or none.
struct LayoutPlanner {
    private let graph: DataGraph
    private let driver: [Int?]
    private let readers: [[Int]]
    private let sums: [FusedSum]
    /// Blocks of a net: lanes [output][input].
    private var blocks: [Int: [[[Int]]]] = [:]
    private var codeBits: [Int: Int?] = [:]
    private var planes: [Int: Int] = [:]
    private var chain: Set<Int> = []

    private init(_ graph: DataGraph, _ sums: [FusedSum]) {
        (self.graph, self.sums) = (graph, sums)
        (driver, readers) = graph.drivers()
    }

    /// The plan of a graph; without sums where they cannot be laid out.
    static func plan(_ graph: inout DataGraph) -> LayoutPlan {
        let plain = graph
        let sums = SumFinder.find(in: graph).map { $0.joined(in: &graph) ?? $0 }
        var planner = LayoutPlanner(graph, sums)
        if let plan = planner.plan() { return plan }
        graph = plain
        return LayoutPlan()
    }

    /// 16-bit integers of a block of weights.
    static func blockSize(inputs: Int, outputs: Int) -> Int { (inputs + 1) / 2 * 2 * paddedOutputs(outputs) }

    /// Outputs come in whole vectors of eight.
    static func paddedOutputs(_ outputs: Int) -> Int { (outputs + 7) & ~7 }

    private mutating func plan() -> LayoutPlan? {
        for sum in sums {
            let bits = graph.nets[graph.nodes[sum.node].output].shape.bits
            #if MUTANTS
                let planes = isPlanted("weight-plane") || bits <= 32 ? 1 : 2
            #else
                let planes = bits <= 32 ? 1 : 2
            #endif
            for term in sum.terms {
                guard request(term, planes: planes) else { return nil }
            }
        }
        let products = sums.reduce(into: Set<Int>()) { $0.formUnion($1.inner) }
        for net in blocks.keys {
            guard readers[net].allSatisfy({ chain.contains($0) || products.contains($0) }), net != graph.sink else {
                return nil
            }
        }
        var result = LayoutPlan()
        result.sums = sums
        for (net, blocks) in blocks {
            guard let layout = layout(net, blocks) else { return nil }
            result.layouts[net] = layout
        }
        for sum in sums {
            result.blocks[sum.node] = sum.terms.map { term in
                blocks[term.w]!.firstIndex(of: term.wLanes)! * size(term.wLanes) * planes[term.w]!
            }
            for term in sum.terms { widen(term.x, &result.widened) }
        }
        for index in chain { result.offsets[graph.nodes[index].output] = offset(of: index) }
        return result
    }

    private func size(_ lanes: [[Int]]) -> Int {
        LayoutPlanner.blockSize(inputs: lanes[0].count, outputs: lanes.count)
    }

    /// Notes the block of a term in its net and in those that it comes from; false where that cannot be.
    private mutating func request(_ term: SumTerm, planes count: Int) -> Bool {
        var net = term.w
        var lanes = term.wLanes
        while true {
            guard (codeBits[net] ?? term.codeBits) == term.codeBits, (planes[net] ?? count) == count else {
                return false
            }
            codeBits[net] = .some(term.codeBits)
            planes[net] = count
            if blocks[net]?.first.map({ size($0) != size(lanes) }) == true { return false }
            if blocks[net]?.contains(lanes) != true { blocks[net, default: []].append(lanes) }
            guard let index = driver[net] else { return false }
            let node = graph.nodes[index]
            switch node.kind {
            case .latch: return true
            case .register(_, nil, 0):
                guard let from = node.operands[0].net, graph.keepsValues(net, from) else { return false }
                let table = graph.sources(node.operands[0], lanes: graph.nets[net].shape.lanes)
                guard lanes.allSatisfy({ $0.allSatisfy { table[$0] != nil } }) else { return false }
                lanes = lanes.map { $0.map { table[$0]! } }
                chain.insert(index)
                net = from
            case .register, .logic, .product: return false
            }
        }
    }

    /// nil where a lane would have two places.
    private func layout(_ net: Int, _ blocks: [[[Int]]]) -> WeightLayout? {
        let size = size(blocks[0])
        let count = planes[net]!
        let padded = LayoutPlanner.paddedOutputs(blocks[0].count)
        var places = [Int](repeating: -1, count: graph.nets[net].shape.lanes)
        for (position, block) in blocks.enumerated() {
            for (output, lanes) in block.enumerated() {
                for (input, lane) in lanes.enumerated() {
                    guard places[lane] < 0 else { return nil }
                    places[lane] = position * count * size + (input / 2 * padded + output) * 2 + input % 2
                }
            }
        }
        // Lanes that no sum reads lie behind the blocks, a plane's distance apart from their low bytes.
        var end = blocks.count * count * size
        let unread = places.indices.filter { places[$0] < 0 }
        for (number, lane) in unread.enumerated() { places[lane] = end + number }
        if !unread.isEmpty { end += (count - 1) * size + unread.count }
        return WeightLayout(places: places, size: end, planeSize: size, planes: count, codeBits: codeBits[net]!)
    }

    /// Bytes between the row of a register's source and the block that the register takes of it.
    private func offset(of index: Int) -> Int {
        let node = graph.nodes[index]
        guard let from = node.operands[0].net, let mine = blocks[node.output] else { return 0 }
        let table = graph.sources(node.operands[0], lanes: graph.nets[node.output].shape.lanes)
        let first = mine[0].map { $0.map { table[$0]! } }
        return 2 * blocks[from]!.firstIndex(of: first)! * size(first) * planes[from]!
    }

    /// The net, and those whose rows it passes on, up to the memory that holds them.
    private func widen(_ net: Int, _ result: inout Set<Int>) {
        var net = net
        while result.insert(net).inserted {
            guard let index = driver[net], case .register = graph.nodes[index].kind,
                let from = graph.nodes[index].operands[0].net, graph.keepsValues(net, from)
            else {
                // A memory inside the data path that delays rows holds them as they come.
                if let index = driver[net], case .latch = graph.nodes[index].kind,
                    let data = graph.nodes[index].operands[0].net, graph.nets[data].shape == graph.nets[net].shape
                {
                    net = data
                    continue
                }
                return
            }
            net = from
        }
    }
}
