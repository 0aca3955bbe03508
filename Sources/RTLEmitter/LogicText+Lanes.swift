import Design
import Fabric

// Primitives that move lanes: unpack, pack and laneSelect.

extension CellWriter {
    /// Lane i = bits [(i % parameter) * width +: width] of operand lane i / parameter.
    mutating func unpack(_ cell: LogicCell, _ width: Int) throws -> String {
        let parts = cell.parameter
        let whole = try source(cell.operands[0], lane: lane.divided(by: parts), "a")
        if parts == 1 { return whole.resized(width) }
        if case .constant(let number) = lane { return whole.bits(from: number % parts * width, count: width) }
        let first = "(\(lane.text) % \(parts))*\(width)"
        if let direct = whole.bits(fromText: first, count: width, below: parts * width) { return direct }
        _ = wire("word", width: parts * width, whole.resized(parts * width))
        return "\(stem)__word[\(first) +: \(width)]"
    }

    /// Lane i = operand lanes i * parameter ..< (i + 1) * parameter, the first lowest.
    mutating func pack(_ cell: LogicCell, _ width: Int) throws -> String {
        let parts = cell.parameter
        var pieces: [String] = []
        var total = 0
        for part in 0..<parts {
            var piece = try source(cell.operands[0], lane: lane.scaled(parts, plus: part), "a\(part)")
            if let id = cell.operands[0].netID { piece.width = design[id].width }
            pieces.append(piece.resized(piece.width))
            total += piece.width
        }
        let word = wire("word", width: total, "{\(pieces.reversed().joined(separator: ", "))}")
        return word.resized(width)
    }

    /// Lane i = a[map(i) + index * parameter]: a tree of two-way multiplexers. An index past the last choice that every
    /// lane has reads that last choice.
    mutating func laneSelect(_ cell: LogicCell, _ width: Int) throws -> String {
        guard case .net(let id, let map) = cell.operands[0] else { throw RTLError("laneSelect reads a constant") }
        let index = try source(cell.operands[1], "index")
        let net = design[id]
        let choices = try self.choices(of: net, map, step: cell.parameter)
        let levels = min(index.width, choices == 1 ? 0 : Int.bitWidth - (choices - 1).leadingZeroBitCount)
        let leaves = 1 << levels
        let name = "\(stem)__choices"
        text.line(Declaration.bus("wire", name, bits: leaves * net.width) + ";")
        try choose(id, SourceLane(map, lane: lane), choices: choices, leaves: leaves, step: cell.parameter, into: name)
        var level = BitSource(.variable(name), width: leaves * net.width, signed: false)
        for bit in 0..<levels { level = merged(level, lanes: leaves >> (bit + 1), net.width, index.bit(bit), bit) }
        level.signed = net.signed
        if levels == index.width { return level.resized(width) }
        var last = BitSource(.bus(name, lane: "\(leaves - 1)"), width: net.width, signed: net.signed)
        if leaves == 1 { last = level }
        let beyond = index.bits(from: levels, count: index.width - levels)
        return "(|\(beyond)) ? \(last.resized(width)) : \(level.resized(width))"
    }

    /// How many index values stay inside the operand for every lane.
    private func choices(of net: Net, _ map: LaneMap?, step: Int) throws -> Int {
        let lanes: Range<Int>
        switch lane {
        case .constant(let number): lanes = number..<(number + 1)
        case .variable(_, let count): lanes = 0..<count
        }
        let largest = lanes.compactMap { map == nil ? $0 : map?.source(of: $0) }.max() ?? 0
        guard step > 0, largest < net.lanes else { throw RTLError("\(net.name): laneSelect reads past its lanes") }
        return (net.lanes - 1 - largest) / step + 1
    }

    /// Connects leaf k of the tree to lane base + min(k, choices - 1) * step.
    private mutating func choose(
        _ id: NetID, _ base: SourceLane, choices: Int, leaves: Int, step: Int, into name: String
    ) throws {
        let width = design[id].width
        guard let index = base.index else {
            text.line("assign \(name) = \(leaves * width)'d0;")
            return
        }
        let choice = leaves > choices ? "((k < \(choices)) ? k : \(choices - 1))" : "k"
        let place = "(\(index.index) + \(BitSource.product(choice, step)))"
        let number = LanePosition.variable(place, count: design[id].lanes)
        let read = try source(id, lane: number).resized(width)
        text.loop("k", leaves, "\(name)_wires") { loop in
            if base.conditions.isEmpty {
                loop.line("assign \(name)[k*\(width) +: \(width)] = \(read);")
            } else {
                loop.block("if (\(base.conditions.joined(separator: " && "))) begin : wired") {
                    $0.line("assign \(name)[k*\(width) +: \(width)] = \(read);")
                }
                loop.block("else begin : absent") {
                    $0.line("assign \(name)[k*\(width) +: \(width)] = \(width)'d0;")
                }
            }
        }
    }

    /// One level of the tree: neighbours 2j and 2j + 1 by one bit of the index.
    private mutating func merged(
        _ level: BitSource, lanes: Int, _ width: Int, _ bit: String, _ number: Int
    ) -> BitSource {
        let name = "\(stem)__level\(number)"
        text.line(Declaration.bus("wire", name, bits: lanes * width) + ";")
        let previous = level.resized(level.width)
        text.loop("k", lanes, "\(name)_muxes") {
            $0.line(
                "assign \(name)[k*\(width) +: \(width)] = \(bit) ? \(previous)[(2*k + 1)*\(width) +: \(width)]"
                    + " : \(previous)[2*k*\(width) +: \(width)];")
        }
        return BitSource(.variable(name), width: lanes * width, signed: false)
    }
}
