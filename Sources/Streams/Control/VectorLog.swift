// Vectors of control that a trace needs: there are few (the instruction port's data), so they are noted lane by lane when
// they change, beside the histories of a block.

import Design
import Kernel

/// What a vector of control holds from a cycle on.
package struct VectorSample: Sendable {
    /// The first cycle, counted from power-up.
    package var cycle: Int
    /// The vector.
    package var net: NetID
    /// Its lanes.
    package var lanes: [Int64]
}

/// Notes vectors of control in a window.
package final class VectorLog: Observer {
    /// Cycles in which they are looked at.
    package let window: Range<Int>
    private let nets: [NetID]
    private var last: [[Int64]]
    private var samples: [VectorSample] = []

    /// Looks at nets in the cycles of a window.
    package init(_ nets: [NetID], window: Range<Int>) {
        (self.nets, self.window) = (nets, window)
        last = nets.map { _ in [] }
    }

    /// Notes what has changed.
    package func observe(cycle: Int, _ state: StateView) {
        for (position, id) in nets.enumerated() {
            let lanes = (0..<state.lanes(of: id)).map { state.value(id, lane: $0) }
            if lanes == last[position] { continue }
            last[position] = lanes
            samples.append(VectorSample(cycle: cycle, net: id, lanes: lanes))
        }
    }

    /// One look at the first of the cycles that is in the window stands for all.
    package func observe(cycle: Int, count: Int, _ state: StateView) {
        let seen = (cycle..<cycle + count).clamped(to: window)
        if !seen.isEmpty { observe(cycle: seen.lowerBound, state) }
    }

    /// What was noted since the last call, ascending.
    package func take() -> [VectorSample] {
        defer { samples.removeAll() }
        return samples
    }
}
