// One difference between two traces.

/// The first time at which a signal differs between two traces.
public struct TraceDifference: Sendable, Equatable, Codable {
    /// The sample number when samples are compared, otherwise the time in units of the finer timescale.
    public let step: UInt64
    /// The step as a time of the first file, in its units.
    public let timeA: UInt64
    /// The step as a time of the second file, in its units.
    public let timeB: UInt64
    /// The label of the signal, without the prefixes: its path, with the range where it takes that to tell.
    public let path: String
    /// The value in the first file.
    public let valueA: TraceReading
    /// The value in the second file.
    public let valueB: TraceReading
}
