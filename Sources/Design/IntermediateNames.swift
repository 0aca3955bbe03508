// Names of intermediate results, given when the Design is whole and somebody reads them. A result that serves one thing
// is named by it (next_row, row_enable); others by their operation and operands (advance_and_in_map), or, where that is long, by the
// named net that they lead to (tile_loaded_condition). A name depends on the cells around its net and not on the ones
// far away, so that a change in one place leaves the names in others alone; a number stands only between equals.

import Fabric

extension Design {
    /// The same Design with names for its intermediate nets: for whoever shows them. Those of the text and of a trace of
    /// everything are these; the kernel needs none.
    public var named: Design { IntermediateNames.named(self) }
}

/// Names the nets of a Design that have no name, all of them of role `temporary`.
struct IntermediateNames {
    /// Characters of a name that is made of operands; longer ones are named by what they lead to.
    private static let longest = 32

    /// A cell that reads a net, and what it does with it.
    private struct Reader {
        var cell: Int
        /// Around the name of the cell's output; nil: an operand of logic.
        var use: (prefix: String, suffix: String)?
    }

    private var design: Design
    private var driver: [Int?]
    private var readers: [[Reader]]
    private var taken: TakenNames
    private let unnamed: Set<Int>

    /// The Design with its intermediate results named.
    static func named(_ design: Design) -> Design {
        guard design.nets.contains(where: { $0.name.isEmpty }) else { return design }
        var names = IntermediateNames(design)
        for index in names.unnamed.sorted() { names.name(index) }
        return names.design
    }

    private init(_ design: Design) {
        self.design = design
        driver = Array(repeating: nil, count: design.nets.count)
        readers = Array(repeating: [], count: design.nets.count)
        taken = TakenNames(design)
        unnamed = Set(design.nets.indices.filter { design.nets[$0].name.isEmpty })
        for (index, cell) in design.cells.enumerated() {
            for id in cell.outputs { driver[id.index] = index }
            noteReads(of: cell, index)
        }
    }

    private mutating func noteReads(of cell: Cell, _ index: Int) {
        func note(_ operand: Operand?, _ prefix: String, _ suffix: String, _ this: inout IntermediateNames) {
            guard let id = operand?.netID, this.unnamed.contains(id.index) else { return }
            this.readers[id.index].append(Reader(cell: index, use: (prefix, suffix)))
        }
        switch cell {
        case .logic(let cell):
            for operand in cell.operands {
                guard let id = operand.netID, unnamed.contains(id.index) else { continue }
                readers[id.index].append(Reader(cell: index))
            }
        case .register(let cell):
            note(cell.data, "next_", "", &self)
            note(cell.enable, "", "_enable", &self)
            note(cell.reset, "", "_clear", &self)
        case .shiftRegister(let cell):
            note(cell.data, "", "_input", &self)
            note(cell.enable, "", "_enable", &self)
        case .memory(let cell):
            note(cell.writeEnable, "", "_write_enable", &self)
            note(cell.writeAddress, "", "_write_address", &self)
            note(cell.writeData, "", "_write_data", &self)
            note(cell.readEnable, "", "_read_enable", &self)
            note(cell.readAddress, "", "_read_address", &self)
            note(cell.outputEnable, "", "_output_enable", &self)
        case .dsp(let cell):
            for (operand, _) in cell.dataOperands { note(operand, "", "_operand", &self) }
            for operand in cell.enables { note(operand, "", "_enable", &self) }
            note(cell.starts, "", "_start", &self)
        }
    }

    private mutating func name(_ index: Int) {
        var candidates: [String] = []
        if let use = onlyUse(of: index) { candidates.append(use) }
        let operation = self.operation(of: index)
        if let operation, operation.count <= IntermediateNames.longest { candidates.append(operation) }
        let stem = "\(goal(of: index))_\(word(of: index))"
        candidates.append(stem)
        design.nets[index].name = taken.claim(candidates, for: design.nets[index])
    }

    // MARK: by use

    /// The name by the one thing that all readers do with a net; nil where they differ or are logic.
    private func onlyUse(of index: Int) -> String? {
        let readers = readers[index]
        guard let use = readers.first?.use, readers.count == 1 else { return nil }
        return use.prefix + target(readers[0].cell, from: index) + use.suffix
    }

    /// The name of the primitive or of the net that a cell drives.
    private func target(_ cell: Int, from index: Int) -> String {
        switch design.cells[cell] {
        case .memory(let memory): memory.name
        case .dsp(let dsp): dsp.name
        default: local(design.cells[cell].outputs[0], from: index)
        }
    }

    /// The named net or the primitive that a net leads to, through the first reader of each intermediate result.
    private func goal(of index: Int) -> String {
        var current = index
        while let reader = readers[current].first {
            let output = design.cells[reader.cell].outputs[0]
            if reader.use != nil || !unnamed.contains(output.index) { return target(reader.cell, from: index) }
            current = output.index
        }
        return "unread"
    }

    // MARK: by operation

    /// A net's name as one of its readers or neighbours says it: with its array where that is another one.
    private func local(_ id: NetID, from index: Int) -> String {
        let net = design[id]
        var name = net.name.split(separator: ".").joined(separator: "_")
        if name.hasSuffix("_field") { name.removeLast("_field".count) }
        guard let array = net.array, array != design.nets[index].array else { return name }
        return "\(array)_\(name)"
    }

    private func operand(_ operand: Operand, of index: Int) -> String {
        switch operand {
        case .constant(let value): return value < 0 ? "minus_\(value.magnitude)" : "\(value)"
        case .laneIndex: return "lane"
        case .net(let id, let map):
            let name = local(id, from: index)
            guard let map, design[id].lanes > 1, design.nets[index].lanes == 1, let lane = map.source(of: 0) else {
                return name
            }
            return "\(name)_\(lane)"
        }
    }

    /// The name by operation and operands.
    private func operation(of index: Int) -> String? {
        guard let cell = driver[index], case .logic(let logic) = design.cells[cell] else { return nil }
        let words = logic.operands.map { operand($0, of: index) }
        let width = design.nets[index].width
        let name = IntermediateNames.operation(logic, words, width, design)
        return name.first.map { $0.isNumber ? "number_\(name)" : name }
    }

    private static func operation(_ cell: LogicCell, _ words: [String], _ width: Int, _ design: Design) -> String {
        let a = words[0]
        let b = words.count > 1 ? words[1] : ""
        switch cell.kind {
        case .not: return negated(a)
        case .and: return "\(a)_and_\(b)"
        case .or: return "\(a)_or_\(b)"
        case .xor: return cell.operands[1] == .constant(1) && width == 1 ? negated(a) : "\(a)_xor_\(b)"
        case .add: return "\(a)_plus_\(b)"
        case .subtract: return "\(a)_minus_\(b)"
        case .equal: return "\(a)_is_\(b)"
        case .lessThan: return "\(a)_below_\(b)"
        case .multiplex: return choice(cell, words)
        case .slice: return part(cell, a, width, design)
        case .shiftLeftConstant: return cell.parameter == 0 ? "\(a)_extended" : "\(a)_up_\(cell.parameter)"
        case .shiftRight: return "\(a)_shifted_right"
        case .shiftLeft: return "\(a)_shifted_left"
        case .maximum: return "larger_of_\(a)_\(b)"
        default: return "\(a)_\(word(of: cell.kind))"
        }
    }

    private static func negated(_ name: String) -> String {
        let words = name.split(separator: "_")
        guard words.dropFirst().filter({ $0 == "is" }).count == 1, !words.contains("and"), !words.contains("or") else {
            return "not_\(name)"
        }
        return words.map { $0 == "is" ? "is_not" : String($0) }.joined(separator: "_")
    }

    /// [condition, if true, if false]
    private static func choice(_ cell: LogicCell, _ words: [String]) -> String {
        switch (cell.operands[1], cell.operands[2]) {
        case (.net, .net): "\(words[1])_else_\(words[2])"
        case (.net, .constant(0)): "\(words[1])_if_\(words[0])"
        case (.constant(0), .net): "\(words[2])_unless_\(words[0])"
        default: "choice_by_\(words[0])"
        }
    }

    private static func part(_ cell: LogicCell, _ a: String, _ width: Int, _ design: Design) -> String {
        if width == 1 { return "\(a)_bit\(cell.parameter)" }
        if cell.parameter > 0 { return "\(a)_\(cell.parameter + width - 1)_to_\(cell.parameter)" }
        let whole = cell.operands[0].netID.map { design[$0].width } ?? 0
        return width < whole ? "\(a)_low\(width)" : "\(a)_extended"
    }

    private func word(of index: Int) -> String {
        guard let cell = driver[index] else { return "value" }
        return IntermediateNames.word(of: design.cells[cell].kind)
    }

    /// What a kind of cell makes.
    private static func word(of kind: PrimitiveKind) -> String {
        switch kind {
        case .not: "inverse"
        case .and, .or, .xor: "condition"
        case .add: "sum"
        case .subtract: "difference"
        case .equal: "match"
        case .lessThan: "order"
        case .multiplex: "choice"
        case .slice: "part"
        case .shiftLeftConstant, .shiftRight, .shiftLeft: "shifted"
        case .roundShift: "rounded"
        case .saturate: "saturated"
        case .maximum: "larger"
        case .powerOfTwoShift: "scaled"
        case .unpack: "unpacked"
        case .pack: "packed"
        case .laneSelect: "selected"
        case .register, .shiftRegister, .blockMemory, .dsp48e2: "value"
        }
    }
}

/// Names that a module has already: its scalars, arrays, memories and instances, and the nets of each array. A net of an
/// array has no scalar's name, so that neither hides the other.
private struct TakenNames {
    private var scalars: [Set<String>]
    private var inArrays: [Set<String>]
    private var byArray: [String: Set<String>] = [:]

    init(_ design: Design) {
        scalars = Array(repeating: ["clk", "reset"], count: design.scopes.count)
        inArrays = Array(repeating: [], count: design.scopes.count)
        for scope in design.scopes { if let parent = scope.parent { scalars[parent].insert(scope.name) } }
        for net in design.nets {
            if let array = net.array { scalars[net.scope].formUnion([array, "\(array)_logic"]) }
            if !net.name.isEmpty { insert(net.name.split(separator: ".").joined(separator: "_"), net) }
        }
        for cell in design.cells {
            if case .memory(let memory) = cell { scalars[design[memory.latch].scope].insert(memory.name) }
        }
    }

    private func key(_ net: Net) -> String { "\(net.scope).\(net.array ?? "")" }

    private mutating func insert(_ name: String, _ net: Net) {
        if net.array == nil {
            scalars[net.scope].insert(name)
        } else {
            inArrays[net.scope].insert(name)
            byArray[key(net), default: []].insert(name)
        }
    }

    private func isFree(_ name: String, _ net: Net) -> Bool {
        if scalars[net.scope].contains(name) { return false }
        return net.array == nil ? !inArrays[net.scope].contains(name) : byArray[key(net)]?.contains(name) != true
    }

    /// The first candidate that is free, or the last one with the lowest free number.
    mutating func claim(_ candidates: [String], for net: Net) -> String {
        var name = candidates.first { isFree($0, net) }
        var number = 2
        while name == nil {
            let numbered = "\(candidates[candidates.count - 1])_\(number)"
            if isFree(numbered, net) { name = numbered }
            number += 1
        }
        let claimed = name ?? candidates[0]
        insert(claimed, net)
        return claimed
    }
}
