import Design
import Fabric

// The text of one module: ports, scalars, instance arrays (declarations only, so that array[lane].name is the path of
// the Design), instances, then the logic, one generate loop per array. A wire that is driven before it is read is
// declared where it is driven.

/// Writes one scope of a Design.
struct ModuleWriter {
    let design: Design
    let routing: Routing
    let scope: Int
    let names: [String]
    /// What has a reset, and where.
    let resets: Resets
    /// Scalar wires that their cell's text declares.
    let inlined: Set<Int>
    /// Additions that take a product into their carry chain.
    let shiftAdds: [NetID: ShiftAdd]
    private let nets: [Int]
    private let initials: [Int: Int64]
    private let cascaded: Set<NetID>
    private let readBits: ReadBits

    init(_ design: Design, _ routing: Routing, scope: Int, names: [String], resets: Resets) {
        self.design = design
        shiftAdds = routing.shiftAdds
        self.routing = routing
        self.scope = scope
        self.names = names
        self.resets = resets
        readBits = ReadBits(design, routing, scope: scope)
        inlined = ModuleWriter.inlined(design, routing, scope: scope)
        nets = design.nets.indices.filter { design.nets[$0].scope == scope && design.nets[$0].role != .hiddenRegister }
        var initials: [Int: Int64] = [:]
        for index in routing.cells[scope] {
            if case .register(let cell) = design.cells[index] { initials[cell.output.index] = cell.initial }
        }
        self.initials = initials
        cascaded = Set(
            routing.cells[scope].compactMap { index in
                if case .dsp(let cell) = design.cells[index] { return cell.cascade }
                return nil
            })
    }

    /// Scalar wires of a scope that no text before their driver's reads: instances and memories stand before, arrays
    /// behind all scalar cells.
    private static func inlined(_ design: Design, _ routing: Routing, scope: Int) -> Set<Int> {
        var driven: Set<Int> = []
        var early: Set<Int> = []
        for index in routing.cells[scope] {
            let cell = design.cells[index]
            guard design[cell.outputs[0]].array == nil || cell.kind == .blockMemory else { continue }
            cell.forEachNet { if !driven.contains($0.index) { early.insert($0.index) } }
            if case .logic(let logic) = cell { driven.insert(logic.output.index) }
        }
        return driven.filter { !early.contains($0) && !routing.crosses($0) }
    }

    private var hasReset: Bool { resets.scopes.contains(scope) }

    func file() throws -> RTLFile {
        var text = TextBuilder()
        ModuleHeader(design: design, routing: routing, scope: scope, hasReset: hasReset).write(into: &text)
        text.line("`default_nettype none")
        text.blank()
        text.list("module \(names[scope]) (", portList(), ");")
        try text.block("", "endmodule") { body in
            declareScalars(&body)
            declareArrays(&body)
            connectBuses(&body)
            for child in routing.children[scope] { instance(of: child, &body) }
            try scalarLogic(&body)
            try arrayLogic(&body)
            declareUnread(&body)
        }
        text.blank()
        text.line("`default_nettype wire")
        return RTLFile(name: "rtl/\(names[scope]).sv", text: text.text)
    }

    // MARK: declarations

    private func portList() -> [String] {
        ["input wire clk"] + (hasReset ? ["input wire reset"] : [])
            + routing.ports[scope].map { port in
                let net = design.nets[port.net]
                let name = routing.name(of: port.net, in: scope)
                let direction = port.isInput ? "input" : "output"
                if net.array != nil { return Declaration.bus("\(direction) wire", name, bits: net.lanes * net.width) }
                let isHome = net.scope == scope && !port.isInput
                return "\(direction) " + (isHome ? declaration(port.net) : plain("wire", name, net))
            }
    }

    private func plain(_ keyword: String, _ name: String, _ net: Net) -> String {
        Declaration.text(keyword, name, width: net.width, signed: net.signed)
    }

    /// A net where it lives.
    private func declaration(_ index: Int) -> String {
        let net = design.nets[index]
        return plain(initials[index] == nil ? "wire" : "reg", Routing.localName(net), net)
    }

    /// The power-up value of a register, that of an FDRE's INIT; nil for wires.
    private func initial(_ index: Int) -> String? {
        guard let initial = initials[index] else { return nil }
        let net = design.nets[index]
        return "initial \(Routing.localName(net)) = \(Literal.text(initial, width: net.width));"
    }

    /// A net where it lives, with its power-up value.
    private func statement(_ index: Int) -> String {
        declaration(index) + ";" + (initial(index).map { "  \($0)" } ?? "")
    }

    /// Whether the net is a register that only its primitive's model has.
    private func isInsidePrimitive(_ net: Net) -> Bool { net.name.contains(".") }

    private func declareScalars(_ text: inout TextBuilder) {
        let ports = Set(routing.ports[scope].map(\.net))
        for port in routing.ports[scope] where !port.isInput && design.nets[port.net].scope == scope {
            if design.nets[port.net].array == nil, let initial = initial(port.net) { text.line(initial) }
        }
        for index in nets where design.nets[index].array == nil && !ports.contains(index) && !inlined.contains(index) {
            if !isInsidePrimitive(design.nets[index]) { text.line(statement(index)) }
        }
        for index in routing.wires[scope] {
            let net = design.nets[index]
            let name = routing.name(of: index, in: scope)
            let bus = Declaration.bus("wire", name, bits: net.lanes * net.width)
            text.line((net.array == nil ? plain("wire", name, net) : bus) + ";")
        }
        for case .dsp(let cell) in cells where design[cell.p].array == nil {
            let declaresP = !ports.contains(cell.p.index)
            text.append(DSPText.instance(cell, declaresP: declaresP, cascades: cascades(cell)).lines)
        }
        text.blank()
    }

    private var cells: [Cell] { routing.cells[scope].map { design.cells[$0] } }

    /// Whether another DSP48E2 takes this one's PCOUT.
    private func cascades(_ cell: DSPCell) -> Bool { cascaded.contains(cell.p) }

    /// Instance arrays of this module with their lanes, in order of appearance.
    private var arrays: [(name: String, lanes: Int)] {
        var seen: Set<String> = []
        return nets.compactMap { index in
            let net = design.nets[index]
            guard let array = net.array, seen.insert(array).inserted else { return nil }
            return (array, net.lanes)
        }
    }

    private func declareArrays(_ text: inout TextBuilder) {
        for array in arrays {
            text.loop("i", array.lanes, array.name) { loop in
                for index in nets where design.nets[index].array == array.name {
                    if !isInsidePrimitive(design.nets[index]) { loop.line(statement(index)) }
                }
                for case .dsp(let cell) in cells where design[cell.p].array == array.name {
                    loop.append(DSPText.instance(cell, cascades: cascades(cell)).lines)
                }
                declareUnread(ofArray: array.name, &loop)
            }
            text.blank()
        }
    }

    /// Vector nets of this module that cross its border: to or from their packed bus.
    private func connectBuses(_ text: inout TextBuilder) {
        let ports = routing.ports[scope]
        for index in nets where design.nets[index].array != nil && routing.crosses(index) {
            let net = design.nets[index]
            let name = routing.name(of: index, in: scope)
            let port = ports.first { $0.net == index }
            if port == nil { text.line(Declaration.bus("wire", name, bits: net.lanes * net.width) + ";") }
            let local = "\(net.array ?? "")[i].\(Routing.localName(net))"
            let slice = net.width == 1 ? "\(name)[i]" : "\(name)[i*\(net.width) +: \(net.width)]"
            let enters = port?.isInput ?? false
            text.loop("i", net.lanes, "\(name)__lanes") {
                $0.line(enters ? "assign \(local) = \(slice);" : "assign \(slice) = \(local);")
            }
        }
        text.blank()
    }

    private func instance(of child: Int, _ text: inout TextBuilder) {
        let pins = routing.ports[child].map { port in
            ".\(routing.name(of: port.net, in: child))(\(routing.name(of: port.net, in: scope)))"
        }
        let clocks = [".clk(clk)"] + (resets.scopes.contains(child) ? [".reset(reset)"] : [])
        text.list("\(names[child]) \(design.scopes[child].name) (", clocks + pins, ");")
        text.blank()
    }

    // MARK: bits that nothing reads

    /// One wire that reads what no other text does, so that a linter finds what was forgotten, and that alone.
    private func declareUnread(_ text: inout TextBuilder) {
        let ports = routing.ports[scope]
        var parts: [String] = []
        for index in nets where design.nets[index].array == nil && !isHiddenPin(design.nets[index]) {
            if ports.contains(where: { $0.net == index && !$0.isInput }) { continue }
            parts += bits(of: Routing.localName(design.nets[index]), design.nets[index].width, readBits.unread(index))
        }
        let foreign = ports.filter { $0.isInput && design.nets[$0.net].scope != scope }.map(\.net)
        for index in foreign + routing.wires[scope] {
            let net = design.nets[index]
            let name = routing.name(of: index, in: scope)
            parts +=
                net.array == nil
                ? bits(of: name, net.width, readBits.unread(index))
                : bits(of: name, net.lanes * net.width, readBits.unreadOfBus(index))
        }
        let isClocked = cells.contains { !$0.kind.isLogic } || !routing.children[scope].isEmpty
        if !isClocked { parts.append("clk") }
        unread("unused__bits", parts, &text)
    }

    private func declareUnread(ofArray array: String, _ text: inout TextBuilder) {
        let unread = nets.filter { index in
            let net = design.nets[index]
            return net.array == array && !isHiddenPin(net) && readBits.isPartlyUnread(index)
                && !(routing.crosses(index) && !isInput(index))
        }
        self.unread("unused__nets", unread.map { Routing.localName(design.nets[$0]) }, &text)
    }

    private func isInput(_ index: Int) -> Bool { routing.ports[scope].contains { $0.net == index && $0.isInput } }

    /// Whether no variable of this text stands for the net.
    private func isHiddenPin(_ net: Net) -> Bool { isInsidePrimitive(net) && !net.name.hasSuffix(".P") }

    private func bits(of name: String, _ width: Int, _ ranges: [ClosedRange<Int>]) -> [String] {
        ranges.map { range in
            if range.count == width { return name }
            let low = range.lowerBound
            return range.count == 1 ? "\(name)[\(low)]" : "\(name)[\(range.upperBound):\(low)]"
        }
    }

    private func unread(_ name: String, _ parts: [String], _ text: inout TextBuilder) {
        guard !parts.isEmpty else { return }
        text.line("// What nothing in this module reads.")
        text.line("wire \(name) = &{1'b0, \(parts.joined(separator: ", "))};")
        text.blank()
    }

    // MARK: logic

    private func scalarLogic(_ text: inout TextBuilder) throws {
        let own = cells.filter { design[$0.outputs[0]].array == nil || $0.kind == .blockMemory }
        try write(own, lane: .constant(0), &text)
        text.blank()
    }

    private func arrayLogic(_ text: inout TextBuilder) throws {
        for array in arrays {
            let own = cells.filter { design[$0.outputs[0]].array == array.name && $0.kind != .blockMemory }
            if own.isEmpty { continue }
            try text.loop("i", array.lanes, "\(array.name)_logic") {
                try write(own, lane: .variable("i", count: array.lanes), &$0)
            }
            text.blank()
        }
    }

    /// The texts of cells; a register waits for the next one where both are written under the same conditions.
    private func write(_ cells: [Cell], lane: LanePosition, _ text: inout TextBuilder) throws {
        var registers: [RegisterCell] = []
        var following: [RegisterCell] = cells.reversed().compactMap {
            if case .register(let cell) = $0 { return cell }
            return nil
        }
        for cell in cells {
            switch cell {
            case .register(let register):
                registers.append(register)
                following.removeLast()
                if let next = following.last, isAlike(register, next) { continue }
                try flush(&registers, lane: lane, &text)
            case .memory(let memory):
                text.blank()
                try MemoryText(module: self, cell: memory).write(into: &text)
                text.blank()
            case .logic, .shiftRegister, .dsp:
                text.append(try lines(of: cell, lane: lane))
            }
        }
    }

    private func isAlike(_ a: RegisterCell, _ b: RegisterCell) -> Bool {
        a.enable == b.enable && a.reset == b.reset && resets.nets.contains(a.output) == resets.nets.contains(b.output)
    }

    private func flush(_ registers: inout [RegisterCell], lane: LanePosition, _ text: inout TextBuilder) throws {
        guard let first = registers.first else { return }
        var writer = CellWriter(self, lane: lane, stem: Routing.localName(design[first.output]))
        try writer.write(registers, resets: resets.nets.contains(first.output))
        text.append(writer.text.lines)
        registers = []
    }

    private func lines(of cell: Cell, lane: LanePosition) throws -> [String] {
        var stem = Routing.localName(design[cell.outputs[0]])
        if case .dsp(let dsp) = cell { stem = "\(dsp.name)__pin" }
        var writer = CellWriter(self, lane: lane, stem: stem)
        switch cell {
        case .logic(let cell): try writer.write(cell, declares: inlined.contains(cell.output.index))
        case .shiftRegister(let cell): try writer.write(cell, resets: resets.nets.contains(cell.output))
        case .dsp(let cell): try writer.write(cell)
        case .register, .memory: break
        }
        return writer.text.lines
    }
}
