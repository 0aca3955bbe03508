// Finds accumulators among the nets that read each other in a circle.

import Design
import Fabric

/// What a circle of nodes is, if it is an accumulator.
struct AccumulatorForm {
    /// Index of the register's node.
    var register: Int
    /// Of the memory's latch and of its output register.
    var sums: (latch: Int, output: Int)?
    var terms: [AccumulatorTerm]
}

/// Reads the expression of a circle.
struct AccumulatorFinder {
    private let graph: DataGraph
    private let nets: [RowNet]
    private let driver: [Int?]
    private let members: Set<Int>
    private let fused: [Int: Int]
    /// The net that the operation reads back.
    private var held = -1
    private var terms: [AccumulatorTerm] = []
    private var lanes = 0
    private var element = RowElement.int64
    private var width = 0

    init(_ graph: DataGraph, _ nets: [RowNet], members: Set<Int>, fused: [Int: Int]) {
        (self.graph, self.nets, self.members, self.fused) = (graph, nets, members, fused)
        driver = graph.drivers().driver
    }

    /// nil where the circle is something else.
    mutating func find() -> AccumulatorForm? {
        let state = members.filter { graph.nodes[$0].isState }
        let roots = state.filter { fused[$0] != nil }
        guard roots.count == 1, let root = roots.first, case .register(_, nil, 0) = graph.nodes[root].kind else {
            return nil
        }
        var sums: (latch: Int, output: Int)?
        if state.count == 1 {
            held = graph.nodes[root].output
        } else {
            guard state.count == 3, let found = findSums(state.filter { $0 != root }, root) else { return nil }
            sums = found
            held = graph.nodes[found.output].output
        }
        let value = nets[graph.nodes[root].output]
        (lanes, element, width) = (value.shape.lanes, value.element, value.shape.width)
        guard value.shape.signed, nets[held].element == element, nets[held].shape == value.shape || sums == nil else {
            return nil
        }
        guard add(node: fused[root]!, depth: 0) != nil else { return nil }
        return AccumulatorForm(register: root, sums: sums, terms: terms)
    }

    /// A memory that the register is written to as it is, and its output register.
    private func findSums(_ state: Set<Int>, _ root: Int) -> (latch: Int, output: Int)? {
        var latch: Int?
        var output: Int?
        for index in state {
            switch graph.nodes[index].kind {
            case .latch(let memory):
                guard graph.memories[memory].bank == nil else { return nil }
                latch = index
            case .register(_, nil, 0): output = index
            case .register, .logic, .product: return nil
            }
        }
        guard let latch, let output, let data = graph.nodes[latch].operands[0].net,
            let source = graph.nodes[output].operands[0].net
        else { return nil }
        let (value, row) = (graph.nets[graph.nodes[root].output].shape, graph.nets[graph.nodes[latch].output].shape)
        guard data == graph.nodes[root].output, source == graph.nodes[latch].output, value == row,
            graph.nets[graph.nodes[output].output].shape == row,
            graph.isIdentity(graph.nodes[latch].operands[0], lanes: row.lanes),
            graph.isIdentity(graph.nodes[output].operands[0], lanes: row.lanes)
        else { return nil }
        return (latch, output)
    }

    // MARK: expression

    /// Adds the expression of a logic node; returns its place, nil where it is of another form.
    private mutating func add(node index: Int, depth: Int) -> Int? {
        let node = graph.nodes[index]
        let shape = graph.nets[node.output].shape
        guard shape.lanes == lanes, shape.signed, shape.width == width, depth < 8,
            case .logic(let kind, let parameter) = node.kind
        else { return nil }
        let place = terms.count
        switch kind {
        case .multiplex:
            guard case .scalar(let scalar) = node.operands[0] else { return nil }
            terms.append(AccumulatorTerm(kind: .choose, scalar: scalar))
            guard let a = add(node.operands[1], depth), let b = add(node.operands[2], depth) else { return nil }
            (terms[place].a, terms[place].b) = (a, b)
        case .add, .maximum:
            // A sum may be cut once, in the end; what is compared must be cut before.
            terms.append(AccumulatorTerm(kind: kind == .add ? .add : .maximum))
            guard let a = add(node.operands[0], depth), let b = add(node.operands[1], depth),
                isFlat(a, shifts: kind == .add), isFlat(b, shifts: kind == .add)
            else {
                return nil
            }
            (terms[place].a, terms[place].b) = (a, b)
        case .shiftLeftConstant:
            guard case .rows(held, nil) = node.operands[0], parameter < 8 * element.bytes else { return nil }
            terms.append(AccumulatorTerm(kind: .shifted, octaves: parameter))
        case .not, .and, .or, .xor, .subtract, .equal, .lessThan, .slice, .unpack, .pack, .shiftRight, .shiftLeft,
            .roundShift, .saturate, .powerOfTwoShift, .laneSelect, .register, .shiftRegister, .blockMemory, .dsp48e2:
            return nil
        }
        return place
    }

    private mutating func add(_ operand: RowOperand, _ depth: Int) -> Int? {
        switch operand {
        case .constant(0): terms.append(AccumulatorTerm(kind: .zero))
        case .constant, .scalar: return nil
        case .rows(let net, _), .stored(let net):
            guard graph.isIdentity(operand, lanes: lanes) else { return nil }
            if net == held {
                terms.append(AccumulatorTerm(kind: .held))
            } else if let index = driver[net], members.contains(index), !graph.nodes[index].isState {
                return add(node: index, depth: depth + 1)
            } else if driver[net].map({ members.contains($0) }) != true, nets[net].layout == nil,
                nets[net].element.bytes <= element.bytes
            {
                terms.append(
                    AccumulatorTerm(kind: .row, pointers: nets[net].pointers, element: nets[net].element))
            } else {
                return nil
            }
        }
        return terms.count - 1
    }

    /// Nothing but choices between rows.
    private func isFlat(_ place: Int, shifts: Bool) -> Bool {
        switch terms[place].kind {
        case .zero, .row, .held: true
        case .shifted: shifts
        case .choose: isFlat(terms[place].a, shifts: shifts) && isFlat(terms[place].b, shifts: shifts)
        case .add, .maximum: false
        }
    }
}
