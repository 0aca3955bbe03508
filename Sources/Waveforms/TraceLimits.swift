// What a trace may ask of its reader. A file that passes a limit is refused with the limit's number; no limit depends
// on the machine. docs/guide/Traces.md lists them.

/// The limits of the trace readers.
enum TraceLimits {
    /// Scopes inside of each other.
    static let nesting = 1_000
    /// Bytes of the name of a scope or signal, and of one VCD declaration.
    static let nameBytes = 1 << 16
    /// Signals of one file.
    static let signals = 1 << 22
    /// Widths and forms in which one stored value is shown.
    static let views = 64
    /// Bytes of the paths of all signals and scopes together.
    static let pathBytes = 1 << 28
    /// Bits of one signal.
    static let width = 1 << 24
    /// Bits of all signals together; a comparison keeps 2 bits for each.
    static let bits = 1 << 28
    /// Bytes of one word of a VCD: a value of the widest signal and what stands before it.
    static let wordBytes = 1 << 25
    /// Bytes that a block of an FST, or the changes of one of its sections, may unpack to.
    static let unpackedBytes = 1 << 30
    /// Times of one section of an FST.
    static let sectionTimes = 1 << 27
    /// How often its packed size a wrapped FST may have, and the size that is always allowed.
    static let wrapperRatio = 64
    static let wrapperBytes = 1 << 26

    static func passed(_ what: String, _ limit: Int) -> Malformed {
        Malformed(reason: "\(what); the limit is \(limit)", isUnsupported: true)
    }
}
