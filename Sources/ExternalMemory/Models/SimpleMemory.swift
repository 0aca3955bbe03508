// `ideal` and `fixed` memory behind the kernel's device seam: when beats move; the bytes are those of its MemoryBeats.
// In-order, one beat per port and cycle. What it drives in a cycle follows from its state alone; `fixed` shares a byte
// budget between the ports, fetch before read before write; a wide beat costs its bytes. Not modelled: banks, rows, refresh.

import Design
import Kernel

/// A model of external memory with a fixed latency and bandwidth.
public final class SimpleMemory: MemoryDevice {
    private let contents: any MemoryBeats
    private let interface: MemoryInterface
    private let timing: MemoryTiming
    private struct Burst {
        var address: Int
        var beats: Int
        /// Of a beat.
        var bytes: Int
        var due: Int
    }
    private var fetches: [Burst] = []
    private var reads: [Burst] = []
    private var readHead = 0
    /// The cycle in which the last beat that was accepted has been written.
    private var written = -1
    private var budget = 0
    /// The last cycle whose bytes are in the budget.
    private var refilled = -1
    private var random: UInt64
    private var drives = MemoryOffer()
    /// Set when the memory is attached.
    private var ports: MemoryPlaces!
    private static let fetchBytes = MemoryInterface.FetchPort.beatBytes
    /// Bursts that may wait on a port.
    private static let fetchQueue = 4
    private static let readQueue = 16

    /// A memory of these contents at an accelerator's interface.
    public init(_ contents: any MemoryBeats, interface: MemoryInterface, timing: MemoryTiming) {
        self.contents = contents
        self.interface = interface
        self.timing = timing
        random = timing.stallSeed ?? 0
    }

    /// Requests wake a memory that rests.
    public var wakeNets: [NetID] { interface.requests }

    /// There is no DRAM.
    public func dram(before cycle: Int) -> DRAMStatistics? { nil }

    /// Looks up where the ports lie.
    public func attached(to state: StateView, _ inputs: InputPorts) {
        ports = MemoryPlaces(interface, state, inputs)
    }

    /// The first cycle after this one in which a port may change though nobody asks for anything.
    private func next(after cycle: Int) -> Int {
        // Readiness must last: queues have room, and the budget, which only grows meanwhile, is enough for a beat.
        let isReady =
            fetches.count < SimpleMemory.fetchQueue && reads.count - readHead < SimpleMemory.readQueue
            && (timing.bytesPerCycle65536.map { budget + $0 >= interface.beat.bytes << 16 } ?? true)
        guard timing.stallSeed == nil, drives.isQuiet, isReady else { return cycle + 1 }
        var next = Int.max
        if let burst = fetches.first { next = min(next, burst.due) }
        if readHead < reads.count { next = min(next, reads[readHead].due) }
        if written >= cycle || !drives.settled { next = min(next, drives.settled ? cycle + 1 : written + 1) }
        return max(next, cycle + 1)
    }

    /// Adds what the cycles since the last call were given.
    private func refill(to cycle: Int) {
        guard let rate = timing.bytesPerCycle65536 else { return }
        budget = min(budget + rate * (cycle - refilled), fullBudget)
        refilled = cycle
    }

    /// A budget of two beats lets odd rates average out without saving up idle time.
    private var fullBudget: Int {
        guard let rate = timing.bytesPerCycle65536 else { return 0 }
        return rate + 2 * max(interface.wideBeat.bytes, SimpleMemory.fetchBytes) << 16
    }

    /// Offers this cycle's beats, settlement and readiness, as far as the budget of bytes goes.
    public func drive(cycle: Int, _ inputs: InputPorts) {
        refill(to: cycle)
        var left = timing.bytesPerCycle65536 == nil ? Int.max : budget
        let stalls = nextStalls()
        func affordable(_ count: Int) -> Bool {
            guard left >= count << 16 else { return false }
            left -= count << 16
            return true
        }
        var next = MemoryOffer()
        next.fetchReady = fetches.count < SimpleMemory.fetchQueue && stalls & 1 == 0
        next.readReady = reads.count - readHead < SimpleMemory.readQueue && stalls & 2 == 0
        if let burst = fetches.first, burst.due <= cycle, stalls & 4 == 0, affordable(SimpleMemory.fetchBytes) {
            next.fetchValid = true
        }
        if readHead < reads.count, reads[readHead].due <= cycle, stalls & 8 == 0 {
            next.readValid = affordable(reads[readHead].bytes)
            // A wide beat that saves up for its bytes lets no write go first.
            if !next.readValid { left = 0 }
        }
        next.writeReady = stalls & 16 == 0 && affordable(interface.beat.bytes)
        next.settled = written < cycle
        drives = next
        ports.show(next)
        if next.fetchValid { contents.offerFetch(fetches[0].address, to: interface.fetch, inputs) }
        if next.readValid {
            contents.offerRead(reads[readHead].address, bytes: reads[readHead].bytes, to: interface, inputs)
        }
    }

    /// Takes the accelerator's answer: beats that moved and new requests. Returns when a port may change by itself.
    public func clock(cycle: Int, _ state: StateView) -> Int {
        refill(to: cycle)
        if drives.fetchValid {
            consume(SimpleMemory.fetchBytes)
            contents.countRead(SimpleMemory.fetchBytes)
            fetches[0].address += SimpleMemory.fetchBytes
            fetches[0].beats -= 1
            if fetches[0].beats == 0 { fetches.removeFirst() }
        }
        if drives.readValid, ports.take.pointee != 0 { takeRead() }
        if drives.fetchReady, ports.fetchRequest.pointee != 0 {
            fetches.append(
                Burst(
                    address: Int(ports.fetchAddress.pointee), beats: interface.fetch.beats,
                    bytes: SimpleMemory.fetchBytes, due: cycle + timing.latency))
        }
        if drives.readReady, ports.readRequest.pointee != 0 {
            reads.append(
                Burst(
                    address: Int(ports.readAddress.pointee),
                    beats: Int(ports.readLength.pointee) + 1, bytes: ports.requestedBeatBytes,
                    due: cycle + timing.latency))
        }
        if drives.writeReady, ports.writeRequest.pointee != 0 { write(cycle, state) }
        return next(after: cycle)
    }

    // MARK: beats

    private func consume(_ count: Int) {
        if timing.bytesPerCycle65536 != nil { budget -= count << 16 }
    }

    private func takeRead() {
        let bytes = reads[readHead].bytes
        consume(bytes)
        contents.countRead(bytes)
        reads[readHead].address += bytes
        reads[readHead].beats -= 1
        guard reads[readHead].beats == 0 else { return }
        readHead += 1
        if readHead == 1024 {
            reads.removeFirst(readHead)
            readHead = 0
        }
    }

    private func write(_ cycle: Int, _ state: StateView) {
        consume(interface.beat.bytes)
        written = cycle + timing.latency
        contents.write(Int(ports.writeAddress.pointee), from: interface.write, interface.beat, state)
    }

    /// Five bits that are each set in a quarter of the cycles, which hold up a port each (SplitMix64, Steele, Lea and
    /// Flood, OOPSLA 2014).
    private func nextStalls() -> UInt64 {
        guard timing.stallSeed != nil else { return 0 }
        random &+= 0x9E37_79B9_7F4A_7C15
        var z = random
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        z ^= z >> 31
        return z & (z >> 8)
    }
}
