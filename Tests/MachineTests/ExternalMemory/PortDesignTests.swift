// Is the model of the memory ports (ExternalMemory/Ports) the Design that hardware would be made from (Accelerator/Ports)?
// An accelerator runs on the model, and on the Designs with their FIFOs: what it asks and what it is answered must be the
// same in every cycle, with the same bursts at the same edges of the ports' clock and the same bytes in memory at the end.

import Accelerator
import Cosimulation
import Design
import ExternalMemory
import Kernel
import Machine
import Schedule
import TestSupport
import Testing

@testable import ExternalMemory

@Suite struct PortDesignTests {
    /// Random accelerators, networks, numbers of ports, clocks, lengths of bursts and slaves.
    @Test(arguments: 0..<4)
    func modelIsTheDesign(block: Int) throws {
        var cycles = 0
        for index in 0..<(Tools.isLong ? 60 : 4) {
            let random = RandomCase(seed: UInt64(4 * (index * 4 + block) + 3))
            let bench = try random.bench()
            guard case .ports(let settings, .fixed(let latency, let seed)) = PortDesignTests.fixed(random) else {
                continue
            }
            cycles += try compare(bench, settings, latency: latency, seed: seed, random.text)
        }
        #expect(cycles > 10_000)
    }

    /// Lines of one, two, four and eight beats of AXI: arrays whose own beats have 16 to 128 bytes.
    @Test(arguments: [8, 16, 32, 64], [1, 3])
    func wideLines(channels: Int, ports: Int) throws {
        let p = AcceleratorParameters(.svpe(weightBits: 3), 1, channels, channels)
        let bench = try Bench(p, HostLayerTests.network(.twoInTurn))
        #expect(bench.accelerator.memory.beat.bytes == 2 * channels)
        for (portKHz, burstBytes) in [(150_000, 64), (200_000, 256), (333_000, 4096)] {
            let settings = PortSettings(ports: ports, coreKHz: 200_000, portKHz: portKHz, burstBytes: burstBytes)
            _ = try compare(bench, settings, latency: 31, seed: nil, "\(channels) channels, \(settings)")
        }
    }

    /// Beats of weights 2 to 8 times as wide as those of activations: several beats of either kind in a line of AXI, a wide
    /// one in one, and lines of 2 to 8 beats of AXI of which rows of activations take a part.
    @Test(arguments: [(2, 2), (2, 4), (4, 2), (8, 2), (8, 4), (8, 8), (16, 2)], [1, 2, 4])
    func wideBeats(sizes: (channels: Int, ratio: Int), ports: Int) throws {
        var p = AcceleratorParameters(.vpe(weightBits: 8), 1, sizes.channels, sizes.channels)
        p.weightBeatRatio = sizes.ratio
        let bench = try Bench(p, WideBeatTests.network)
        #expect(bench.accelerator.memory.wideBeat.bytes == sizes.ratio * bench.accelerator.memory.beat.bytes)
        for (portKHz, burstBytes) in [(150_000, 64), (333_000, 256)] {
            let settings = PortSettings(ports: ports, coreKHz: 200_000, portKHz: portKHz, burstBytes: burstBytes)
            let seed: UInt64? = burstBytes == 64 ? 5 : nil
            _ = try compare(bench, settings, latency: 31, seed: seed, "\(sizes), \(settings)")
        }
    }

    /// The case's ports before a slave that does not know time as DRAM does.
    private static func fixed(_ random: RandomCase) -> MemoryModel {
        guard case .ports(let settings, .processingSystem) = random.memory else { return random.memory }
        return .ports(settings, .fixed(latency: 20, stallSeed: random.seed))
    }

    private func compare(
        _ bench: Bench, _ settings: PortSettings, latency: Int, seed: UInt64?, _ text: String
    ) throws -> Int {
        let model = try Outcome(bench, settings, latency: latency, seed: seed) { memory, slave in
            MemoryPorts(memory, interface: bench.accelerator.memory, settings: settings, slave: slave)
        }
        var hardware: PortHardware?
        let design = try Outcome(bench, settings, latency: latency, seed: seed) { memory, slave in
            let device = try PortHardware(
                memory, interface: bench.accelerator.memory, settings: settings, slave: slave)
            hardware = device
            return device
        }
        if let failure = hardware?.failure { throw failure }
        for (cycle, (found, expected)) in zip(design.cycles, model.cycles).enumerated() where found != expected {
            Issue.record("cycle \(cycle): on the Designs \(found), on the model \(expected); \(text)")
            break
        }
        #expect(design.cycles.count == model.cycles.count, "\(text)")
        #expect(design.bursts == model.bursts, "\(text)")
        // The bytes have gone through the lines, latches and strobes of the Designs.
        #expect(design.bytes == model.bytes, "\(text)")
        #expect(model.bytes.isEmpty == (model.cycles.count == Outcome.limit), "\(text)")
        return model.cycles.count
    }

    /// A run of an accelerator on a device before a slave.
    private struct Outcome {
        static let limit = 6_000
        /// Requests and answers, cycle by cycle.
        var cycles: [[Int64]]
        /// Port, edge, address and beats: reads, then writes.
        var bursts: [[Int]]
        /// External memory at the end of the program; empty where the run was cut, with writes under way.
        var bytes: [UInt8]

        init(
            _ bench: Bench, _ settings: PortSettings, latency: Int, seed: UInt64?,
            device: (MemoryContents, RecordingSlave) throws -> any MemoryDevice
        ) throws {
            let slave = RecordingSlave(
                SlaveModel.fixed(latency: latency, stallSeed: seed).make(settings), ports: settings.ports)
            let recorder = InterfaceRecorder(bench.accelerator.memory)
            var build = bench.build
            build.memory = .ports(settings, .fixed(latency: latency, stallSeed: seed))
            let machine = try Machine.assemble(
                build, input: bench.inputs[0], options: PlanOptions(countsToggles: false)
            ) { try device($0, slave) }
            machine.attach(recorder)
            let end = try machine.run(limit: Outcome.limit)
            cycles = recorder.cycles
            bursts = (slave.reads + slave.writes).map { [$0.port, $0.edge, $0.address, $0.beats] }
            if case .stopped = end { bytes = machine.memory.bytes } else { bytes = [] }
        }
    }
}

/// Requests and answers of the accelerator's interface, cycle by cycle; data where it is valid.
private final class InterfaceRecorder: Observer {
    let window = 0..<Int.max
    private let interface: MemoryInterface
    private(set) var cycles: [[Int64]] = []

    init(_ interface: MemoryInterface) { self.interface = interface }

    func observe(cycle: Int, _ state: StateView) {
        let (fetch, read, write) = (interface.fetch, interface.read, interface.write)
        let scalars = [
            fetch.ready, fetch.valid, read.ready, read.valid, write.ready, write.settled, fetch.request, fetch.address,
            read.request, read.address, read.length, read.take, write.request, write.address,
        ]
        var values = (scalars + [read.wide].compactMap { $0 }).map { state.value($0, lane: 0) }
        // What a beat does not have, lanes of a wide one, may hold anything; what it has is seen in memory at the end.
        let data = [(fetch.valid, fetch.data, 4), (read.valid, read.data, interface.beat.fields)]
        for (valid, data, lanes) in data where state.value(valid) != 0 {
            values += (0..<lanes).map { state.value(data, lane: $0) }
        }
        cycles.append(values)
    }
}
