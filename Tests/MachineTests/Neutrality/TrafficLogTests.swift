import Accelerator
import Design
import ExternalMemory
import Kernel
import TestSupport
import Testing

@testable import Streams

/// Does a log of traffic note what the data path must do again, and refuse what memory refuses?
@Suite struct TrafficLogTests {
    private let interface: MemoryInterface
    private let simulation: Simulation
    /// 256 bytes, instructions in the last 96.
    private let log = TrafficLog(instructions: [UInt8](0..<96), at: 160, memoryBytes: 256)
    private let contents = MemoryContents([UInt8](repeating: 0, count: 160) + [UInt8](0..<96))
    private let block: ControlBlock

    init() throws {
        let accelerator = try Accelerator(AcceleratorParameters(.svpe(weightBits: 3), 1, 2, 2))
        interface = accelerator.memory
        simulation = try Simulation(accelerator.design, options: PlanOptions(countsToggles: false))
        block = ControlBlock([], of: accelerator.design, capacity: 100)
        log.begin(block)
    }

    private func read(_ address: Int, in cycle: Int) {
        log.move(to: cycle)
        log.offerRead(address, bytes: interface.beat.bytes, to: interface, simulation.inputs)
    }

    private func write(_ address: Int, in cycle: Int) {
        log.move(to: cycle)
        log.write(address, from: interface.write, interface.beat, simulation.state)
    }

    private var reads: [[Int]] { block.reads.map { [Int($0.index), Int($0.address)] } }

    @Test func notesABeatWhereItChanges() {
        for cycle in 0..<3 { read(8, in: cycle) }
        read(16, in: 3)
        read(8, in: 9)
        #expect(reads == [[0, 8], [3, 16], [9, 8]])
    }

    @Test func notesABeatAgainWhenItsBytesMayHaveChanged() {
        read(8, in: 0)
        write(8, in: 1)
        read(8, in: 2)
        read(8, in: 3)
        log.endProgram()
        read(8, in: 4)
        #expect(reads == [[0, 8], [2, 8], [4, 8]])
        #expect(block.writes.map { [Int($0.index), Int($0.address)] } == [[1, 8]])
    }

    @Test func countsBytesAsMemoryDoes() {
        for memory in [log, contents] as [any MemoryBeats] {
            memory.write(8, from: interface.write, interface.beat, simulation.state)
            memory.countRead(16)
        }
        #expect(log.bytesRead == 16 && log.bytesRead == contents.bytesRead)
        #expect(log.bytesWritten == interface.beat.bytes && log.bytesWritten == contents.bytesWritten)
    }

    @Test func answersWithTheInstructions() {
        log.offerFetch(176, to: interface.fetch, simulation.inputs)
        let found = (0..<4).map { simulation.state.value(interface.fetch.data, lane: $0) }
        contents.offerFetch(176, to: interface.fetch, simulation.inputs)
        #expect(found == (0..<4).map { simulation.state.value(interface.fetch.data, lane: $0) })
        #expect(found[0] == 0x1312_1110 && log.fault == nil)
    }

    @Test(arguments: [256, 255, -1])
    func refusesWhatMemoryRefuses(address: Int) {
        for memory in [log, contents] as [any MemoryBeats] {
            memory.offerRead(address, bytes: interface.beat.bytes, to: interface, simulation.inputs)
            memory.write(1000, from: interface.write, interface.beat, simulation.state)
        }
        #expect(log.fault == "access at byte \(address) of a memory of 256" && log.fault == contents.fault)
        #expect(block.reads.isEmpty && block.writes.isEmpty && log.bytesWritten == contents.bytesWritten)
    }

    @Test func refusesToFetchData() {
        log.offerFetch(144, to: interface.fetch, simulation.inputs)
        #expect(log.fault == "an instruction is fetched at byte 144, where none is")
    }

    @Test func refusesToOverwriteInstructions() {
        write(160 - interface.beat.bytes, in: 0)
        #expect(log.fault == nil)
        write(160 - interface.beat.bytes / 2, in: 1)
        #expect(log.fault == "a write at byte \(160 - interface.beat.bytes / 2) overwrites an instruction")
    }
}
