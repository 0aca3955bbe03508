// How long a program takes, and nothing else: the timing cone without a recorder, over jumps. Memory moves no data
// (`TrafficLog`), so there is nothing below the cone to be computed either.

import Design
import Kernel

/// The timing of a Design that falls apart, from power-up on.
package final class TimingStream {
    private let cone: ConeControl

    /// The cone of a Design's control; observers may look at the nets of `watched`. Memory, to be attached, has a
    /// `TrafficLog` behind it.
    package init(_ separation: Separation, watching watched: [NetID]) throws {
        let layers = ControlLayers(separation, watched: watched)
        cone = try ConeControl(separation, layers, keeping: [], countsToggles: false)
    }

    /// Cycles run so far.
    package var cycle: Int { cone.simulation.cycle }
    /// Cycles that were not jumped over.
    package var steps: Int { cone.steps }
    /// The Design's input ports, for the host's addresses.
    package var inputs: InputPorts { cone.simulation.inputs }

    /// Adds a device, which drives and is clocked in the order of attaching.
    package func attach(_ device: any ExternalDevice) { cone.simulation.attach(device) }

    /// Adds an observer of the watched nets and of the ports; other nets may stand still.
    package func attach(_ observer: any Observer) { cone.simulation.attach(observer) }

    /// Runs as `Simulation.run` does; whether it is to be interrupted is asked about every 4,096 steps and jumps.
    package func run(stop: NetID, limit: Int, interrupted: (Int) -> Bool = { _ in false }) throws -> RunEnd {
        let simulation = cone.simulation
        let stopped = simulation.state.scalar(stop)
        var asked = 0
        while simulation.cycle < limit {
            _ = try cone.advance(atMost: limit - simulation.cycle)
            if stopped.pointee != 0 { return .stopped(cycle: simulation.cycle - 1) }
            asked += 1
            if asked & 4095 == 0 && interrupted(simulation.cycle) { return .interrupted(cycle: simulation.cycle) }
        }
        return .limit(cycle: simulation.cycle)
    }
}
