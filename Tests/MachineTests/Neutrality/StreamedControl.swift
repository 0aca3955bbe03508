// A stream of control compared with control as the whole plain machine has it.
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

/// A way to run control ahead.
enum ControlWay: String, CaseIterable, Sendable {
    case plain, layered
    /// without the C kernels
    case layeredInSwift
    /// with the C kernels of AVX2 where the processor has better ones
    case layeredOnAVX2

    func stream(_ whole: WholeControl, _ traffic: TrafficLog, countsToggles: Bool) throws -> ControlStream {
        switch self {
        case .layered, .layeredInSwift, .layeredOnAVX2:
            try ControlStream(
                layered: whole.separation, watching: whole.watched, traffic: traffic, countsToggles: countsToggles,
                level: self == .layered ? .best : self == .layeredInSwift ? .swift : .c(1))
        case .plain: try ControlStream(plain: whole.separation, traffic: traffic, countsToggles: countsToggles)
        }
    }
}

/// One run of a stream beside the whole machine's.
struct StreamedControl {
    let bench: Bench
    let whole: WholeControl
    let countsToggles: Bool

    init(_ bench: Bench, countsToggles: Bool) throws {
        self.bench = bench
        self.countsToggles = countsToggles
        whole = try WholeControl(bench, countsToggles: countsToggles)
    }

    /// Everything that control hands on equals the whole machine's, in blocks of the capacities in turn. Returns the
    /// read and the write beats compared.
    @discardableResult
    func expectEqual(_ way: ControlWay, capacities: [Int], _ text: String) throws -> (reads: Int, writes: Int) {
        let (accelerator, program) = (bench.accelerator, bench.compiled)
        let traffic = TrafficLog(
            instructions: program.instructionBytes, at: program.instructionPlace.lowerBound,
            memoryBytes: program.memoryBytes)
        let stream = try way.stream(whole, traffic, countsToggles: countsToggles)
        stream.attach(bench.memory.device(traffic, interface: accelerator.memory))
        let blocks = capacities.map {
            ControlBlock(whole.separation.boundary, of: accelerator.design, capacity: $0)
        }
        var replay = DataReplay(whole, accelerator.memory)
        var number = 0
        for (run, step) in program.steps.filter({ if case .array = $0 { true } else { false } }).enumerated() {
            guard case .array(let streams) = step else { continue }
            replay.memory = whole.images[run]
            stream.attach(HostPulse(accelerator, streams, inputs: stream.inputs, cycle: stream.cycle))
            var isLast = false
            while !isLast {
                let block = blocks[number % blocks.count]
                number += 1
                let start = stream.cycle
                try stream.fill(block, stop: accelerator.ports.done, limit: whole.stops[run])
                try #require(block.count > 0 && stream.cycle == start + block.count, "\(text): \(way)")
                try expectEqual(block, from: start, "\(text), \(way), blocks of \(capacities)")
                let follows = replay.follow(block, from: start)
                try #require(follows, "\(text), \(way): \(replay.difference)")
                isLast = block.isLast
                try #require(isLast == (stream.cycle == whole.stops[run]), "\(text), \(way): the end")
            }
        }
        #expect(traffic.fault == nil)
        #expect(traffic.bytesRead == whole.memory.bytesRead && traffic.bytesWritten == whole.memory.bytesWritten)
        for index in whole.separation.control {
            for id in accelerator.design.cells[index].outputs {
                let (found, wanted) = (stream.toggleCount(id), whole.simulation.toggleCount(id))
                #expect(found == wanted, "\(text), \(way): toggles of \(accelerator.design.path(of: id))")
            }
        }
        return (replay.reads, replay.writes)
    }

    private func expectEqual(_ block: ControlBlock, from start: Int, _ text: String) throws {
        for (position, history) in block.histories.enumerated() {
            let name = bench.accelerator.design.path(of: history.net)
            // One comparison an array: an expectation for each of millions of values would take minutes.
            let wanted = whole.values[position][start..<start + block.count]
            let found = (0..<block.count).map { history.value($0) }
            if !found.elementsEqual(wanted) {
                let index = zip(found, wanted).enumerated().first { $0.element.0 != $0.element.1 }!.offset
                try #require(found[index] == wanted[start + index], "\(text): \(name) in cycle \(start + index)")
            }
            let isConstant = wanted.allSatisfy { $0 == wanted.first }
            if history.isConstant {
                try #require(isConstant && history.constant == wanted.first, "\(text): \(name) varies from \(start)")
            }
        }
    }
}

/// Moves beats as a block says, with the bytes that the whole machine wrote, and compares what the read port holds.
struct DataReplay {
    private let whole: WholeControl
    private let interface: MemoryInterface
    private var port: [Int64]
    private var nextWrite = 0
    var memory: [UInt8] = []
    var difference = ""
    var reads = 0
    var writes: Int { nextWrite }

    init(_ whole: WholeControl, _ interface: MemoryInterface) {
        (self.whole, self.interface) = (whole, interface)
        port = [Int64](repeating: 0, count: interface.wideBeat.fields)
    }

    /// False at the first difference.
    mutating func follow(_ block: ControlBlock, from start: Int) -> Bool {
        var (read, write) = (0, 0)
        for index in 0..<block.count {
            while read < block.reads.count, block.reads[read].index == Int32(index) {
                take(Int(block.reads[read].address))
                read += 1
            }
            if port != whole.port[start + index] {
                difference = "the read port in cycle \(start + index)"
                return false
            }
            while write < block.writes.count, block.writes[write].index == Int32(index) {
                let next = whole.writes[nextWrite]
                if (start + index, Int(block.writes[write].address)) != (next.cycle, next.address) {
                    difference = "the write beat in cycle \(start + index), the machine's is in \(next.cycle)"
                    return false
                }
                memory.replaceSubrange(next.address..<next.address + next.bytes.count, with: next.bytes)
                nextWrite += 1
                write += 1
            }
        }
        reads += read
        difference = "beats that are not in order"
        return read == block.reads.count && write == block.writes.count
    }

    private mutating func take(_ address: Int) {
        for field in port.indices {
            let place = address + field * interface.beat.fieldBytes
            guard place + interface.beat.fieldBytes <= memory.count else {
                port[field] = 0
                continue
            }
            port[field] =
                interface.beat.fieldBytes == 1
                ? Int64(Int8(bitPattern: memory[place]))
                : Int64(Int16(truncatingIfNeeded: Int(memory[place]) | Int(memory[place + 1]) << 8))
        }
    }
}
