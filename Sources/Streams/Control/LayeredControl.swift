// Control in its three layers: the timing cone cycle by cycle and over jumps, its loop nest as a number, and everything
// below in stretches of cycles. What it hands on is what PlainControl does.

import Design
import Kernel

/// The layers of a Design's control, running.
final class LayeredControl: ControlRunner {
    private let cone: ConeControl
    private let below: BlockMachine
    private let recorder: ConeRecorder
    private let writer: BlockWriter
    private let traffic: TrafficLog
    /// Registers that are counted below the cone.
    private let numbers: [NetID: Int]

    /// `level` says who computes what is below the cone.
    init(
        _ separation: Separation, watching watched: [NetID], traffic: TrafficLog, countsToggles: Bool, level: RowLevel
    ) throws {
        let layers = ControlLayers(separation, watched: watched)
        let graph = separation.graph
        let plan = BlockPlan(graph, layers, keeping: separation.boundary, countsToggles: countsToggles)
        let sources = Set(plan.outside.map(\.source.net)).sorted()
        cone = try ConeControl(separation, layers, keeping: sources, countsToggles: countsToggles)
        below = BlockMachine(plan, level: level)
        let lanes = sources.flatMap { net in
            (0..<separation.design[net].lanes).map { NetLane(net: net, lane: $0) }
        }
        let known = Dictionary(uniqueKeysWithValues: plan.outside.map { ($0.source, $0.net) })
        recorder = ConeRecorder(
            below.table, at: cone.simulation.state.scalar(sources[0]), numbers: lanes.map { known[$0] ?? -1 })
        cone.simulation.attach(recorder)
        writer = BlockWriter(below.table, numbers: separation.boundary.map { plan.numbers[NetLane(net: $0)]! })
        self.traffic = traffic
        let registers = layers.below.filter { !graph.design.cells[$0].kind.isLogic }
            .flatMap { graph.design.cells[$0].outputs }
        numbers = Dictionary(uniqueKeysWithValues: registers.map { ($0, plan.numbers[NetLane(net: $0)] ?? -1) })
    }

    var cycle: Int { cone.simulation.cycle }
    var inputs: InputPorts { cone.simulation.inputs }
    func attach(_ device: any ExternalDevice) { cone.simulation.attach(device) }
    func attach(_ observer: any Observer) { cone.simulation.attach(observer) }

    func toggleCount(_ id: NetID) -> UInt64 {
        guard let number = numbers[id] else { return cone.simulation.toggleCount(id) }
        return number < 0 ? 0 : below.toggleCount(number)
    }

    func fill(_ block: ControlBlock, stop: NetID, limit: Int, cut: BlockCut) throws {
        let stopped = cone.simulation.state.scalar(stop)
        block.count = 0
        block.isLast = false
        while block.count < block.capacity && cycle < limit && !block.isLast && !cut.isAsked {
            let most = min(BlockNet.most, block.capacity - block.count, limit - cycle)
            var count = 0
            recorder.begin(at: cycle)
            while count < most && !block.isLast && !cut.isAsked {
                traffic.move(to: block.count + count)
                count += try cone.advance(atMost: most - count)
                block.isLast = stopped.pointee != 0
            }
            recorder.finish(count)
            below.run(count)
            writer.write(count, to: block, at: block.count)
            block.count += count
        }
        writer.finish(block)
    }
}
