// Parameters of the memory ports' Designs.

import Design

/// Sizes of the hardware between an accelerator's engines and its AXI ports.
public struct MemoryPortParameters: Sendable, Hashable, Codable {
    /// AXI ports: 1...4.
    public var ports: Int
    /// Bytes of an AXI burst at most, at least a line's: a power of two.
    public var chunkBytes: Int
    /// The accelerator's beats.
    public var beat: MemoryInterface.Beat

    /// Ports for an accelerator with such beats; bursts are as long as a line at least.
    public init(ports: Int, burstBytes: Int, beat: MemoryInterface.Beat) {
        self.ports = ports
        self.beat = beat
        chunkBytes = max(burstBytes, beat.bytes)
    }

    /// Bytes that move at once on the accelerator's side.
    package var lineBytes: Int { max(PortDepth.beatBytes, beat.bytes) }
    /// AXI beats of a line.
    package var beatsOfLine: Int { lineBytes / PortDepth.beatBytes }
    /// The accelerator's beats in a line.
    package var slots: Int { lineBytes / beat.bytes }
    /// Lines that a write FIFO holds.
    package var lines: Int { PortDepth.data / beatsOfLine }
    /// AXI beats of the longest burst.
    var chunkBeats: Int { chunkBytes / PortDepth.beatBytes }

    /// Bits of a counter that tells a FIFO of that depth, a power of two, empty from full.
    static func counterBits(_ depth: Int) -> Int { bits(depth) + 1 }
    /// Bits of a number below `count`, a power of two or not.
    package static func bits(_ count: Int) -> Int { Int.bitWidth - (count - 1).leadingZeroBitCount }
}
