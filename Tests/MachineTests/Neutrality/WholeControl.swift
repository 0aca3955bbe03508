// Control as the whole plain machine has it, cycle by cycle: what every stream of control is held to.
import Accelerator
import Design
import ExternalMemory
import Kernel
import Networks
import Schedule
import Streams
import TestSupport

@testable import Machine

/// One image on the whole plain kernel.
final class WholeControl {
    /// Values of each net of the boundary, by cycle.
    var values: [[Int64]]
    /// The read port's lanes, by cycle.
    var port: [[Int64]] = []
    /// What was written at the end of which cycle.
    var writes: [(cycle: Int, address: Int, bytes: [UInt8])] = []
    /// Cycles from which on the array stands while the host works.
    var stops: [Int] = []
    /// Memory after the host's work at each stop, before the first run first.
    var images: [[UInt8]] = []
    let simulation: Simulation
    let memory: MemoryContents
    let separation: Separation
    /// What observers of a stream may look at.
    let watched: [NetID]

    init(_ bench: Bench, countsToggles: Bool) throws {
        let (accelerator, program) = (bench.accelerator, bench.compiled)
        watched = accelerator.probes.nets
        separation = try Separation(accelerator.design, memory: accelerator.memory)
        values = separation.boundary.map { _ in [] }
        simulation = try Simulation(
            checked: accelerator.design, options: PlanOptions(countsToggles: countsToggles, evaluatesEverything: true))
        memory = MemoryContents(program.memoryImage(input: bench.inputs[0]))
        let spy = MemorySpy(memory, accelerator.memory.beat)
        simulation.attach(bench.memory.device(spy, interface: accelerator.memory))
        let recorder = EveryCycle { [unowned self] cycle, state in
            spy.cycle = cycle
            for (position, net) in separation.boundary.enumerated() { values[position].append(state.value(net)) }
            let data = accelerator.memory.read.data
            port.append((0..<state.lanes(of: data)).map { state.value(data, lane: $0) })
        }
        simulation.attach(recorder)
        let limit = CycleLimit.cycles(program, bench.memory)
        for step in program.steps {
            switch step {
            case .host(let layer): try program.compute(layer, in: memory)
            case .array(let streams):
                images.append(memory.bytes)
                simulation.attach(
                    HostPulse(accelerator, streams, inputs: simulation.inputs, cycle: simulation.cycle))
                guard case .stopped = try simulation.run(stop: accelerator.ports.done, limit: limit) else { return }
                stops.append(simulation.cycle)
            }
        }
        writes = spy.writes
    }
}

/// Sets the program's addresses and pulses `start` in one cycle.
final class HostPulse: ExternalDevice {
    private let start: NetID
    private let cycle: Int
    let wakeNets: [NetID] = []

    init(_ accelerator: Accelerator, _ streams: [Opcode: Int], inputs: InputPorts, cycle: Int) {
        let ports = accelerator.ports
        (start, self.cycle) = (ports.start, cycle)
        inputs.set(ports.loadProgram, Int64(streams[.load] ?? 0))
        inputs.set(ports.computeProgram, Int64(streams[.compute] ?? 0))
        inputs.set(ports.storeProgram, Int64(streams[.store] ?? 0))
    }

    func drive(cycle: Int, _ inputs: InputPorts) { inputs.set(start, cycle == self.cycle ? 1 : 0) }
    func clock(cycle: Int, _ state: StateView) -> Int { cycle > self.cycle ? Int.max : cycle + 1 }
}

/// Calls a closure in every cycle.
final class EveryCycle: Observer {
    let window = 0..<Int.max
    private let body: (Int, StateView) -> Void
    init(_ body: @escaping (Int, StateView) -> Void) { self.body = body }
    func observe(cycle: Int, _ state: StateView) { body(cycle, state) }
}

/// Memory that notes what is written when.
private final class MemorySpy: MemoryBeats {
    private let contents: MemoryContents
    private let beat: MemoryInterface.Beat
    var cycle = 0
    var writes: [(cycle: Int, address: Int, bytes: [UInt8])] = []

    init(_ contents: MemoryContents, _ beat: MemoryInterface.Beat) { (self.contents, self.beat) = (contents, beat) }

    func offerFetch(_ address: Int, to port: MemoryInterface.FetchPort, _ inputs: InputPorts) {
        contents.offerFetch(address, to: port, inputs)
    }
    func offerRead(_ address: Int, bytes: Int, to interface: MemoryInterface, _ inputs: InputPorts) {
        contents.offerRead(address, bytes: bytes, to: interface, inputs)
    }
    func write(
        _ address: Int, from port: MemoryInterface.WritePort, _ beat: MemoryInterface.Beat, _ state: StateView
    ) {
        contents.write(address, from: port, beat, state)
        let fields = beat.fields * beat.fieldBytes
        writes.append((cycle, address, Array(contents.bytes[address..<address + fields])))
    }
    func countRead(_ count: Int) { contents.countRead(count) }
}
