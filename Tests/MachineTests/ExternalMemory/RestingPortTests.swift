// Do ports that rest while nothing moves see the same as ports that are called in every cycle, before a DRAM?

import Accelerator
import Design
import Kernel
import Machine
import Schedule
import TestSupport
import Testing

@testable import ExternalMemory

@Suite struct RestingPortTests {
    /// A device that never rests.
    private final class Restless: ExternalDevice {
        let device: MemoryPorts
        init(_ device: MemoryPorts) { self.device = device }
        var wakeNets: [NetID] { device.wakeNets }
        func attached(to state: StateView, _ inputs: InputPorts) { device.attached(to: state, inputs) }
        func drive(cycle: Int, _ inputs: InputPorts) { device.drive(cycle: cycle, inputs) }
        func clock(cycle: Int, _ state: StateView) -> Int {
            _ = device.clock(cycle: cycle, state)
            return cycle + 1
        }
    }

    /// Every burst at its edge, and the end of the program: one port with long bursts and a long way, whose writes wait for
    /// room, and more ports than that.
    @Test(arguments: [64, 256, 4096], [1, 3])
    func sameBursts(burstBytes: Int, ports: Int) throws {
        for (coreKHz, portKHz) in [(200_000, 300_000), (50_000, 333_000), (300_000, 100_000)] {
            let settings = PortSettings(ports: ports, coreKHz: coreKHz, portKHz: portKHz, burstBytes: burstBytes)
            var system = PSMemorySettings.zcu102(ports: Array(repeating: portKHz, count: ports))
            system.path.forwardClocks *= 8
            let bench = try Bench(
                AcceleratorParameters(.svpe(weightBits: 3), 1, 16, 16), HostLayerTests.network(.twoInTurn))
            let resting = try run(bench, settings, system, rests: true)
            #expect(try run(bench, settings, system, rests: false) == resting, "\(settings)")
            #expect(resting.bursts.count > 10)
        }
    }

    private struct Seen: Equatable {
        var end: RunEnd
        var bursts: [[Int]]
    }

    private func run(
        _ bench: Bench, _ settings: PortSettings, _ system: PSMemorySettings, rests: Bool
    ) throws -> Seen {
        let slave = RecordingSlave(ProcessingSystem(system), ports: settings.ports)
        let simulation = try Simulation(checked: bench.accelerator.design, options: PlanOptions(countsToggles: false))
        let device = MemoryPorts(
            MemoryContents(bench.compiled.memoryImage(input: bench.inputs[0])), interface: bench.accelerator.memory,
            settings: settings, slave: slave)
        simulation.attach(rests ? device : Restless(device))
        for case .array(let streams) in bench.compiled.steps.prefix(1) {
            simulation.attach(HostStart(streams, bench.accelerator, inputs: simulation.inputs, cycle: 0))
        }
        let end = try simulation.run(stop: bench.accelerator.ports.done, limit: 100_000)
        return Seen(end: end, bursts: (slave.reads + slave.writes).map { [$0.port, $0.edge, $0.address, $0.beats] })
    }
}
