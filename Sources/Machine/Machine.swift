// One accelerator, its external memory with an image, and a host: everything that runs is put together here, for
// simulations of images, co-simulations, benches and tests alike.

import Accelerator
import Design
import Diagnostics
import ExternalMemory
import Host
import Kernel
import Networks
import Observation
import Schedule

/// The simulated machine with one image in its memory, from power-up.
package final class Machine {
    /// The accelerator that runs.
    package let accelerator: Accelerator
    /// The program and the constants in memory.
    package let program: CompiledNetwork
    /// The accelerator's Design in the kernel.
    package let simulation: Simulation
    /// External memory: program, weights, feature maps.
    package let memory: MemoryContents
    let device: any MemoryDevice
    private let model: MemoryModel

    /// Puts a device of those contents at the ports of a simulation; nil: the model's.
    private init(
        _ accelerator: Accelerator, _ program: CompiledNetwork, _ simulation: Simulation, _ model: MemoryModel,
        _ contents: (memory: MemoryContents, device: (any MemoryDevice)?)
    ) {
        self.accelerator = accelerator
        self.program = program
        self.simulation = simulation
        self.model = model
        memory = contents.memory
        device = contents.device ?? model.device(contents.memory, interface: accelerator.memory)
        simulation.attach(device)
    }

    /// Puts a machine together, its image in memory and the memory at its ports. Costs the kernel's plan of the Design.
    package static func assemble(
        _ accelerator: Accelerator, _ program: CompiledNetwork, input: IntegerTensor, memory model: MemoryModel,
        options: PlanOptions
    ) throws -> Machine {
        let simulation = try Simulation(checked: accelerator.design, options: options)
        let memory = MemoryContents(program.memoryImage(input: input))
        return Machine(accelerator, program, simulation, model, (memory, nil))
    }

    /// The same with the image's memory behind a device of the caller's, which is as slow as the build's model.
    package static func assemble(
        _ build: Build, input: IntegerTensor, options: PlanOptions,
        device: (MemoryContents) throws -> any MemoryDevice
    ) throws -> Machine {
        let simulation = try Simulation(checked: build.accelerator.design, options: options)
        let memory = MemoryContents(build.program.memoryImage(input: input))
        return Machine(build.accelerator, build.program, simulation, build.memory, (memory, try device(memory)))
    }

    /// Adds somebody who looks at every cycle, after those that look already.
    package func attach(_ observer: any Observer) { simulation.attach(observer) }

    /// Runs the program to its end: array and host in turn. Cycles are those of the array; the host's are none here.
    /// `limit` cycles at most; nil: what the program can need. Where data is of no interest, the host need not compute.
    /// Throws `Defect` when the memory finds a wrong access.
    package func run(
        limit: Int? = nil, hostComputes: Bool = true, interrupted: (Int) -> Bool = { _ in false }
    ) throws -> RunEnd {
        let limit = limit ?? CycleLimit.cycles(program, model)
        var end = RunEnd.stopped(cycle: simulation.cycle)
        for step in program.steps {
            switch step {
            case .array(let streams):
                start(streams)
                end = try simulation.run(stop: accelerator.ports.done, limit: limit, interrupted: interrupted)
                if let fault = memory.fault { throw Defect("memory fault: \(fault)") }
                guard case .stopped = end else { return end }
            case .host(let layer):
                if hostComputes { try program.compute(layer, in: memory) }
            }
        }
        return end
    }

    /// Throws `Defect` where a run reached its limit: a deadlock.
    package func requireNoDeadlock(_ end: RunEnd) throws {
        if case .limit(let cycle) = end { throw Machine.deadlock(after: cycle, program) }
    }

    /// What a run that never ends is.
    static func deadlock(after cycle: Int, _ program: CompiledNetwork) -> Defect {
        Defect("deadlock: not done after \(cycle) cycles; the program predicts \(program.predictedCycles)")
    }

    /// The host starts the first run of the array; for those who step the simulation themselves.
    package func start() {
        for case .array(let streams) in program.steps.prefix(1) { start(streams) }
    }

    /// Sets the program ports and raises `start` for the next cycle.
    private func start(_ streams: [Opcode: Int]) {
        simulation.attach(HostStart(streams, accelerator, inputs: simulation.inputs, cycle: simulation.cycle))
    }
}

/// The host sets the program ports, and raises `start` in the next cycle.
package final class HostStart: ExternalDevice {
    private let start: NetID
    private let cycle: Int
    /// A start in `cycle`, the next one.
    package init(_ streams: [Opcode: Int], _ accelerator: Accelerator, inputs: InputPorts, cycle: Int) {
        let ports = accelerator.ports
        inputs.set(ports.loadProgram, Int64(streams[.load] ?? 0))
        inputs.set(ports.computeProgram, Int64(streams[.compute] ?? 0))
        inputs.set(ports.storeProgram, Int64(streams[.store] ?? 0))
        (start, self.cycle) = (ports.start, cycle)
    }
    /// It never wakes: it is done with its start.
    package let wakeNets: [NetID] = []
    /// Raises `start` in its cycle.
    package func drive(cycle: Int, _ inputs: InputPorts) { inputs.set(start, cycle == self.cycle ? 1 : 0) }
    /// Looks on until `start` is low again.
    package func clock(cycle: Int, _ state: StateView) -> Int { cycle > self.cycle ? Int.max : cycle + 1 }
}

/// How long a program can take: what stops a run that would never end. No prediction: bounds that no legal program
/// reaches, as if nothing were done at the same time as anything else, and twice that.
package enum CycleLimit {
    /// Edges that a request is under way outside the slave: 9 at equal clocks, and at others 2 and the rest of one for each
    /// of two crossings (docs/internals/MemoryPorts.md, "What a request costs"); with room to spare.
    private static let edgesAround = 64
    /// Answers that an instruction waits for besides those of its data: it is fetched, handed over and taken, and what was
    /// stored before has to settle; with room to spare.
    private static let answersOfInstruction = 8

    /// Cycles that a program takes at most with a memory: of the core's clock, all array steps together.
    package static func cycles(_ program: CompiledNetwork, _ memory: MemoryModel) -> Int {
        let bytes = program.layers.reduce(0) { $0 + $1.readBytes + $1.writtenBytes }
        switch memory {
        case .simple(let timing): return cycles(program, timing, bytes: bytes)
        case .ports(let settings, let slave):
            // A beat of AXI has 16 bytes. As if each were a request of its own and sent when the one before had its answer:
            // more than any contention costs, for beats that wait for each other's ports, rows or turns of the bus wait for
            // no more than these take alone.
            let answers = bytes / PortSettings.beatBytes + answersOfInstruction * (program.program.count + 8)
            let ratio = 1 + settings.coreKHz / settings.portKHz
            let waits = answers * (slave.longestLatency + edgesAround) * ratio
            return 2 * (program.predictedCycles + waits) + 10_000
        }
    }

    private static func cycles(_ program: CompiledNetwork, _ timing: MemoryTiming, bytes: Int) -> Int {
        // Bytes at the memory's bandwidth, and answers one after the other. A random stall holds up a handshake in a quarter
        // of the cycles: all takes 4/3 as long on average, four times as long is out of reach.
        let perByte = timing.bytesPerCycle65536.map { 65536.0 / Double(max(1, $0)) } ?? 1
        let waits = (program.program.count + 8) * (timing.latency + 16) * 8
        let stalls = timing.stallSeed == nil ? 2 : 8
        return stalls * (program.predictedCycles + Int(Double(bytes) * perByte) + waits) + 10_000
    }
}
