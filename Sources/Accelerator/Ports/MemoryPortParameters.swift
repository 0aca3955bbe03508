// Parameters of the memory ports' Designs.

import Design

/// Sizes of the hardware between an accelerator's engines and its AXI ports.
public struct MemoryPortParameters: Sendable, Hashable, Codable {
    /// AXI ports: 1...4.
    public var ports: Int
    /// Bytes of an AXI burst at most, at least a line's: a power of two.
    public var chunkBytes: Int
    /// The accelerator's beats: those that it writes, and that it reads unless it asks for wide ones.
    public var beat: MemoryInterface.Beat
    /// Its wide beats; `beat` where all are alike.
    public var wideBeat: MemoryInterface.Beat

    /// Ports for an accelerator with such beats; bursts are as long as a line at least.
    public init(ports: Int, burstBytes: Int, beat: MemoryInterface.Beat, wideBeat: MemoryInterface.Beat? = nil) {
        self.ports = ports
        self.beat = beat
        self.wideBeat = wideBeat ?? beat
        chunkBytes = max(burstBytes, self.wideBeat.bytes)
    }

    /// Ports for an accelerator of that interface.
    public init(ports: Int, burstBytes: Int, memory: MemoryInterface) {
        self.init(ports: ports, burstBytes: burstBytes, beat: memory.beat, wideBeat: memory.wideBeat)
    }

    /// The accelerator asks for wide beats, too.
    var hasWideBeats: Bool { wideBeat.bytes > beat.bytes }

    /// Bytes that move at once from a read FIFO to the accelerator's side.
    package var lineBytes: Int { max(PortDepth.beatBytes, wideBeat.bytes) }
    /// AXI beats of such a line.
    package var beatsOfLine: Int { lineBytes / PortDepth.beatBytes }
    /// The accelerator's beats in it.
    var slots: Int { lineBytes / beat.bytes }
    /// Lines that a read FIFO holds.
    package var lines: Int { PortDepth.data / beatsOfLine }
    /// Bursts of data are rounded out to its multiples: lines, where rows of beats may begin inside one.
    var roundingBytes: Int { hasWideBeats ? lineBytes : PortDepth.beatBytes }

    /// Bytes that move at once from the accelerator's side to a write FIFO.
    package var writeLineBytes: Int { max(PortDepth.beatBytes, beat.bytes) }
    /// AXI beats of such a line.
    package var beatsOfWriteLine: Int { writeLineBytes / PortDepth.beatBytes }
    /// The accelerator's beats in it.
    package var writeSlots: Int { writeLineBytes / beat.bytes }
    /// Lines that a write FIFO holds.
    package var writeLines: Int { PortDepth.data / beatsOfWriteLine }

    /// AXI beats of the longest burst.
    var chunkBeats: Int { chunkBytes / PortDepth.beatBytes }

    /// Bits of a counter that tells a FIFO of that depth, a power of two, empty from full.
    static func counterBits(_ depth: Int) -> Int { bits(depth) + 1 }
    /// Bits of a number below `count`, a power of two or not.
    package static func bits(_ count: Int) -> Int { Int.bitWidth - (count - 1).leadingZeroBitCount }
}
