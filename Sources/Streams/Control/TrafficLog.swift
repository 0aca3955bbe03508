// External memory as control sees it: no data. Instructions are answered from the program's bytes, which nobody
// writes; of reads and writes it only notes which beat moved in which cycle of the block that is being filled. What the
// beats hold is the data path's business: it follows the notes later, image by image.

import Design
import ExternalMemory
import Kernel

/// The traffic at the memory ports, for a block of cycles at a time.
package final class TrafficLog: MemoryBeats {
    /// Bytes that the accelerator has taken so far, instructions included, as `MemoryContents` counts them.
    package private(set) var bytesRead = 0
    /// Bytes that the accelerator has written so far.
    package private(set) var bytesWritten = 0
    /// The first access that memory or this log cannot answer: a defect of the program or the Design.
    package private(set) var fault: String?

    private let instructions: [UInt8]
    private let place: Range<Int>
    private let memoryBytes: Int
    private var block: ControlBlock?
    private var index = Int32(0)
    /// What the read port holds; nil: nobody knows any more, since bytes may have changed.
    private var offered: Int?

    /// A memory of so many bytes whose only instructions stand from `address` on.
    package init(instructions: [UInt8], at address: Int, memoryBytes: Int) {
        self.instructions = instructions
        place = address..<address + instructions.count
        self.memoryBytes = memoryBytes
    }

    // MARK: blocks

    /// Notes go into this block from now on.
    func begin(_ block: ControlBlock) {
        self.block = block
        block.reads.removeAll(keepingCapacity: true)
        block.writes.removeAll(keepingCapacity: true)
    }

    /// The cycle of the block that memory is asked about next.
    func move(to index: Int) { self.index = Int32(index) }

    /// The program has ended: until it is started again, the host may write anything.
    func endProgram() { offered = nil }

    // MARK: beats

    /// Puts an instruction's beat on the port. Fetching anything but instructions is a fault.
    package func offerFetch(_ address: Int, to port: MemoryInterface.FetchPort, _ inputs: InputPorts) {
        guard contains(address, MemoryInterface.FetchPort.beatBytes) else { return }
        guard place.contains(address), address + MemoryInterface.FetchPort.beatBytes <= place.upperBound else {
            fault = fault ?? "an instruction is fetched at byte \(address), where none is"
            return
        }
        for word in 0..<MemoryInterface.FetchPort.beatBytes / 4 {
            var value: Int64 = 0
            for byte in 0..<4 {
                value |= Int64(instructions[address - place.lowerBound + 4 * word + byte]) << Int64(8 * byte)
            }
            inputs.set(port.data, lane: word, value)
        }
    }

    /// Notes a beat where it is another than the port holds.
    package func offerRead(_ address: Int, bytes: Int, to interface: MemoryInterface, _ inputs: InputPorts) {
        guard address != offered, contains(address, bytes) else { return }
        offered = address
        block?.reads.append(BeatRecord(index: index, address: UInt32(address)))
    }

    /// Notes and counts a beat. One on the instructions is a fault.
    package func write(
        _ address: Int, from port: MemoryInterface.WritePort, _ beat: MemoryInterface.Beat, _ state: StateView
    ) {
        bytesWritten += beat.bytes
        guard contains(address, beat.bytes) else { return }
        if place.overlaps(address..<address + beat.bytes) {
            fault = fault ?? "a write at byte \(address) overwrites an instruction"
        }
        offered = nil
        block?.writes.append(BeatRecord(index: index, address: UInt32(address)))
    }

    /// Counts the bytes of a beat that the accelerator has taken.
    package func countRead(_ count: Int) { bytesRead += count }

    private func contains(_ address: Int, _ count: Int) -> Bool {
        if address >= 0 && address + count <= memoryBytes { return true }
        fault = fault ?? MemoryContents.fault(at: address, of: memoryBytes)
        return false
    }
}
