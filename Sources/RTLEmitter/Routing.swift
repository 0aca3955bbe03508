import Design

// Which nets cross module borders, and under which names. A net lives in the module of its scope; a reader elsewhere
// gets it through ports along the path between the two. Vector nets cross as one packed bus, lane 0 lowest.

/// The ports, inner wires and names of every module.
struct Routing {
    struct Port {
        var net: Int
        var isInput: Bool
    }
    /// Per scope, in order of the nets.
    private(set) var ports: [[Port]]
    /// Per scope: nets that only pass between its instances.
    private(set) var wires: [[Int]]
    /// Per scope: indices of the cells whose text stands in it.
    private(set) var cells: [[Int]]
    /// Per scope: its instances.
    private(set) var children: [[Int]]
    /// Additions that take a product into their carry chain.
    let shiftAdds: [NetID: ShiftAdd]
    private let design: Design
    private var foreignNames: [String?]

    init(_ design: Design) throws {
        self.design = design
        shiftAdds = design.shiftAdds()
        let scopes = design.scopes.count
        ports = Array(repeating: [], count: scopes)
        wires = Array(repeating: [], count: scopes)
        cells = Array(repeating: [], count: scopes)
        children = Array(repeating: [], count: scopes)
        foreignNames = Array(repeating: nil, count: design.nets.count)
        for (index, scope) in design.scopes.enumerated() {
            if let parent = scope.parent { children[parent].append(index) }
        }
        for (index, cell) in design.cells.enumerated() {
            cells[design[cell.outputs[0]].scope].append(index)
        }
        let readers = Routing.readers(of: design)
        let inputs = Set(design.inputs)
        let outputs = Set(design.outputs)
        let crossing = design.nets.indices.filter { net in readers[net].contains { $0 != design.nets[net].scope } }
        var names = try LocalNames(design, crossing: crossing)
        // The ports of top choose their names first, so that they are the same whatever passes between the modules.
        let atTop = design.nets.indices.filter { inputs.contains(NetID($0)) || outputs.contains(NetID($0)) }
        let others = design.nets.indices.filter { !inputs.contains(NetID($0)) && !outputs.contains(NetID($0)) }
        for net in atTop + others {
            let id = NetID(net)
            route(net, readers: readers[net], enters: inputs.contains(id), leaves: outputs.contains(id), &names)
        }
        for scope in design.scopes.indices {
            ports[scope].sort { $0.net < $1.net }
            wires[scope].sort()
        }
    }

    /// The variable that a scalar net has in its own module.
    static func localName(_ net: Net) -> String { net.name.split(separator: ".").joined(separator: "_") }

    /// The name of a net, or of its bus, as a port or wire of `scope`.
    func name(of net: Int, in scope: Int) -> String {
        let value = design.nets[net]
        return value.scope == scope && value.array == nil ? Routing.localName(value) : foreignNames[net] ?? value.name
    }

    /// Whether a net is seen outside its own module.
    func crosses(_ net: Int) -> Bool { foreignNames[net] != nil }

    /// Scopes that read each net.
    private static func readers(of design: Design) -> [Set<Int>] {
        var readers = [Set<Int>](repeating: [], count: design.nets.count)
        for cell in design.cells {
            let scope = design[cell.outputs[0]].scope
            for operand in cell.operands {
                if let id = operand.netID { readers[id.index].insert(scope) }
            }
        }
        return readers
    }

    /// Scopes from `scope` up to `top`.
    private func ancestors(_ scope: Int) -> [Int] {
        var result = [scope]
        while let parent = design.scopes[result[result.count - 1]].parent { result.append(parent) }
        return result
    }

    private mutating func route(_ net: Int, readers: Set<Int>, enters: Bool, leaves: Bool, _ names: inout LocalNames) {
        let home = design.nets[net].scope
        let up = ancestors(home)
        var drives: Set<Int> = leaves && !enters ? Set(up) : []
        var receives: Set<Int> = enters ? Set(up) : []
        var present: Set<Int> = []
        for reader in readers where reader != home {
            let path = ancestors(reader)
            let meeting = path.first { up.contains($0) } ?? 0
            receives.formUnion(path.prefix { $0 != meeting })
            if !enters { drives.formUnion(up.prefix { $0 != meeting }) }
            present.insert(meeting)
        }
        let all = drives.union(receives).union(present)
        guard !all.isEmpty else { return }
        let isVector = design.nets[net].array != nil
        foreignNames[net] = names.claim(
            design.nets[net], in: isVector ? all : all.subtracting([home]),
            isPort: enters ? .input : leaves ? .output : nil)
        for scope in drives { ports[scope].append(Port(net: net, isInput: false)) }
        for scope in receives { ports[scope].append(Port(net: net, isInput: true)) }
        for scope in present where scope != home && !drives.contains(scope) && !receives.contains(scope) {
            wires[scope].append(net)
        }
    }
}

/// Names taken in each module.
private struct LocalNames {
    enum TopPort { case input, output }

    private var taken: [Set<String>]
    private let design: Design
    /// Local names that several nets have which cross module borders: their modules are part of their names outside.
    private let shared: Set<String>

    init(_ design: Design, crossing: [Int]) throws {
        self.design = design
        let crossing = Dictionary(grouping: crossing) { Routing.localName(design.nets[$0]) }
        shared = Set(crossing.filter { $0.value.count > 1 }.keys)
        taken = Array(repeating: ["clk"], count: design.scopes.count)
        var arrays: [String: Int] = [:]
        for (index, scope) in design.scopes.enumerated() {
            try Identifier.check(scope.name, "scope \(index)")
            if let parent = scope.parent { try take(scope.name, in: parent, "instance of \(index)") }
        }
        for (index, net) in design.nets.enumerated() where net.role != .hiddenRegister {
            let path = design.path(of: NetID(index))
            for part in net.name.split(separator: ".") { try Identifier.check(String(part), path) }
            guard let array = net.array else {
                try take(Routing.localName(net), in: net.scope, path)
                continue
            }
            try Identifier.check(array, path)
            guard net.name != "clk" else { throw RTLError("\(path): clk is the name of the clock") }
            let key = "\(net.scope).\(array)"
            if let lanes = arrays[key] {
                guard lanes == net.lanes else { throw RTLError("\(path): \(net.lanes) lanes in an array of \(lanes)") }
            } else {
                arrays[key] = net.lanes
                try take(array, in: net.scope, path)
                try take("\(array)_logic", in: net.scope, path)
            }
        }
        for cell in design.cells {
            if case .memory(let memory) = cell { try take(memory.name, in: design[memory.latch].scope, memory.name) }
        }
    }

    private mutating func take(_ name: String, in scope: Int, _ what: String) throws {
        guard taken[scope].insert(name).inserted else {
            throw RTLError("\(what): the name \(name) is used twice in \(design.path(ofScope: scope))")
        }
    }

    /// A name that is free in all of `scopes`: the shortest of name, array_name and path_array_name. `isPort`: the net is
    /// a port of top.
    mutating func claim(_ net: Net, in scopes: Set<Int>, isPort: TopPort?) -> String {
        let suffix = net.array == nil ? "" : "_bus"
        let base = net.name.split(separator: ".").joined(separator: "_")
        let array = net.array.map { "\($0)_\(base)" } ?? base
        let path = design.path(ofScope: net.scope).dropFirst().joined(separator: "_")
        let whole = path.isEmpty ? array : "\(path)_\(array)"
        var stems = [base, array, whole]
        switch isPort {
        case .input: break
        case .output: stems = [array, whole]
        case nil where shared.contains(base):
            stems = net.array == nil ? [whole, "\(whole)_out"] : [array, whole]
        case nil: break
        }
        var candidates = stems.map { $0 + suffix }
        var number = 2
        while true {
            for candidate in candidates where scopes.allSatisfy({ !taken[$0].contains(candidate) }) {
                for scope in scopes { taken[scope].insert(candidate) }
                return candidate
            }
            candidates = ["\(base)_\(number)\(suffix)"]
            number += 1
        }
    }
}
