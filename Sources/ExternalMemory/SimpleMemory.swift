import Design
import Kernel

// `ideal` and `fixed` memory behind the kernel's device seam. In-order, one beat per port and cycle. What it drives in
// a cycle follows from its state alone; `fixed` shares a byte budget between the ports, fetch before read before
// write. Not modelled: banks, rows, refresh (the DDR4 model).

/// Byte-addressed external memory.
public final class SimpleMemory: ExternalDevice {
    public private(set) var bytes: [UInt8]
    public private(set) var bytesRead = 0
    public private(set) var bytesWritten = 0
    /// An access outside the memory: a defect of the program or the Design.
    public private(set) var fault: String?

    private let ports: MemoryPorts
    private let timing: MemoryTiming
    private struct Burst {
        var address: Int
        var beats: Int
        var due: Int
    }
    private var fetches: [Burst] = []
    private var reads: [Burst] = []
    private var readHead = 0
    private var acknowledgements: [Int] = []
    private var acknowledged = 0
    private var budget = 0
    private var random: UInt64
    private var drives = Driven()
    private static let fetchBytes = 16
    private static let fetchQueue = 4
    private static let readQueue = 16

    /// What the memory offers in the current cycle.
    private struct Driven {
        var fetchReady = false
        var fetchValid = false
        var readReady = false
        var readValid = false
        var writeReady = false
        var acknowledge = false

        /// What a memory without work offers: readiness.
        var isQuiet: Bool {
            fetchReady && readReady && writeReady && !fetchValid && !readValid && !acknowledge
        }
    }

    public init(_ image: [UInt8], ports: MemoryPorts, timing: MemoryTiming) {
        bytes = image
        self.ports = ports
        self.timing = timing
        random = timing.stallSeed ?? 0
    }

    /// The host's access, between two runs of the array.
    public func modify(_ body: (inout [UInt8]) throws -> Void) rethrows { try body(&bytes) }

    public var wakeNets: [NetID] { [ports.fetchRequest, ports.readRequest, ports.writeRequest] }

    /// Nothing is queued and no port has beats to move.
    private var rests: Bool {
        fetches.isEmpty && readHead == reads.count && acknowledged == acknowledgements.count
            && timing.stallSeed == nil && drives.isQuiet && budget == fullBudget
    }

    /// A budget of two beats lets odd rates average out without saving up idle time.
    private var fullBudget: Int {
        guard let rate = timing.bytesPerCycle65536 else { return 0 }
        return rate + 2 * max(ports.beatBytes, SimpleMemory.fetchBytes) << 16
    }

    public func drive(cycle: Int, _ inputs: InputPorts) {
        if let rate = timing.bytesPerCycle65536 { budget = min(budget + rate, fullBudget) }
        var left = timing.bytesPerCycle65536 == nil ? Int.max : budget
        let stalls = nextStalls()
        func affordable(_ count: Int) -> Bool {
            guard left >= count << 16 else { return false }
            left -= count << 16
            return true
        }
        var next = Driven()
        next.fetchReady = fetches.count < SimpleMemory.fetchQueue && stalls & 1 == 0
        next.readReady = reads.count - readHead < SimpleMemory.readQueue && stalls & 2 == 0
        if let burst = fetches.first, burst.due <= cycle, stalls & 4 == 0, affordable(SimpleMemory.fetchBytes) {
            next.fetchValid = true
        }
        if readHead < reads.count, reads[readHead].due <= cycle, stalls & 8 == 0, affordable(ports.beatBytes) {
            next.readValid = true
        }
        next.writeReady = stalls & 16 == 0 && affordable(ports.beatBytes)
        next.acknowledge = acknowledged < acknowledgements.count && acknowledgements[acknowledged] <= cycle
        drives = next
        inputs.set(ports.fetchReady, next.fetchReady ? 1 : 0)
        inputs.set(ports.fetchValid, next.fetchValid ? 1 : 0)
        inputs.set(ports.readReady, next.readReady ? 1 : 0)
        inputs.set(ports.readValid, next.readValid ? 1 : 0)
        inputs.set(ports.writeReady, next.writeReady ? 1 : 0)
        inputs.set(ports.writeAcknowledge, next.acknowledge ? 1 : 0)
        if next.fetchValid { offerFetch(inputs) }
        if next.readValid { offerRead(inputs) }
    }

    public func clock(cycle: Int, _ state: StateView) -> Bool {
        if drives.acknowledge { acknowledged += 1 }
        if drives.fetchValid {
            consume(SimpleMemory.fetchBytes)
            bytesRead += SimpleMemory.fetchBytes
            fetches[0].address += SimpleMemory.fetchBytes
            fetches[0].beats -= 1
            if fetches[0].beats == 0 { fetches.removeFirst() }
        }
        if drives.readValid, state.value(ports.readTake) != 0 { takeRead() }
        if drives.fetchReady, state.value(ports.fetchRequest) != 0 {
            fetches.append(
                Burst(
                    address: Int(state.value(ports.fetchAddress)), beats: ports.fetchBeats,
                    due: cycle + timing.latency))
        }
        if drives.readReady, state.value(ports.readRequest) != 0 {
            reads.append(
                Burst(
                    address: Int(state.value(ports.readAddress)), beats: Int(state.value(ports.readLength)) + 1,
                    due: cycle + timing.latency))
        }
        if drives.writeReady, state.value(ports.writeRequest) != 0 { write(cycle, state) }
        return rests
    }

    // MARK: beats

    private func consume(_ count: Int) {
        if timing.bytesPerCycle65536 != nil { budget -= count << 16 }
    }

    private func takeRead() {
        consume(ports.beatBytes)
        bytesRead += ports.beatBytes
        reads[readHead].address += ports.beatBytes
        reads[readHead].beats -= 1
        guard reads[readHead].beats == 0 else { return }
        readHead += 1
        if readHead == 1024 {
            reads.removeFirst(readHead)
            readHead = 0
        }
    }

    private func offerFetch(_ inputs: InputPorts) {
        let address = fetches[0].address
        guard check(address, SimpleMemory.fetchBytes) else { return }
        for word in 0..<4 {
            var value: Int64 = 0
            for byte in 0..<4 { value |= Int64(bytes[address + 4 * word + byte]) << Int64(8 * byte) }
            inputs.set(ports.fetchData, lane: word, value)
        }
    }

    private func offerRead(_ inputs: InputPorts) {
        let address = reads[readHead].address
        guard check(address, ports.beatBytes) else { return }
        bytes.withUnsafeBufferPointer { bytes in
            for field in 0..<ports.fields {
                let place = address + field * ports.fieldBytes
                let value =
                    ports.fieldBytes == 1
                    ? Int64(Int8(bitPattern: bytes[place]))
                    : Int64(Int16(truncatingIfNeeded: Int(bytes[place]) | Int(bytes[place + 1]) << 8))
                inputs.set(ports.readData, lane: field, value)
            }
        }
    }

    private func write(_ cycle: Int, _ state: StateView) {
        let address = Int(state.value(ports.writeAddress))
        consume(ports.beatBytes)
        bytesWritten += ports.beatBytes
        acknowledgements.append(cycle + timing.latency)
        if acknowledged == 4096 {
            acknowledgements.removeFirst(acknowledged)
            acknowledged = 0
        }
        guard check(address, ports.beatBytes) else { return }
        for field in 0..<ports.fields {
            let value = state.value(ports.writeData, lane: field)
            for byte in 0..<ports.fieldBytes {
                bytes[address + field * ports.fieldBytes + byte] = UInt8(truncatingIfNeeded: value >> Int64(8 * byte))
            }
        }
    }

    private func check(_ address: Int, _ count: Int) -> Bool {
        if address >= 0 && address + count <= bytes.count { return true }
        fault = fault ?? "access at byte \(address) of a memory of \(bytes.count)"
        return false
    }

    /// Five bits that are each set in a quarter of the cycles (SplitMix64).
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
