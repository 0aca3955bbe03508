// A data path behind control compared with the whole plain machine: registers at the end of every block, memory and
// toggles at the end of the run.
import Accelerator
import Design
import ExternalMemory
import Kernel
import Networks
import Schedule
import Streams
import TestSupport
import Testing

@testable import Machine

/// How a data path is run.
struct DataWay: Sendable {
    var countsToggles = false
    var level = RowLevel.best
    var capacity = 512
}

/// Images on one data path beside as many plain machines.
struct StreamedData {
    private let bench: Bench
    private let text: String
    private let separation: Separation
    private let registers: [NetID]

    init(_ bench: Bench, _ text: String) throws {
        (self.bench, self.text) = (bench, text)
        let design = bench.accelerator.design
        separation = try Separation(design, memory: bench.accelerator.memory)
        registers = design.nets.indices.map { NetID($0) }.filter { design[$0].isRegister }
    }

    /// Everything that the data path has equals the plain machines'. Returns the registers compared in a block, and
    /// how many sums of products are computed at once, and the blocks in which a beat is read that the block has
    /// written.
    @discardableResult
    func expectEqual(_ way: DataWay) throws -> (registers: Int, sums: Int, rereads: Int) {
        var rereads = 0
        let (accelerator, program) = (bench.accelerator, bench.compiled)
        let plain = try bench.inputs.map {
            try bench.build.machine(with: $0, options: PlanOptions(countsToggles: way.countsToggles))
        }
        let traffic = TrafficLog(
            instructions: program.instructionBytes, at: program.instructionPlace.lowerBound,
            memoryBytes: program.memoryBytes)
        let control = try ControlStream(plain: separation, traffic: traffic, countsToggles: way.countsToggles)
        control.attach(bench.memory.device(traffic, interface: accelerator.memory))
        let plan = try DataPath.Plan(
            separation,
            options: .init(countsToggles: way.countsToggles, capacity: way.capacity, level: way.level))
        let path = try DataPath(plan, memory: accelerator.memory)
        let images = bench.inputs.map { path.makeImage(program.memoryImage(input: $0)) }
        let block = ControlBlock(separation.boundary, of: accelerator.design, capacity: way.capacity)
        for step in program.steps {
            switch step {
            case .host(let layer):
                for machine in plain { try program.compute(layer, in: machine.memory) }
                for image in images { try program.compute(layer, in: image) }
            case .array(let streams):
                control.attach(HostStart(streams, accelerator, inputs: control.inputs, cycle: control.cycle))
                for machine in plain { machine.startAgain(streams) }
                repeat {
                    try control.fill(block, stop: accelerator.ports.done, limit: 1 << 24)
                    rereads += block.readsWhatItWrote(accelerator.memory) ? 1 : 0
                    try path.run(block, images)
                    for (machine, image) in zip(plain, images) {
                        for _ in 0..<block.count { try machine.simulation.step() }
                        try expectEqualRegisters(path, image, machine.simulation)
                    }
                } while !block.isLast
            }
        }
        try expectEqualEnds(path, images, plain)
        return (path.readable.count, path.fusedSums, rereads)
    }

    private func expectEqualRegisters(_ path: DataPath, _ image: ImageState, _ plain: Simulation) throws {
        for id in path.readable {
            for lane in 0..<bench.accelerator.design[id].lanes {
                let (found, wanted) = (path.value(id, lane: lane, of: image), plain.state.value(id, lane: lane))
                try #require(
                    found == wanted,
                    "\(text): \(bench.accelerator.design.path(of: id, lane: lane)) after cycle \(plain.cycle)")
            }
        }
    }

    private func expectEqualEnds(_ path: DataPath, _ images: [ImageState], _ plain: [Machine]) throws {
        for (machine, image) in zip(plain, images) {
            try #require(image.bytes == machine.memory.bytes, "\(text): memory")
            for (net, count) in path.toggles(of: image) {
                let wanted = machine.simulation.toggleCount(net)
                #expect(count == wanted, "\(text): toggles of \(bench.accelerator.design.path(of: net))")
            }
        }
    }
}

extension ControlBlock {
    /// Whether a read beat overlaps one that was written in an earlier cycle of the block.
    fileprivate func readsWhatItWrote(_ memory: MemoryInterface) -> Bool {
        reads.contains { read in
            writes.contains { write in
                let distance = Int(write.address) - Int(read.address)
                return write.index < read.index && distance < memory.wideBeat.bytes && -distance < memory.beat.bytes
            }
        }
    }
}

extension Machine {
    /// The host starts a run of the array.
    func startAgain(_ streams: [Opcode: Int]) {
        simulation.attach(HostStart(streams, accelerator, inputs: simulation.inputs, cycle: simulation.cycle))
    }
}
