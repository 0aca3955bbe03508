// What a trace must know of a cycle: any net is a function of the registers and inputs that logic leads to it from. So a
// trace on streams needs the values of those, in the cycles that it shows, and computes all that it shows from them.

import Design

/// The logic that makes some nets of a cycle, back to registers and inputs.
package struct TapCone: Sendable {
    /// The logic, by cell, ascending.
    package let cells: [Int]
    /// The registers and inputs that it begins with, and those among the nets themselves; ascending.
    package let sources: [NetID]
    /// Lanes that are computed or known in each cycle.
    package let lanes: Int

    /// The cone of nets.
    package init(_ design: Design, of nets: [NetID]) {
        let graph = CellGraph(design)
        var cells: Set<Int> = []
        var seen = [Bool](repeating: false, count: design.nets.count)
        var sources: [NetID] = []
        var stack = nets
        while let id = stack.popLast() {
            if seen[id.index] { continue }
            seen[id.index] = true
            if let index = graph.driver[id.index], design.cells[index].kind.isLogic {
                cells.insert(index)
                stack += design.cells[index].operands.compactMap(\.netID)
            } else {
                sources.append(id)
            }
        }
        self.cells = cells.sorted()
        self.sources = sources.sorted()
        lanes = design.nets.indices.reduce(0) { $0 + (seen[$1] ? design.nets[$1].lanes : 0) }
    }
}

extension Separation {
    /// The same, with the sources of a cone known in every cycle: scalars of control are handed on in blocks, its vectors
    /// as they change, and the data path has rows of its registers.
    package func watching(_ cone: TapCone) -> Separation {
        var result = self
        for id in cone.sources {
            if id == source || graph.isDriven(id, by: isData) {
                result.watchedRows.insert(id)
            } else if design[id].lanes > 1 {
                result.watchedVectors.append(id)
            } else {
                result.boundary.append(id)
            }
        }
        result.boundary = Set(result.boundary).sorted()
        return result
    }
}
