// In which cycle each instruction of a tile program is done, on the memories `ideal` and `fixed`: the very cycles of the
// simulation, without it. Data decides no cycle, so four clocks are enough: the sequencer and its fetch unit
// (SequencerClock), the rows of a load (LoadClock), the beats of a store and the bytes that fetches, reads and writes
// share (MemoryClock). They go from event to event: a run of beats, of padding or of steps in which nothing else can
// change is one addition. Only where ports compete for too few bytes is every cycle looked at. Sources: Accelerator/Engines,
// ExternalMemory/Models/SimpleMemory. Not modelled: random stalls of the ports, and memory ports with their DRAM.

import Accelerator

/// The cycles of a program.
public struct ProgramTimes: Sendable, Equatable {
    /// Cycles from power-up until `done` of the last segment; the host's layers take none here.
    public var total: Int
    /// The cycle in which its engine took up each instruction, in program order.
    public var begins: [Int]
    /// The cycle in which its engine finished each instruction, in program order. An instruction that ends a layer ends
    /// it with this cycle.
    public var finishes: [Int]
}

/// A clock for the programs of one accelerator with one memory.
public struct ProgramClock: Sendable {
    let parameters: AcceleratorParameters
    let latency: Int
    let bytesPerCycle65536: Int?

    /// `latency`: cycles from the acceptance of a request to its first beat, and of a beat to its being written, at least
    /// 1. `bytesPerCycle65536`: bytes a cycle of all ports together in 1/65,536; nil: as fast as the ports.
    public init(_ parameters: AcceleratorParameters, latency: Int = 1, bytesPerCycle65536: Int? = nil) {
        precondition(latency >= 1)
        self.parameters = parameters
        self.latency = latency
        self.bytesPerCycle65536 = bytesPerCycle65536
    }

    /// A clock for the memory that a scheduler counts with.
    init(_ memory: ScheduleOptions.Memory, _ parameters: AcceleratorParameters) {
        self.init(parameters, latency: memory.latency, bytesPerCycle65536: memory.bytesPerCycle65536)
    }

    /// The cycles of a program whose segments are started one after the other, each when the one before is done: one
    /// segment unless said otherwise. The streams of the engines are the instructions of their opcodes, in order. Nil:
    /// the program waits for ever. All of configs/resnet50-svpe.yaml costs 41 million instructions of an x86-64
    /// (callgrind), three quarters of them in cycles in which ports compete for bytes.
    public func run(_ program: [Instruction], segments: [Range<Int>]? = nil) -> ProgramTimes? {
        var sequencer = SequencerClock(self, program)
        for segment in segments ?? [program.indices] {
            guard sequencer.run(segment) else { return nil }
        }
        return ProgramTimes(total: sequencer.cycle, begins: sequencer.begins, finishes: sequencer.finishes)
    }
}
