import Design
import Fabric

// The order in which logic is evaluated.

extension PlanBuilder {
    /// Topological order that stays in one module as long as it can, scalars first so that enables are known before
    /// data, and otherwise in the order of the Design, where what belongs together stands together.
    func levelOrder() throws -> [Int] {
        var driver = [Int](repeating: -1, count: design.nets.count)
        let logic = design.cells.indices.filter { design.cells[$0].kind.isLogic }
        for index in logic { driver[design.cells[index].firstOutput.index] = index }
        var waiting = [Int](repeating: 0, count: design.cells.count)
        var readers = [[Int]](repeating: [], count: design.cells.count)
        for index in logic {
            design.cells[index].forEachNet { id in
                let source = driver[id.index]
                guard source >= 0, readers[source].last != index else { return }
                waiting[index] += 1
                readers[source].append(index)
            }
        }
        var ready = [Set<Int>](repeating: [], count: 3 * design.scopes.count)
        func release(_ index: Int) { ready[3 * scope(ofCell: index) + stepClass(index).rawValue].insert(index) }
        for index in logic where waiting[index] == 0 { release(index) }
        var order: [Int] = []
        var current = 0
        while order.count < logic.count {
            if ready[current].isEmpty {
                // Fields, then scalars, then vectors; the module with most to do first.
                current = ready.indices.max { a, b in
                    (ready[a].isEmpty ? 0 : 3 - a % 3, ready[a].count)
                        < (ready[b].isEmpty ? 0 : 3 - b % 3, ready[b].count)
                }!
            }
            guard let next = ready[current].min() else { break }
            ready[current].remove(next)
            order.append(next)
            for reader in readers[next] {
                waiting[reader] -= 1
                if waiting[reader] == 0 { release(reader) }
            }
        }
        // A loop keeps its cells waiting; it is named.
        if order.count < logic.count { _ = try design.combinationalOrder() }
        return order
    }

    /// Cuts the order into segments, as short as the bits allow: what is in a segment runs together.
    func cutSegments(_ order: [Int]) -> [[Int]] {
        let stretches = cutSegments(order, most: Int.max)
        let scalars = stretches.filter { stepClass($0[0]) == .scalar }.map(\.count)
        func count(_ most: Int) -> Int {
            stretches.count + scalars.reduce(0) { $0 + ($1 + most - 1) / most - 1 }
        }
        // Some bits are left for what else a plan may have; where stretches alone take them, all.
        let fits = (5...max(5, scalars.max() ?? 5)).first { count($0) <= DirtyBits.segments * 7 / 8 }
        let most = fits ?? (5...max(5, scalars.max() ?? 5)).first { count($0) <= DirtyBits.segments }
        return most.map { cutSegments(order, most: $0) } ?? stretches
    }

    /// Cells of one module and class, scalars in stretches of at most so many.
    private func cutSegments(_ order: [Int], most: Int) -> [[Int]] {
        var segments: [[Int]] = []
        var last: (scope: Int, kind: SimulationPlan.StepClass)?
        for index in order {
            let kind = stepClass(index)
            let scope = scope(ofCell: index)
            let isFull = kind == .scalar && (segments.last?.count ?? 0) >= most
            if let last, last == (scope, kind), !isFull {
                segments[segments.count - 1].append(index)
            } else {
                segments.append([index])
            }
            last = (scope, kind)
        }
        return segments
    }

    func stepClass(_ index: Int) -> SimulationPlan.StepClass {
        if lanes(index) > 1 { return .vector }
        if case .logic(let cell) = design.cells[index], cell.kind == .slice, let id = cell.operands[0].netID,
            design[id].lanes > 1
        {
            return .field
        }
        return .scalar
    }

    func scope(ofCell index: Int) -> Int { design[design.cells[index].firstOutput].scope }

    func lanes(_ cell: Int) -> Int { design[design.cells[cell].firstOutput].lanes }
}
