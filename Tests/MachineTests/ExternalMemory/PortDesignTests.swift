// Is the model of the memory ports (ExternalMemory/Ports) the Design that hardware would be made from (Accelerator/Ports)?
// An accelerator runs on the model; what it asked for in each cycle is asked of the Designs, in both clocks, and what they
// answer must be what the model answered, in every cycle, with the same bursts at the same edges of the ports' clock.

import Accelerator
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

    /// The case's ports before a slave that does not know time as DRAM does.
    private static func fixed(_ random: RandomCase) -> MemoryModel {
        guard case .ports(let settings, .processingSystem) = random.memory else { return random.memory }
        return .ports(settings, .fixed(latency: 20, stallSeed: random.seed))
    }

    private func compare(
        _ bench: Bench, _ settings: PortSettings, latency: Int, seed: UInt64?, _ text: String
    ) throws -> Int {
        func makeSlave() -> RecordingSlave {
            RecordingSlave(
                FixedSlave(ports: settings.ports, latency: latency, stallSeed: seed), ports: settings.ports)
        }
        let (expectedSlave, slave) = (makeSlave(), makeSlave())
        let recorder = InterfaceRecorder(bench.accelerator.memory)
        let memory = MemoryContents(bench.compiled.memoryImage(input: bench.inputs[0]))
        let simulation = try Simulation(checked: bench.accelerator.design, options: PlanOptions(countsToggles: false))
        simulation.attach(
            MemoryPorts(memory, interface: bench.accelerator.memory, settings: settings, slave: expectedSlave))
        simulation.attach(recorder)
        for case .array(let streams) in bench.compiled.steps.prefix(1) {
            simulation.attach(HostStart(streams, bench.accelerator, inputs: simulation.inputs, cycle: 0))
        }
        _ = try simulation.run(stop: bench.accelerator.ports.done, limit: 6_000)
        let hardware = try PortHardware(bench.accelerator.memory.beat, settings, slave)
        for (cycle, expected) in recorder.cycles.enumerated() {
            let found = try hardware.step(expected.requests)
            guard found == expected.answers else {
                Issue.record("cycle \(cycle): the Design answers \(found), the model \(expected.answers); \(text)")
                break
            }
        }
        func bursts(_ list: [RecordingSlave.Burst]) -> [[Int]] {
            list.map { [$0.port, $0.edge, $0.address, $0.beats] }
        }
        #expect(bursts(slave.reads) == bursts(expectedSlave.reads), "\(text)")
        #expect(bursts(slave.writes) == bursts(expectedSlave.writes), "\(text)")
        return recorder.cycles.count
    }
}

/// What the accelerator asks for in a cycle.
private struct PortRequests {
    var fetchRequest, fetchAddress: Int64
    var readRequest, readAddress, readLength, take: Int64
    var writeRequest, writeAddress: Int64
}

/// What it is answered.
private struct PortAnswers: Equatable {
    var fetchReady, fetchValid, readReady, readValid, writeReady, settled: Int64
}

/// Writes down both, cycle by cycle.
private final class InterfaceRecorder: Observer {
    let window = 0..<Int.max
    private let interface: MemoryInterface
    private(set) var cycles: [(requests: PortRequests, answers: PortAnswers)] = []

    init(_ interface: MemoryInterface) { self.interface = interface }

    func observe(cycle: Int, _ state: StateView) {
        let (fetch, read, write) = (interface.fetch, interface.read, interface.write)
        func value(_ net: NetID) -> Int64 { state.value(net, lane: 0) }
        cycles.append(
            (
                PortRequests(
                    fetchRequest: value(fetch.request), fetchAddress: value(fetch.address),
                    readRequest: value(read.request), readAddress: value(read.address),
                    readLength: value(read.length), take: value(read.take), writeRequest: value(write.request),
                    writeAddress: value(write.address)),
                PortAnswers(
                    fetchReady: value(fetch.ready), fetchValid: value(fetch.valid), readReady: value(read.ready),
                    readValid: value(read.valid), writeReady: value(write.ready), settled: value(write.settled))
            ))
    }
}

/// A Design in the kernel, whose nets are called by their paths.
private final class Side: Observer {
    let window = 0..<Int.max
    let simulation: Simulation
    private let nets: [String: NetID]
    /// Values of the outputs in the cycle that was stepped last.
    private var values: [String: Int64] = [:]

    init(_ design: Design) throws {
        var nets: [String: NetID] = [:]
        for id in design.inputs + design.outputs { nets[design.path(of: id)] = id }
        self.nets = nets
        simulation = try Simulation(design, options: PlanOptions(countsToggles: false))
        simulation.attach(self)
    }

    func observe(cycle: Int, _ state: StateView) {
        for (path, id) in nets { values[path] = state.value(id, lane: 0) }
    }

    func set(_ path: String, _ value: Int64) { simulation.inputs.set(nets["top." + path]!, value) }
    /// As it was evaluated.
    func output(_ path: String) -> Int64 { values["top." + path]! }
    /// A register, as it is now.
    func register(_ path: String) -> Int64 { simulation.state.value(nets["top." + path]!, lane: 0) }
}

/// The Designs of the ports, the memories of their FIFOs of commands, and a slave.
private final class PortHardware {
    private let core: Side
    private var ports: [Port]
    private let settings: PortSettings
    private let slave: any AXISlave
    private var cycle = 0
    private var edge = -1

    private struct Port {
        let side: Side
        var readCommands = [(address: Int64, length: Int64, stream: Int64)](repeating: (0, 0, 0), count: 16)
        var writeCommands = [(address: Int64, length: Int64)](repeating: (0, 0), count: 16)
        /// Streams and beats of the bursts that were asked for; bursts whose data have not begun; beats to come.
        var open: [(stream: Int64, beats: Int)] = []
        var taken: [(address: Int, beats: Int)] = []
        var beatsLeft = 0
    }

    init(_ beat: MemoryInterface.Beat, _ settings: PortSettings, _ slave: any AXISlave) throws {
        let designs = try MemoryPortDesigns(
            MemoryPortParameters(ports: settings.ports, burstBytes: settings.burstBytes, beat: beat))
        core = try Side(designs.core)
        ports = try (0..<settings.ports).map { _ in Port(side: try Side(designs.port)) }
        self.settings = settings
        self.slave = slave
    }

    /// A cycle of the accelerator, with the edges of the ports' clock in it.
    func step(_ requests: PortRequests) throws -> PortAnswers {
        let end = (cycle + 1) * settings.portKHz
        let last = end / settings.coreKHz
        let isCommon = last * settings.coreKHz == end
        while edge < last - (isCommon ? 1 : 0) {
            showCore()
            try stepPorts()
        }
        // At a common edge both sides see what was before it.
        showPorts()
        showCore()
        if isCommon { try stepPorts() }
        try stepCore(requests)
        cycle += 1
        return PortAnswers(
            fetchReady: core.output("fetch.fetch_ready"), fetchValid: core.output("fetched.fetch_valid"),
            readReady: core.output("read.read_ready"), readValid: core.output("answer.read_valid"),
            writeReady: core.output("write.write_ready"), settled: core.output("write.write_settled"))
    }

    /// The Gray codes of the core's counters at the ports.
    private func showCore() {
        for (index, port) in ports.enumerated() {
            let read = "port\(index).read_commands_pushed_gray"
            port.side.set("read_commands_pushed_gray", core.register(read))
            for name in ["write_commands_pushed_gray", "lines_pushed_gray"] {
                port.side.set(name, core.register("write.write\(index).\(name)"))
            }
        }
    }

    private func showPorts() {
        for (index, port) in ports.enumerated() {
            core.set("port\(index).read_commands_popped_gray", port.side.register("read_commands_popped_gray"))
            core.set("answer.line\(index).data_arrived_gray", port.side.register("data_arrived_gray"))
            for name in ["write_commands_popped_gray", "lines_popped_gray", "responses_gray"] {
                core.set("write.write\(index).\(name)", port.side.register(name))
            }
        }
        core.set("fetched.fetch_arrived_gray", ports[0].side.register("fetch_arrived_gray"))
    }

    private func stepCore(_ requests: PortRequests) throws {
        core.set("fetch_request", requests.fetchRequest)
        core.set("fetch_address", requests.fetchAddress)
        core.set("read_request", requests.readRequest)
        core.set("read_address", requests.readAddress)
        core.set("read_length", requests.readLength)
        core.set("read_take", requests.take)
        core.set("write_request", requests.writeRequest)
        core.set("write_address", requests.writeAddress)
        try core.simulation.step()
        for index in ports.indices {
            if core.output("port\(index).read_command_write") != 0 {
                let command = "command\(index).read_command_"
                ports[index].readCommands[Int(core.output("port\(index).read_command_write_place"))] = (
                    core.output(command + "address"), core.output(command + "length"), core.output(command + "stream")
                )
            }
            if core.output("write.write\(index).write_command_write") != 0 {
                ports[index].writeCommands[Int(core.output("write.write\(index).write_command_write_place"))] = (
                    core.output("write.write_command_address"), core.output("write.write_command_length")
                )
            }
        }
    }

    private func stepPorts() throws {
        edge += 1
        for index in ports.indices {
            slave.advance(port: index, to: edge)
            try stepPort(index)
        }
    }

    private func stepPort(_ index: Int) throws {
        let side = ports[index].side
        // The memories of commands are read without a clock, at the place that their counter shows now.
        let read = ports[index].readCommands[place(side.register("read_commands_popped_gray"))]
        let write = ports[index].writeCommands[place(side.register("write_commands_popped_gray"))]
        let readReady = slave.readReady(index)
        let writeReady = slave.writeReady(index, beats: Int(write.length) + 1)
        let (arrives, responds) = (slave.readValid(index), slave.responseValid(index))
        side.set("read_command_address", read.address)
        side.set("read_command_length", read.length)
        side.set("read_command_stream", read.stream)
        side.set("write_command_address", write.address)
        side.set("write_command_length", write.length)
        side.set("arready", readReady ? 1 : 0)
        side.set("rvalid", arrives ? 1 : 0)
        side.set("rid", ports[index].open.first?.stream ?? 0)
        side.set("awready", writeReady ? 1 : 0)
        side.set("wready", 1)
        side.set("bvalid", responds ? 1 : 0)
        try side.simulation.step()
        if arrives {
            slave.takeRead(index)
            ports[index].open[0].beats -= 1
            if ports[index].open[0].beats == 0 { ports[index].open.removeFirst() }
        }
        if readReady, side.output("arvalid") != 0 {
            let beats = Int(side.output("arlen")) + 1
            slave.read(index, address: Int(side.output("araddr")), beats: beats)
            ports[index].open.append((side.output("arid"), beats))
        }
        if side.output("wvalid") != 0 { moveBeat(index, isLast: side.output("wlast") != 0) }
        if writeReady, side.output("awvalid") != 0 {
            ports[index].taken.append((Int(side.output("awaddr")), Int(side.output("awlen")) + 1))
        }
        if responds { slave.takeResponse(index) }
    }

    /// Of a command, by the Gray code of its counter.
    private func place(_ gray: Int64) -> Int {
        var (value, rest) = (gray, gray >> 1)
        while rest != 0 { (value, rest) = (value ^ rest, rest >> 1) }
        return Int(value) & 15
    }

    private func moveBeat(_ index: Int, isLast: Bool) {
        if ports[index].beatsLeft == 0 {
            let burst = ports[index].taken.removeFirst()
            slave.write(index, address: burst.address, beats: burst.beats)
            ports[index].beatsLeft = burst.beats
        }
        ports[index].beatsLeft -= 1
        #expect(isLast == (ports[index].beatsLeft == 0), "WLAST is wrong")
    }
}
