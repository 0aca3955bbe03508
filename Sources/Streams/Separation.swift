// Control and data apart. Data never influences control: what the read port brings reaches no scalar, no enable, no
// address. So all cells are of one of three sorts, and this file finds which: the data path (what read data reaches), the
// write enables of its memories' banks (vectors that scalars decode into), and control (all others). Control runs
// ahead for all images; the data path follows behind it, a block of cycles at a time.

import Design
import Fabric

/// How the cells of a Design fall apart.
package struct Separation: Sendable {
    /// When the banks of a data-path memory are written.
    package struct WriteEnable: Sendable, Hashable {
        /// High: the bank is written, where there is no `bank`, or the one whose number that is.
        package var bit: NetID
        /// The number of the bank that is written; nil: all lanes are.
        package var bank: NetID?
    }

    /// Why a Design does not fall apart: it runs on the plain kernel.
    package struct Obstacle: Error, Sendable, CustomStringConvertible {
        /// The net, and what is wrong with it.
        package let description: String
    }

    /// The Design that falls apart.
    package let design: Design
    /// Whether each cell belongs to the data path, by cell.
    package let isData: [Bool]
    /// Whether each cell only decodes bank enables: neither control nor data have it, by cell.
    package let isDecoder: [Bool]
    /// Scalars of control that the data path reads, and those that a trace needs; ascending.
    package internal(set) var boundary: [NetID]
    /// Vectors of control that a trace needs.
    package internal(set) var watchedVectors: [NetID] = []
    /// Registers of the data path that a trace needs, and the read port's data: nets that must have rows.
    package internal(set) var watchedRows: Set<NetID> = []
    /// The write enables of the data path's memories, by cell.
    package let writeEnables: [Int: WriteEnable]
    /// The read port's data, where the data path begins.
    package let source: NetID
    /// The write port's data, where it ends.
    package let sink: NetID
    /// Who drives and reads the Design's nets.
    let graph: CellGraph

    /// Cells of control: those that are neither data nor decoders.
    package var control: [Int] { design.cells.indices.filter { !isData[$0] && !isDecoder[$0] } }

    /// Takes a Design apart at its memory interface. Throws `Obstacle` naming the first net that stands in the way.
    package init(_ design: Design, memory: MemoryInterface) throws {
        self.design = design
        (source, sink) = (memory.read.data, memory.write.data)
        let graph = CellGraph(design, source: source)
        self.graph = graph
        let isData = graph.reached(from: source)
        self.isData = isData
        var boundary: Set<NetID> = []
        var writeEnables: [Int: WriteEnable] = [:]
        for index in design.cells.indices where isData[index] {
            let cell = design.cells[index]
            try Separation.check(cell, graph, isData)
            if case .memory(let memory) = cell {
                let enable = try Separation.writeEnable(of: memory, graph)
                writeEnables[index] = enable
                boundary.formUnion([enable.bit] + (enable.bank.map { [$0] } ?? []))
            }
            for operand in Separation.scalarOperands(of: cell) {
                if let id = operand.netID, !graph.isDriven(id, by: isData), id != memory.read.data {
                    boundary.insert(id)
                }
            }
        }
        let outputs = design.outputs.filter { $0 != memory.write.data }
        for id in outputs where graph.isDriven(id, by: isData) {
            throw Obstacle(description: "read data reaches the port \(design.named.path(of: id))")
        }
        self.boundary = boundary.sorted()
        self.writeEnables = writeEnables
        isDecoder = graph.decoders(isData, keeping: self.boundary + outputs)
    }

    // MARK: checks

    /// What the data path reads besides its memories' write enables.
    private static func scalarOperands(of cell: Cell) -> [Operand] {
        guard case .memory(let memory) = cell else { return cell.operands }
        return [memory.writeAddress, memory.writeData, memory.readEnable, memory.readAddress]
            + [memory.outputEnable].compactMap { $0 }
    }

    /// A cell of the data path must take its enables, resets and addresses from control, as scalars, and every vector it
    /// computes with from data.
    private static func check(_ cell: Cell, _ graph: CellGraph, _ isData: [Bool]) throws {
        let design = graph.design
        var controls: [Operand] = []
        switch cell {
        case .logic(let logic): if logic.kind == .laneSelect { controls = [logic.operands[1]] }
        case .register(let register): controls = [register.enable, register.reset].compactMap { $0 }
        case .shiftRegister(let shift): controls = [shift.enable].compactMap { $0 }
        case .memory(let memory):
            controls =
                [memory.writeAddress, memory.readEnable, memory.readAddress]
                + [memory.outputEnable].compactMap { $0 }
        case .dsp(let dsp): controls = dsp.controls
        }
        for id in controls.compactMap(\.netID) where graph.isDriven(id, by: isData) || id == graph.source {
            throw Obstacle(description: "read data reaches \(design.named.path(of: id)), which controls the data path")
        }
        for operand in controls {
            guard case .net(let id, let map) = operand else { continue }
            guard design[id].lanes == 1, map == nil else {
                throw Obstacle(description: "\(design.named.path(of: id)) controls the data path lane by lane")
            }
        }
        for operand in scalarOperands(of: cell) {
            guard case .net(let id, _) = operand, !graph.isDriven(id, by: isData), id != graph.source else { continue }
            guard design[id].lanes == 1 else {
                throw Obstacle(description: "the data path reads \(design.named.path(of: id)), a vector of control")
            }
        }
        if cell.operands.contains(.laneIndex) {
            throw Obstacle(description: "\(design.named.path(of: cell.outputs[0])) computes with its lane numbers")
        }
    }

    /// A scalar, or `bit AND (bank == lane)`.
    private static func writeEnable(of memory: MemoryCell, _ graph: CellGraph) throws -> WriteEnable {
        let design = graph.design
        guard case .net(let id, _) = memory.writeEnable else {
            throw Obstacle(description: "the write enable of \(memory.name) is a constant")
        }
        if design[id].lanes == 1 { return WriteEnable(bit: id, bank: nil) }
        if let both = graph.logic(id), both.kind == .and {
            for (mine, bit) in [(0, 1), (1, 0)] {
                guard case .net(let mineID, nil) = both.operands[mine], case .net(let bitID, nil) = both.operands[bit],
                    design[bitID].lanes == 1, let equal = graph.logic(mineID), equal.kind == .equal,
                    equal.operands[1] == .laneIndex, case .net(let bank, nil) = equal.operands[0],
                    design[bank].lanes == 1
                else { continue }
                return WriteEnable(bit: bitID, bank: bank)
            }
        }
        throw Obstacle(description: "\(design.named.path(of: id)) is no bit and number of a bank")
    }
}

/// Who drives and who reads each net of a Design.
struct CellGraph: Sendable {
    let design: Design
    /// Cell that drives each net, by net.
    let driver: [Int?]
    /// Cells that read each net, by net; a cell once.
    let readers: [[Int]]
    /// Where data enters.
    let source: NetID?

    init(_ design: Design, source: NetID? = nil) {
        (self.design, self.source) = (design, source)
        var driver = [Int?](repeating: nil, count: design.nets.count)
        var readers = [[Int]](repeating: [], count: design.nets.count)
        for index in design.cells.indices {
            let cell = design.cells[index]
            if cell.kind.isLogic {
                driver[cell.firstOutput.index] = index
            } else {
                for id in cell.outputs { driver[id.index] = index }
            }
            cell.forEachNet { id in
                if readers[id.index].last != index { readers[id.index].append(index) }
            }
        }
        (self.driver, self.readers) = (driver, readers)
    }

    /// Cells that a net's value can reach, by cell.
    func reached(from source: NetID) -> [Bool] {
        var result = [Bool](repeating: false, count: design.cells.count)
        var stack = [source.index]
        while let net = stack.popLast() {
            for cell in readers[net] where !result[cell] {
                result[cell] = true
                if design.cells[cell].kind.isLogic {
                    stack.append(design.cells[cell].firstOutput.index)
                } else {
                    stack += design.cells[cell].outputs.map(\.index)
                }
            }
        }
        return result
    }

    /// Whether one of the cells drives the net.
    func isDriven(_ id: NetID, by cells: [Bool]) -> Bool { driver[id.index].map { cells[$0] } ?? false }

    /// The logic cell that drives a net.
    func logic(_ id: NetID) -> LogicCell? {
        guard let index = driver[id.index], case .logic(let cell) = design.cells[index] else { return nil }
        return cell
    }

    /// Logic with lanes whose readers are write enables of data memories and such logic alone.
    func decoders(_ isData: [Bool], keeping kept: [NetID]) -> [Bool] {
        var result = [Bool](repeating: false, count: design.cells.count)
        let kept = Set(kept)
        var changed = true
        while changed {
            changed = false
            for index in design.cells.indices where !isData[index] && !result[index] {
                guard case .logic(let logic) = design.cells[index], design[logic.output].lanes > 1,
                    !kept.contains(logic.output),
                    readers[logic.output.index].allSatisfy({ isData[$0] || result[$0] })
                else { continue }
                result[index] = true
                changed = true
            }
        }
        return result
    }
}
