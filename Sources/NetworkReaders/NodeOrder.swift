// The nodes that the graph's output depends on, each after the nodes it reads. The file's own order is kept
// where it already is such an order (the ONNX specification demands it), so layers stand as the author wrote them.

import Diagnostics
import Networks

struct NodeOrder {
    private let header: GraphHeader
    private let nodes: [Onnx_NodeProto]
    private let file: String
    private var producers: [String: Int] = [:]

    init(header: GraphHeader, graph: Onnx_GraphProto, file: String) throws {
        self.header = header
        self.nodes = graph.node
        self.file = file
        for (index, node) in nodes.enumerated() {
            for output in node.output where !output.isEmpty {
                let taken = header.initializers[output] != nil || output == header.inputName
                guard !taken, producers.updateValue(index, forKey: output) == nil else {
                    throw InputError(at: place(index), "tensor '\(output.echoed)' is produced more than once")
                }
            }
        }
    }

    /// The needed nodes in order, with unique names and the number of readers of each tensor.
    func ordered() throws -> [Node] {
        guard let last = producers[header.outputName] else {
            throw InputError(at: file, "no node produces the output '\(header.outputName.echoed)'")
        }
        let sorted = try postorder(from: last)
        let inFileOrder = sorted.sorted()
        let order = isTopological(inFileOrder) ? inFileOrder : sorted
        var readers: [String: Int] = [header.outputName: 1]
        for index in order {
            for input in nodes[index].input { readers[input, default: 0] += 1 }
        }
        let names = uniqueNames(order)
        return zip(order, names).map { index, name in
            let firstOutput = nodes[index].output.first ?? ""
            return Node(file: file, name: name, proto: nodes[index], readers: readers[firstOutput] ?? 0)
        }
    }

    /// Nodes that the output does not depend on, as "name (Operator)".
    var unused: [String] {
        guard let last = producers[header.outputName], let used = try? Set(postorder(from: last)) else { return [] }
        return nodes.indices.filter { !used.contains($0) }.map { "\(title($0)) (\(nodes[$0].opType))" }
    }

    /// Depth-first search without recursion: a node follows everything it reads.
    private func postorder(from last: Int) throws -> [Int] {
        enum Mark { case open, done }
        var marks: [Int: Mark] = [last: .open]
        var stack: [(node: Int, nextInput: Int)] = [(last, 0)]
        var order: [Int] = []
        while let top = stack.last {
            let inputs = nodes[top.node].input
            if top.nextInput == inputs.count {
                marks[top.node] = .done
                order.append(top.node)
                stack.removeLast()
                continue
            }
            stack[stack.count - 1].nextInput += 1
            guard let producer = try producer(of: inputs[top.nextInput], for: top.node) else { continue }
            switch marks[producer] {
            case .done: continue
            case .open: throw InputError(at: place(producer), "the graph has a cycle through this node")
            case nil:
                marks[producer] = .open
                stack.append((producer, 0))
            }
        }
        return order
    }

    private func producer(of tensor: String, for reader: Int) throws -> Int? {
        if tensor.isEmpty || tensor == header.inputName || header.initializers[tensor] != nil { return nil }
        if let producer = producers[tensor] { return producer }
        throw InputError(
            at: place(reader),
            "input '\(tensor.echoed)' is neither the graph's input, an initializer nor a node's output")
    }

    private func isTopological(_ order: [Int]) -> Bool {
        order.allSatisfy { index in
            nodes[index].input.allSatisfy { (producers[$0] ?? -1) < index }
        }
    }

    private func uniqueNames(_ order: [Int]) -> [String] {
        var taken: Set<String> = [Network.inputName, ""]
        let reserved = Set(order.map { nodes[$0].name })
        return order.map { index in
            let node = nodes[index]
            if taken.insert(node.name).inserted { return node.name }
            var name = "\(node.opType)_\(index)"
            while taken.contains(name) || reserved.contains(name) { name += "_" }
            taken.insert(name)
            return name
        }
    }

    private func place(_ index: Int) -> String { "\(file): node \(title(index)) (\(nodes[index].opType))" }

    private func title(_ index: Int) -> String {
        nodes[index].name.isEmpty ? "\(nodes[index].opType)_\(index)" : nodes[index].name
    }
}
