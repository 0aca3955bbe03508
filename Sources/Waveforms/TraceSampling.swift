// The times at which a trace is looked at when two traces are compared sample by sample.

/// Sample `k` is the state at time `offset + k * period`, changes at that very time included.
public struct TraceSampling: Sendable, Equatable, Codable {
    /// Time units between samples, at least 1.
    public var period: UInt64
    /// The time of sample 0, in units of the file's timescale.
    public var offset: UInt64

    /// Samples every `period` time units from `offset` on.
    /// - Throws: `WaveformError.invalid` for a period of 0.
    public init(period: UInt64, offset: UInt64 = 0) throws(WaveformError) {
        guard period > 0 else { throw .invalid("a sampling period must be at least 1") }
        self.period = period
        self.offset = offset
    }

    /// The first sample that shows a change at `time`.
    func firstSample(showing time: UInt64) -> UInt64 {
        time <= offset ? 0 : (time - offset - 1) / period + 1
    }

    /// The last sample at or before `time`, nil when there is none.
    func lastSample(by time: UInt64) -> UInt64? {
        time < offset ? nil : (time - offset) / period
    }
}
