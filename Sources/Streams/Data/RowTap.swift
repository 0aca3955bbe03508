// What looks at an image on streams as an observer looks at a Simulation. In the cycles of its window it takes registers
// and inputs from rows and histories, and has the logic between computed by the plain kernel (TapCone): so all that can
// be seen there can be seen here, and outside of its window a block costs one comparison.

import Design
import Kernel

#if MUTANTS
    import Mutants
#endif

/// Shows the cycles of a window of one image.
package final class RowTap {
    /// What is shown, and to whom.
    package struct View {
        /// Cycles that may be shown.
        package var window: Range<Int>
        /// Whether a cycle is shown; `ends` are the first cycles after the layers that have ended.
        package var isShown: (_ cycle: Int, _ ends: [Int]) -> Bool
        /// Sees a cycle. The nets of the cone have their values.
        package var observe: (_ cycle: Int, _ state: StateView) throws -> Void
        /// Told after each block that the cycles before this one are over, once the window has begun.
        package var passed: (_ cycle: Int) throws -> Void

        /// A view of a window.
        package init(
            window: Range<Int>, isShown: @escaping (Int, [Int]) -> Bool,
            observe: @escaping (Int, StateView) throws -> Void, passed: @escaping (Int) throws -> Void = { _ in }
        ) {
            (self.window, self.isShown, self.observe, self.passed) = (window, isShown, observe, passed)
        }
    }
    private struct Row {
        var id: NetID
        var net: RowNet
        var lanes: Int
        /// What the cycle before had; nil: not of this block.
        var last: UnsafeRawPointer?
    }
    private let simulation: Simulation
    private let view: View
    /// Cycles that may be shown.
    package var window: Range<Int> { view.window }
    private let scalars: [(id: NetID, index: Int)]
    private var rows: [Row] = []
    /// Nets whose rows it needs.
    private let watchedRows: Set<NetID>
    private var cycle = 0
    private var isNew = true

    /// A tap of a Design that falls apart and watches the cone (`Separation.watching`).
    package init(_ separation: Separation, _ cone: TapCone, _ view: View) throws {
        self.view = view
        simulation = try Simulation(
            checked: separation.design(of: cone.cells, keeping: []),
            options: PlanOptions(countsToggles: false, evaluatesEverything: true))
        let index = Dictionary(uniqueKeysWithValues: separation.boundary.enumerated().map { ($1, $0) })
        scalars = cone.sources.compactMap { id in index[id].map { (id, $0) } }
        watchedRows = separation.watchedRows
    }

    /// The nets of the data path that it looks at.
    func bind(_ nets: [RowNet], of design: Design) {
        rows = nets.compactMap { net in
            guard let id = net.id, watchedRows.contains(id) else { return nil }
            return Row(id: id, net: net, lanes: design[id].lanes)
        }
        precondition(rows.count == watchedRows.count, "a watched register has no rows")
    }

    /// Shows what of a block is in the window; rows and histories are complete. Throws what the view throws.
    func show(_ block: ControlBlock) throws {
        let first = cycle
        cycle += block.count
        if cycle <= view.window.lowerBound { return }
        let shown = (first..<cycle).clamped(to: view.window)
        if shown.isEmpty { return try view.passed(cycle) }
        // Rows that are carried from block to block lie in two places in turn.
        for position in rows.indices { rows[position].last = nil }
        var sample = 0
        for now in shown where view.isShown(now, block.layerEnds) {
            apply(block.samples, &sample, through: now)
            load(block, now - first)
            if isNew { try simulation.step() }
            isNew = false
            try view.observe(now, simulation.state)
        }
        // A vector that changes while no cycle is shown holds its value when one is.
        apply(block.samples, &sample, through: cycle - 1)
        try view.passed(cycle)
    }

    private func apply(_ samples: [VectorSample], _ next: inout Int, through last: Int) {
        while next < samples.count, samples[next].cycle <= last {
            #if MUTANTS
                if isPlanted("tap-vector") && !isNew { break }
            #endif
            let vector = samples[next]
            for (lane, value) in vector.lanes.enumerated() { set(vector.net, lane, value) }
            next += 1
        }
    }

    private func load(_ block: ControlBlock, _ index: Int) {
        #if MUTANTS
            let ahead = isPlanted("tap-row") ? 1 : 0
        #else
            let ahead = 0
        #endif
        for (id, history) in scalars { set(id, 0, block.histories[history].value(index)) }
        for position in rows.indices {
            let row = rows[position].net.pointers[index + ahead]
            if row == rows[position].last { continue }
            rows[position].last = row
            for lane in 0..<rows[position].lanes {
                set(rows[position].id, lane, rows[position].net.value(row!, lane: lane))
            }
        }
    }

    private func set(_ id: NetID, _ lane: Int, _ value: Int64) {
        if simulation.state.value(id, lane: lane) == value { return }
        isNew = true
        simulation.inputs.set(id, lane: lane, value)
    }
}
