// The timing cone cycle by cycle, and over fixed points by jumps. It is the control Design with fewer cells on the plain
// kernel: cycles, causes and traffic are the same by construction.

import Design
import Kernel

/// The running cone.
final class ConeControl {
    let simulation: Simulation
    private let position: NestPosition?
    /// Cycles that were simulated one by one.
    private(set) var steps = 0

    /// At power-up; `kept` nets are read from outside and lie side by side.
    init(_ separation: Separation, _ layers: ControlLayers, keeping kept: [NetID], countsToggles: Bool) throws {
        simulation = try Simulation(
            checked: separation.design(of: layers.cone, keeping: kept),
            options: PlanOptions(countsToggles: countsToggles), sideBySide: kept)
        let (state, inputs) = (simulation.state, simulation.inputs)
        position = layers.nest.map { NestPosition($0, in: state, inputs) }
        if let position { simulation.attach(position) }
    }

    /// Runs a cycle, or a stretch of at most `most` cycles alike. Returns how many; throws what an observer throws, and
    /// `Separation.Obstacle` where the loop nest is not what it seemed.
    @inline(__always) func advance(atMost most: Int) throws -> Int {
        if let position {
            position.drive(simulation.state)
            guard !position.isBroken else {
                throw Separation.Obstacle(description: "the limits of the loop nest change while it runs")
            }
        }
        let skipped = try simulation.jump(atMost: min(most, position?.quietCycles ?? Int.max))
        if skipped > 0 { return skipped }
        try simulation.step()
        steps += 1
        return 1
    }
}
