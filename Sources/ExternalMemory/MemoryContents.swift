// What external memory holds, whatever its timing: bytes, beats read and written, and how many bytes moved. A model of
// memory (Models) says when a beat moves; the host and whoever reads results use the contents alone.

import Design
import Kernel

/// Byte-addressed contents of external memory.
public final class MemoryContents: MemoryBeats {
    /// All bytes, from address 0 on.
    public private(set) var bytes: [UInt8]
    /// Bytes that the accelerator has taken so far, instructions included; the host's are not counted.
    public private(set) var bytesRead = 0
    /// Bytes that the accelerator has written so far.
    public private(set) var bytesWritten = 0
    /// The first access outside the memory: a defect of the program or the Design.
    public private(set) var fault: String?

    /// Memory that holds `image`, and no more.
    public init(_ image: [UInt8]) { bytes = image }

    /// The host's access, between two runs of the array.
    public func modify(_ body: (inout [UInt8]) throws -> Void) rethrows { try body(&bytes) }

    /// Counts a beat that the accelerator has taken.
    public func countRead(_ count: Int) { bytesRead += count }

    /// Puts the beat of an instruction at `address` on the fetch port. Outside the memory the port stays as it was.
    public func offerFetch(_ address: Int, to port: MemoryInterface.FetchPort, _ inputs: InputPorts) {
        guard contains(address, MemoryInterface.FetchPort.beatBytes) else { return }
        for word in 0..<MemoryInterface.FetchPort.beatBytes / 4 {
            var value: Int64 = 0
            for byte in 0..<4 { value |= Int64(bytes[address + 4 * word + byte]) << Int64(8 * byte) }
            inputs.set(port.data, lane: word, value)
        }
    }

    /// Puts the beat at `address` on the read port, and in the port's other fields what follows. Outside the memory the
    /// port stays as it was.
    public func offerRead(_ address: Int, bytes count: Int, to interface: MemoryInterface, _ inputs: InputPorts) {
        guard contains(address, count) else { return }
        let fieldBytes = interface.wideBeat.fieldBytes
        bytes.withUnsafeBufferPointer { bytes in
            for field in 0..<interface.wideBeat.fields {
                let place = address + field * fieldBytes
                var value: Int64 = 0
                if place + fieldBytes <= bytes.count {
                    value =
                        fieldBytes == 1
                        ? Int64(Int8(bitPattern: bytes[place]))
                        : Int64(Int16(truncatingIfNeeded: Int(bytes[place]) | Int(bytes[place + 1]) << 8))
                }
                inputs.set(interface.read.data, lane: field, value)
            }
        }
    }

    /// Writes the write port's beat at `address` and counts it; outside the memory it is lost.
    public func write(
        _ address: Int, from port: MemoryInterface.WritePort, _ beat: MemoryInterface.Beat, _ state: StateView
    ) {
        bytesWritten += beat.bytes
        guard contains(address, beat.bytes) else { return }
        for field in 0..<beat.fields {
            let value = state.value(port.data, lane: field)
            for byte in 0..<beat.fieldBytes {
                bytes[address + field * beat.fieldBytes + byte] = UInt8(truncatingIfNeeded: value >> Int64(8 * byte))
            }
        }
    }

    private func contains(_ address: Int, _ count: Int) -> Bool {
        if address >= 0 && address + count <= bytes.count { return true }
        fault = fault ?? MemoryContents.fault(at: address, of: bytes.count)
        return false
    }

    /// What is said of an access outside a memory of so many bytes.
    package static func fault(at address: Int, of bytes: Int) -> String {
        "access at byte \(address) of a memory of \(bytes)"
    }
}
