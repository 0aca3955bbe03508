// Fixed sums whose terms read later and later are read at once. Along a cascade of DSP48E2 each position has a memory of
// weights of its own, read a cycle after the one before, and its product is added a cycle later, too: all weights of a
// sum are one address's words. So the memories are read as one, whose lanes are theirs, and the terms are one, as those of
// a tree are.
//
// That a later read finds what the first would have found needs a word that is not written between. Programs see to it: a
// load waits until the instruction that reads its place is done. It is checked in every block (`MemoryPorts`), and a run
// in which it is otherwise is the plain kernel's.

import Design
import Fabric

extension FusedSum {
    /// The same sum with one term for all that read one word, and the graph with their memories joined; nil where they are
    /// something else.
    func joined(in graph: inout DataGraph) -> FusedSum? {
        let sorted = terms.sorted { $0.xLane < $1.xLane }
        guard isFixed, sorted.count > 1, let first = sorted.max(by: { $0.wPath.count < $1.wPath.count }),
            let head = SkewedRead(of: first, in: graph)
        else { return nil }
        var reads: [SkewedRead] = []
        for (position, term) in sorted.enumerated() {
            let skew = first.wPath.count - term.wPath.count
            guard term.x == first.x, term.xPath.count == first.xPath.count, term.xStep == first.xStep,
                term.xLane == sorted[0].xLane + position * inputs, term.codeBits == first.codeBits,
                let read = SkewedRead(of: term, in: graph), read.follows(head, by: skew, in: graph)
            else { return nil }
            reads.append(read)
        }
        guard Set(reads.map(\.latch)).count == reads.count else { return nil }
        // The first to read is the one that is left.
        let order = [head] + reads.filter { $0.latch != head.latch }
        let skew = first.wPath.count - (sorted.map(\.wPath.count).min() ?? 0)
        var starts: [Int: Int] = [:]
        var lanes = 0
        for read in order {
            starts[read.latch] = lanes
            lanes += read.lanes
        }
        guard let net = graph.join(order.map(\.latch), skew: skew) else { return nil }
        var term = first
        term.w = net
        term.xLane = sorted[0].xLane
        term.wLanes = (0..<outputs).map { output in
            zip(sorted, reads).flatMap { term, read in term.wLanes[output].map { starts[read.latch]! + $0 } }
        }
        var result = self
        result.terms = [term]
        result.inputs = inputs * sorted.count
        result.inner.formUnion(order.dropFirst().map(\.latch))
        return result
    }
}

/// The read of a term's weights.
private struct SkewedRead {
    /// The latch's node, its memory and its lanes.
    let latch: Int
    let memory: DataGraph.Memory
    let lanes: Int
    private let data: Int?
    private let shape: RowShape
    /// The bit that says when it reads.
    private let enable: (net: NetID, delay: Int)

    /// nil where the term's way does not end at a memory that is read when the bit of its sum says so.
    init?(of term: SumTerm, in graph: DataGraph) {
        guard let latch = graph.nodes.firstIndex(where: { $0.output == term.w }),
            case .latch(let index) = graph.nodes[latch].kind
        else { return nil }
        let memory = graph.memories[index]
        guard memory.joined == nil, let bit = memory.readEnable, let last = term.wPath.last, let only = last?.first,
            last?.count == 1
        else { return nil }
        // The way's last register takes the word a cycle after the read.
        let (enable, behind) = (graph.origin(bit), graph.origin(only))
        guard enable.net == behind.net, enable.delay == behind.delay - 1 else { return nil }
        (self.latch, self.memory, self.enable) = (latch, memory, enable)
        shape = graph.nets[term.w].shape
        lanes = shape.lanes
        data = graph.nodes[latch].operands[0].net
    }

    /// Whether it reads what `head` does, so many cycles later, of memories that are written alike.
    func follows(_ head: SkewedRead, by skew: Int, in graph: DataGraph) -> Bool {
        let (mine, its) = (memory.cell, head.memory.cell)
        guard skew >= 0, enable.net == head.enable.net, enable.delay == head.enable.delay + skew, data == head.data,
            shape.width == head.shape.width, shape.signed == head.shape.signed, mine.depth == its.depth,
            mine.lanesPerBank == its.lanesPerBank, lanes % mine.lanesPerBank == 0,
            memory.writeBit == head.memory.writeBit, memory.bank == head.memory.bank,
            memory.writeAddress == head.memory.writeAddress,
            let address = graph.address(memory, before: skew, enable: enable)
        else { return false }
        return address == graph.address(head.memory, before: 0, enable: enable)
    }
}
