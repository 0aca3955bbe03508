import Design
import Fabric

// Writes the text of one cell in one lane context: helper wires first, then the assignment of its target.

/// What the texts of cells have in common.
struct CellWriter {
    let design: Design
    let routing: Routing
    let scope: Int
    let lane: LanePosition
    let shiftAdds: [NetID: ShiftAdd]
    /// Helper wires are named stem__suffix.
    var stem: String
    var text: TextBuilder

    init(_ module: ModuleWriter, lane: LanePosition, stem: String) {
        design = module.design
        routing = module.routing
        scope = module.scope
        shiftAdds = module.shiftAdds
        self.lane = lane
        self.stem = stem
        text = TextBuilder()
    }

    /// The variable of a net of this module in lane `lane`.
    func variable(_ net: Net, lane: LanePosition) -> String {
        let local = Routing.localName(net)
        return net.array.map { "\($0)[\(lane.index)].\(local)" } ?? local
    }

    /// Where a net is read.
    func source(_ id: NetID, lane: LanePosition) throws -> BitSource {
        let net = design[id]
        if net.name.contains("."), !net.name.hasSuffix(".P") {
            throw RTLError("\(design.path(of: id)) is inside a primitive: no pin shows it")
        }
        guard net.role != .hiddenRegister else { throw RTLError("\(design.path(of: id)): no pin shows it") }
        if net.scope == scope {
            return BitSource(.variable(variable(net, lane: lane)), width: net.width, signed: net.signed)
        }
        let name = routing.name(of: id.index, in: scope)
        let form: BitSource.Form = net.array == nil ? .variable(name) : .bus(name, lane: lane.text)
        return BitSource(form, width: net.width, signed: net.signed)
    }

    /// The source of an operand in this lane; a limited lane map becomes a helper wire under generate-if.
    mutating func source(_ operand: Operand, _ suffix: String) throws -> BitSource {
        try source(operand, lane: lane, suffix)
    }

    /// The source of an operand of a cell lane `lane`.
    mutating func source(_ operand: Operand, lane: LanePosition, _ suffix: String) throws -> BitSource {
        switch operand {
        case .constant(let value):
            return BitSource(constant: value)
        case .laneIndex:
            return number(of: lane, suffix)
        case .net(let id, let map):
            let net = design[id]
            let mapped = SourceLane(map, lane: lane)
            guard let index = mapped.index else { return BitSource(constant: 0) }
            let place: LanePosition = net.lanes == 1 ? .constant(0) : index
            let direct = try source(id, lane: place)
            return mapped.conditions.isEmpty ? direct : guarded(direct, mapped.conditions, suffix)
        }
    }

    /// The lane number as a value.
    private mutating func number(of lane: LanePosition, _ suffix: String) -> BitSource {
        switch lane {
        case .constant(let number):
            return BitSource(constant: Int64(number))
        case .variable(let expression, let count):
            let bits = BitSource(constant: Int64(max(1, count - 1))).width
            text.line("localparam integer \(stem)__\(suffix)_lane = \(expression);")
            return wire(suffix, width: bits, "\(stem)__\(suffix)_lane[\(bits - 1):0]")
        }
    }

    private mutating func guarded(_ value: BitSource, _ conditions: [String], _ suffix: String) -> BitSource {
        let name = "\(stem)__\(suffix)"
        text.line(Declaration.text("wire", name, width: value.width, signed: value.signed) + ";")
        text.block("if (\(conditions.joined(separator: " && "))) begin : \(name)_wired") {
            $0.line("assign \(name) = \(value.resized(value.width));")
        }
        text.block("else begin : \(name)_absent") { $0.line("assign \(name) = \(value.width)'d0;") }
        return BitSource(.variable(name), width: value.width, signed: value.signed)
    }

    /// A helper wire of an expression.
    mutating func wire(_ suffix: String, width: Int, signed: Bool = false, _ expression: String) -> BitSource {
        let name = "\(stem)__\(suffix)"
        text.line(Declaration.text("wire", name, width: width, signed: signed) + " = \(expression);")
        return BitSource(.variable(name), width: width, signed: signed)
    }

    /// A one-bit condition; nil when it always holds.
    mutating func condition(_ operand: Operand?, _ suffix: String) throws -> String? {
        guard let operand else { return nil }
        let value = try source(operand, suffix)
        if let constant = value.constantValue, constant != 0 { return nil }
        return value.nonZero
    }
}
