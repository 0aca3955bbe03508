import Design
import Diagnostics
import Kernel

/// A Design in the kernel whose ports are called by `Design.portPath`: "write.write_line".
final class ClockedDesign {
    let design: Design
    let simulation: Simulation
    private let nets: [String: NetID]

    init(_ design: Design) throws {
        self.design = design
        var nets: [String: NetID] = [:]
        for id in design.inputs + design.outputs { nets[design.portPath(of: id)] = id }
        self.nets = nets
        simulation = try Simulation(design, options: PlanOptions(countsToggles: false, evaluatesEverything: true))
    }

    /// The net at a path. A path that does not exist is a defect of the caller.
    func net(_ path: String) -> NetID {
        guard let net = nets[path] else { preconditionFailure("the design \(design.name) has no port '\(path)'") }
        return net
    }

    /// Sets an input.
    func set(_ path: String, _ value: Int64) { simulation.inputs.set(net(path), value) }

    /// Sets the lanes of an input.
    func set(_ path: String, lanes: [Int64]) {
        let net = net(path)
        for (lane, value) in lanes.enumerated() { simulation.inputs.set(net, lane: lane, value) }
    }

    /// A port as it is now: logic as it was evaluated last, registers as they were clocked last.
    func value(_ path: String) -> Int64 { simulation.state.value(net(path), lane: 0) }

    /// The same, for one bit.
    func isSet(_ path: String) -> Bool { value(path) != 0 }

    /// All lanes of a port.
    func lanes(_ path: String) -> [Int64] {
        let net = net(path)
        return (0..<design[net].lanes).map { simulation.state.value(net, lane: $0) }
    }
}
