// The hardware between the accelerator's engines and its AXI ports, in numbers.

import Design

/// Clocks and sizes of the memory ports. docs/internals/MemoryPorts.md draws them.
public struct PortSettings: Sendable, Hashable, Codable {
    /// AXI ports, each with a read and a write engine: 1...4.
    public var ports: Int
    /// The accelerator's clock, in kHz.
    public var coreKHz: Int
    /// The ports' clock, in kHz.
    public var portKHz: Int
    /// Bytes of an AXI burst at most: a power of two, 64...4096. Bursts end at its multiples, so that none crosses 4 KiB.
    public var burstBytes: Int

    /// Bytes of an AXI beat: 128 bits, the width of an HP port.
    public static let beatBytes = PortDepth.beatBytes
    /// Beats that the data FIFO of a port and direction holds.
    public static let dataDepth = PortDepth.data
    /// Commands of a port and direction on their way to the ports' clock.
    public static let commandDepth = PortDepth.commands
    /// Requests of the load engine that are not yet answered.
    public static let requestDepth = PortDepth.requests
    /// Beats of instructions on their way.
    public static let fetchDepth = PortDepth.fetches

    /// Ports of that clock beside an accelerator of its own.
    public init(ports: Int, coreKHz: Int, portKHz: Int, burstBytes: Int = 256) {
        precondition((1...4).contains(ports) && coreKHz > 0 && portKHz > 0)
        precondition((64...4096).contains(burstBytes) && burstBytes & (burstBytes - 1) == 0)
        self.ports = ports
        self.coreKHz = coreKHz
        self.portKHz = portKHz
        self.burstBytes = burstBytes
    }

    /// Bytes that move at once on the accelerator's side: its widest beat, at least one of AXI.
    func lineBytes(_ beat: Int) -> Int { max(PortSettings.beatBytes, beat) }

    /// Bytes of a burst at most where lines are that long.
    func chunkBytes(_ beat: Int) -> Int { max(burstBytes, lineBytes(beat)) }
}
