// Timing of the memories `ideal` and `fixed`, per cycle of the core clock.

/// Latency, bandwidth and stalls of external memory as the accelerator's ports see it.
public struct MemoryTiming: Sendable, Hashable, Codable {
    /// Cycles from the acceptance of a request to its first beat, and of a beat to its being written; >= 1.
    public var latency: Int
    /// Bytes per cycle of all ports together in 1/65,536; nil: as fast as the ports.
    public var bytesPerCycle65536: Int?
    /// Seed of random port stalls, for co-simulation; nil: none.
    public var stallSeed: UInt64?

    /// Infinite bandwidth, one cycle of latency.
    public static let ideal = MemoryTiming(latency: 1, bytesPerCycle65536: nil, stallSeed: nil)

    /// A latency of at least 1 cycle.
    public init(latency: Int, bytesPerCycle65536: Int?, stallSeed: UInt64?) {
        precondition(latency >= 1)
        self.latency = latency
        self.bytesPerCycle65536 = bytesPerCycle65536
        self.stallSeed = stallSeed
    }

    /// A fixed latency and bandwidth shared by all ports.
    public static func fixed(latency: Int, bytesPerCycle: Double) -> MemoryTiming {
        MemoryTiming(latency: latency, bytesPerCycle65536: Int((bytesPerCycle * 65536).rounded()), stallSeed: nil)
    }
}
