// One value change of a trace that is being read.

/// A value change, valid only inside the call that delivers it.
public struct TraceChange {
    /// The time in units of the file's timescale.
    public let time: UInt64
    /// The index in `TraceFile.signals`; for aliases that of the first of them.
    public let signal: Int
    /// The value, ceil(width / 64) words, least significant first; bits above the width are 0. An unknown bit is 1
    /// for z and 0 for x.
    public let words: UnsafeBufferPointer<UInt64>
    /// The bits that are neither 0 nor 1 (x, z and the like), nil when every bit is known.
    public let unknown: UnsafeBufferPointer<UInt64>?
    /// The bytes of a string; empty for every other signal.
    public let text: [UInt8]
    /// The file has one of VHDL's further values (`u`, `w`, `-`: read as x; `h`, `l`: read as 1, 0).
    public let isSimplified: Bool

    /// True when at least one bit is neither 0 nor 1.
    public var hasUnknown: Bool { unknown != nil }
}
