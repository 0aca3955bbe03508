// The layers of control. What decides when something happens is the timing cone: the cells from which the memory ports,
// `done` or what observers watch can be reached. It runs cycle by cycle, without its loop nest, which is one number
// (LoopNest). All other control lies below the cone: it reads the cone and nothing of it is read there, so it is computed
// afterwards, a block of cycles at a time.

import Design
import Fabric
import Kernel

/// Which cells of control belong to which layer.
struct ControlLayers {
    /// Cells that run cycle by cycle, ascending.
    let cone: [Int]
    /// The loop nest that stands for some of the cone's cells, which are below it; nil: none was found.
    let nest: LoopNest?
    /// Cells that are computed in blocks, in the order of the Design.
    let below: [Int]

    /// The layers of a Design's control. `watched` are the nets that observers look at.
    init(_ separation: Separation, watched: [NetID]) {
        let graph = separation.graph
        let design = separation.design
        let control = separation.control
        let ports = design.outputs.filter { $0 != separation.sink }
        let inBlocks = Set(control.filter { ControlLayers.runsInBlocks($0, graph) })
        // What cannot run in blocks runs cycle by cycle, with all that it reads.
        let others = control.filter { !inBlocks.contains($0) }
        let roots = ports + watched + others.flatMap { design.cells[$0].outputs }
        var cone = graph.cone(of: roots)
        nest = LoopNest.find(in: graph, among: cone, keeping: Set(roots))
        if let nest { cone.subtract(nest.cells) }
        self.cone = cone.sorted()
        below = control.filter { !cone.contains($0) }
    }

    /// Whether a cell may be below the cone: scalars of scalars, or of single lanes that are stored as such; delays that
    /// always go on, but not round.
    private static func runsInBlocks(_ index: Int, _ graph: CellGraph) -> Bool {
        let design = graph.design
        let cell = design.cells[index]
        switch cell {
        case .logic(let logic): if [.pack, .unpack, .laneSelect].contains(logic.kind) { return false }
        case .register: break
        case .shiftRegister(let shift):
            guard shift.enable == nil, !graph.reached(from: shift.output)[index] else { return false }
        case .memory, .dsp: return false
        }
        guard cell.outputs.allSatisfy({ design[$0].lanes == 1 }) else { return false }
        return cell.operands.allSatisfy { operand in
            switch operand {
            case .constant: true
            case .laneIndex: false
            case .net(let id, let map): design[id].lanes == 1 && map == nil || design[id].hasWideLanes
            }
        }
    }
}

extension CellGraph {
    /// The cells from which nets can be reached.
    func cone(of nets: [NetID]) -> Set<Int> {
        var result: Set<Int> = []
        var stack = nets
        while let net = stack.popLast() {
            guard let cell = driver[net.index], result.insert(cell).inserted else { continue }
            design.cells[cell].forEachNet { stack.append($0) }
        }
        return result
    }
}
