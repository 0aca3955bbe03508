// Control on the plain kernel: every net in every cycle, written down one by one. Simple, right and slow: it is what
// faster ways of filling blocks are held to, and what runs where they do not apply.

import Design
import Kernel

/// The control Design in a Simulation.
final class PlainControl: ControlRunner {
    private let simulation: Simulation
    private let traffic: TrafficLog
    private let recorder = BlockRecorder()

    init(_ design: Design, traffic: TrafficLog, countsToggles: Bool) throws {
        simulation = try Simulation(checked: design, options: PlanOptions(countsToggles: countsToggles))
        self.traffic = traffic
        simulation.attach(recorder)
    }

    var cycle: Int { simulation.cycle }
    var inputs: InputPorts { simulation.inputs }
    func attach(_ device: any ExternalDevice) { simulation.attach(device) }
    func attach(_ observer: any Observer) { simulation.attach(observer) }
    func toggleCount(_ id: NetID) -> UInt64 { simulation.toggleCount(id) }

    func fill(_ block: ControlBlock, stop: NetID, limit: Int, cut: BlockCut) throws {
        recorder.block = block
        block.count = 0
        block.isLast = false
        while block.count < block.capacity && simulation.cycle < limit && !block.isLast && !cut.isAsked {
            traffic.move(to: block.count)
            try simulation.step()
            block.count += 1
            block.isLast = simulation.state.value(stop) != 0
        }
        block.findConstants()
        block.held = block.held.map { _ in nil }
    }
}

/// Writes the values of each cycle into a block.
private final class BlockRecorder: Observer {
    let window = 0..<Int.max
    var block: ControlBlock?

    func observe(cycle: Int, _ state: StateView) {
        guard let block else { return }
        let index = block.count
        for history in block.histories {
            let value = state.value(history.net)
            if history.isBit {
                let bit = UInt64(1) << UInt64(index & 63)
                if value != 0 { history.bits[index >> 6] |= bit } else { history.bits[index >> 6] &= ~bit }
            } else {
                history.values[index] = value
            }
        }
    }
}

extension ControlBlock {
    /// Finds the histories that do not vary.
    func findConstants() {
        for position in histories.indices {
            let history = histories[position]
            let first = count > 0 ? history.value(0) : 0
            histories[position].constant = first
            histories[position].isConstant = (0..<count).allSatisfy { history.value($0) == first }
        }
    }
}
