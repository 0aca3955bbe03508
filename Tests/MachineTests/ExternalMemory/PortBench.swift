// The accelerator's AXI ports without an accelerator: a master that asks as fast as it is answered, and a slave that notes
// every handshake.

import Design
import Kernel

@testable import ExternalMemory

/// Asks for the transfers that it is given, takes every beat at once, and notes the cycles. Its requests are registers.
final class PortMaster: ExternalDevice {
    /// Bursts of the read port, beats of the write port and fetches, first to last.
    var reads: [(address: Int, beats: Int)] = []
    var writes: [Int] = []
    var fetches: [Int] = []
    /// The first cycle in which it asks.
    let start: Int
    /// Cycles in which a request was accepted, and in which a beat came.
    private(set) var readsAccepted: [Int] = []
    private(set) var writesAccepted: [Int] = []
    private(set) var fetchesAccepted: [Int] = []
    private(set) var readBeats: [Int] = []
    private(set) var fetchBeats: [Int] = []
    /// The last cycle in which writes were not settled.
    private(set) var unsettled = -1
    private let interface: MemoryInterface

    init(_ interface: MemoryInterface, start: Int) { (self.interface, self.start) = (interface, start) }

    let wakeNets: [NetID] = []

    func drive(cycle: Int, _ inputs: InputPorts) {
        let asks = cycle >= start
        inputs.set(interface.read.request, asks && !reads.isEmpty ? 1 : 0)
        if let read = reads.first {
            inputs.set(interface.read.address, Int64(read.address))
            inputs.set(interface.read.length, Int64(read.beats - 1))
        }
        inputs.set(interface.read.take, 1)
        inputs.set(interface.fetch.request, asks && !fetches.isEmpty ? 1 : 0)
        if let fetch = fetches.first { inputs.set(interface.fetch.address, Int64(fetch)) }
        inputs.set(interface.write.request, asks && !writes.isEmpty ? 1 : 0)
        if let write = writes.first { inputs.set(interface.write.address, Int64(write)) }
    }

    func clock(cycle: Int, _ state: StateView) -> Int {
        func both(_ one: NetID, _ other: NetID) -> Bool { state.value(one) != 0 && state.value(other) != 0 }
        if both(interface.read.request, interface.read.ready) {
            reads.removeFirst()
            readsAccepted.append(cycle)
        }
        if both(interface.fetch.request, interface.fetch.ready) {
            fetches.removeFirst()
            fetchesAccepted.append(cycle)
        }
        if both(interface.write.request, interface.write.ready) {
            writes.removeFirst()
            writesAccepted.append(cycle)
        }
        if state.value(interface.read.valid) != 0 { readBeats.append(cycle) }
        if state.value(interface.fetch.valid) != 0 { fetchBeats.append(cycle) }
        if state.value(interface.write.settled) == 0 { unsettled = cycle }
        return cycle + 1
    }
}

/// Notes every handshake of a slave.
final class RecordingSlave: AXISlave {
    struct Burst {
        var port: Int
        var address: Int
        var beats: Int
        var edge: Int
    }
    private let slave: any AXISlave
    private(set) var reads: [Burst] = []
    private(set) var writes: [Burst] = []
    /// By port: beats and responses taken.
    private(set) var beatsTaken: [Int]
    private(set) var responsesTaken: [Int]
    private var edges: [Int]

    init(_ slave: any AXISlave, ports: Int) {
        self.slave = slave
        (beatsTaken, responsesTaken, edges) = ([], [], [])
        beatsTaken = .init(repeating: 0, count: ports)
        (responsesTaken, edges) = (beatsTaken, beatsTaken)
    }

    func advance(port: Int, to edge: Int) {
        edges[port] = edge
        slave.advance(port: port, to: edge)
    }
    func readReady(_ port: Int) -> Bool { slave.readReady(port) }
    func read(_ port: Int, address: Int, beats: Int) {
        reads.append(Burst(port: port, address: address, beats: beats, edge: edges[port]))
        slave.read(port, address: address, beats: beats)
    }
    func readValid(_ port: Int) -> Bool { slave.readValid(port) }
    func takeRead(_ port: Int) {
        beatsTaken[port] += 1
        slave.takeRead(port)
    }
    func writeReady(_ port: Int, beats: Int) -> Bool { slave.writeReady(port, beats: beats) }
    func write(_ port: Int, address: Int, beats: Int) {
        writes.append(Burst(port: port, address: address, beats: beats, edge: edges[port]))
        slave.write(port, address: address, beats: beats)
    }
    func responseValid(_ port: Int) -> Bool { slave.responseValid(port) }
    func takeResponse(_ port: Int) {
        responsesTaken[port] += 1
        slave.takeResponse(port)
    }
    func nextEvent(_ port: Int) -> Int { slave.nextEvent(port) }
    var statistics: DRAMStatistics? { slave.statistics }
}

/// A master before ports before a slave.
struct PortBench {
    let master: PortMaster
    let slave: RecordingSlave
    let device: MemoryPorts
    let simulation: Simulation

    /// Beats of so many bytes; the master asks from cycle `start` on.
    init(_ settings: PortSettings, _ model: SlaveModel, beatBytes: Int, start: Int = 0) throws {
        var builder = DesignBuilder(name: "ports")
        func input(_ name: String, _ width: Int, lanes: Int = 1) -> NetID {
            lanes == 1
                ? builder.input(name, width: width).id
                : builder.inArray(name, lanes: lanes) { $0.input(name, width: width) }.id
        }
        let interface = MemoryInterface(
            fetch: .init(
                ready: input("fetch_ready", 1), valid: input("fetch_valid", 1),
                data: input("fetch_data", 32, lanes: 4), request: input("fetch_request", 1),
                address: input("fetch_address", 32), beats: 3),
            read: .init(
                ready: input("read_ready", 1), valid: input("read_valid", 1), data: input("read_data", 8),
                request: input("read_request", 1), address: input("read_address", 32),
                length: input("read_length", 16), take: input("read_take", 1)),
            write: .init(
                ready: input("write_ready", 1), settled: input("write_settled", 1),
                request: input("write_request", 1), address: input("write_address", 32),
                data: input("write_data", 8)),
            beat: .init(bytes: beatBytes, fields: 1, fieldBytes: 1))
        let design = try builder.build()
        simulation = try Simulation(checked: design, options: PlanOptions(countsToggles: false))
        slave = RecordingSlave(model.make(settings), ports: settings.ports)
        master = PortMaster(interface, start: start)
        simulation.attach(master)
        device = MemoryPorts(
            MemoryContents([UInt8](repeating: 0, count: 1 << 20)), interface: interface, settings: settings,
            slave: slave)
        simulation.attach(device)
    }

    func run(_ cycles: Int) throws { for _ in 0..<cycles { try simulation.step() } }
}
