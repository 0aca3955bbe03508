import Design
import Fabric

// The text of one module: ports, scalars, instance arrays (declarations only, so that array[lane].name is the path of
// the Design), instances, then the logic, one generate loop per array.

/// Writes one scope of a Design.
struct ModuleWriter {
    let design: Design
    let routing: Routing
    let scope: Int
    let names: [String]
    private let nets: [Int]
    private let initials: [Int: Int64]
    private let cascaded: Set<NetID>

    init(_ design: Design, _ routing: Routing, scope: Int, names: [String]) {
        self.design = design
        self.routing = routing
        self.scope = scope
        self.names = names
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

    func file() throws -> RTLFile {
        var text = TextBuilder()
        text.line("// \(design.path(ofScope: scope).joined(separator: ".")) of \(design.name), written by ShiftSim.")
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
        }
        text.blank()
        text.line("`default_nettype wire")
        return RTLFile(name: "rtl/\(names[scope]).sv", text: text.text)
    }

    // MARK: declarations

    private func portList() -> [String] {
        ["input wire clk"]
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

    /// A net where it lives, with its initial value.
    private func declaration(_ index: Int) -> String {
        let net = design.nets[index]
        guard let initial = initials[index] else { return plain("wire", Routing.localName(net), net) }
        return plain("reg", Routing.localName(net), net) + " = \(Literal.text(initial, width: net.width))"
    }

    /// Whether the net is a register that only its primitive's model has.
    private func isInsidePrimitive(_ net: Net) -> Bool { net.name.contains(".") }

    private func declareScalars(_ text: inout TextBuilder) {
        let ports = Set(routing.ports[scope].map(\.net))
        for index in nets where design.nets[index].array == nil && !ports.contains(index) {
            if !isInsidePrimitive(design.nets[index]) { text.line(declaration(index) + ";") }
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
                    if !isInsidePrimitive(design.nets[index]) { loop.line(declaration(index) + ";") }
                }
                for case .dsp(let cell) in cells where design[cell.p].array == array.name {
                    loop.append(DSPText.instance(cell, cascades: cascades(cell)).lines)
                }
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
            let slice = "\(name)[i*\(net.width) +: \(net.width)]"
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
        text.list("\(names[child]) \(design.scopes[child].name) (", [".clk(clk)"] + pins, ");")
        text.blank()
    }

    // MARK: logic

    private func scalarLogic(_ text: inout TextBuilder) throws {
        for cell in cells {
            if case .memory(let memory) = cell {
                text.blank()
                try MemoryText(module: self, cell: memory).write(into: &text)
                text.blank()
            } else if design[cell.outputs[0]].array == nil {
                text.append(try lines(of: cell, lane: .constant(0)))
            }
        }
        text.blank()
    }

    private func arrayLogic(_ text: inout TextBuilder) throws {
        for array in arrays {
            let own = cells.filter { design[$0.outputs[0]].array == array.name && $0.kind != .blockMemory }
            if own.isEmpty { continue }
            try text.loop("i", array.lanes, "\(array.name)_logic") { loop in
                for cell in own { loop.append(try lines(of: cell, lane: .variable("i", count: array.lanes))) }
            }
            text.blank()
        }
    }

    private func lines(of cell: Cell, lane: LanePosition) throws -> [String] {
        var stem = Routing.localName(design[cell.outputs[0]])
        if case .dsp(let dsp) = cell { stem = "\(dsp.name)__pin" }
        var writer = CellWriter(self, lane: lane, stem: stem)
        switch cell {
        case .logic(let cell): try writer.write(cell)
        case .register(let cell): try writer.write(cell)
        case .shiftRegister(let cell): try writer.write(cell)
        case .dsp(let cell): try writer.write(cell)
        case .memory: break
        }
        return writer.text.lines
    }
}
