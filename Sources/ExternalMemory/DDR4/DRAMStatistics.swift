// What a DRAM did: counts that reports show, and a log of commands that checkers read.

/// Counts of a DRAM and its controller since the start.
public struct DRAMStatistics: Sendable, Hashable, Codable {
    /// Accesses of 64 bytes read.
    public var reads = 0
    /// Accesses of 64 bytes written.
    public var writes = 0
    /// Writes that joined one that waited: no access of their own.
    public var combinedWrites = 0
    /// Rows opened.
    public var activates = 0
    /// Rows closed for another of their bank.
    public var precharges = 0
    /// Refreshes of all banks.
    public var refreshes = 0
    /// Accesses that found their row open.
    public var rowHits = 0
    /// Accesses that found their bank closed.
    public var rowMisses = 0
    /// Accesses that found another row of their bank open.
    public var rowConflicts = 0
    /// Changes of the bus from reads to writes or back.
    public var turnarounds = 0
    /// DRAM clocks in which data were on the bus.
    public var busyClocks = 0
    /// DRAM clocks without data while an access waited, after a refresh.
    public var refreshClocks = 0
    /// The same, until a row was open.
    public var rowClocks = 0
    /// The same, until the bus had turned.
    public var turnaroundClocks = 0
    /// The same, for accesses of one bank group following each other.
    public var groupClocks = 0

    /// No counts.
    public init() {}

    private static let fields: [WritableKeyPath<DRAMStatistics, Int> & Sendable] = [
        \.reads, \.writes, \.combinedWrites, \.activates, \.precharges, \.refreshes, \.rowHits, \.rowMisses,
        \.rowConflicts, \.turnarounds, \.busyClocks, \.refreshClocks, \.rowClocks, \.turnaroundClocks, \.groupClocks,
    ]

    /// What was counted since.
    public static func - (later: DRAMStatistics, earlier: DRAMStatistics) -> DRAMStatistics {
        var result = later
        for field in fields { result[keyPath: field] -= earlier[keyPath: field] }
        return result
    }
}

/// A command on the DRAM's bus.
public struct DRAMCommand: Sendable, Hashable, Codable {
    /// What is commanded; the raw values are those of log files.
    public enum Kind: UInt8, Sendable, Codable {
        case activate, precharge, prechargeAll, read, write, refresh
    }
    /// The DRAM clock in which it is on the bus.
    public var cycle: Int
    /// What it is.
    public var kind: Kind
    /// The bank group; like the following 0 where the command has none.
    public var group = 0
    /// The bank in the group.
    public var bank = 0
    /// The row.
    public var row = 0
    /// The first of eight columns.
    public var column = 0
}
