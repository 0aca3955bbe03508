// The settings shared by the trace writers.

/// How a trace writer compresses and how often it puts data into the file.
public struct TraceWriterOptions: Sendable, Equatable {
    /// zlib level 1...9; 0 stores without compression, which is the fastest. FST and `.vcd.gz` only.
    /// Level 4 is within 4 % of level 6 in size at a quarter of its time.
    public var compressionLevel: Int
    /// Uncompressed bytes after which an FST section is written. Small sections compress badly.
    public var sectionBytes: Int
    /// Seconds after which collected data is written even when a section is not full, so that a killed run
    /// loses little.
    public var flushSeconds: Int
    /// The creating program, put into the file's header.
    public var program: String
    /// The date put into the file's header; empty by default so that equal runs give equal files.
    public var date: String

    /// Options; every parameter has the default described at its property.
    public init(
        compressionLevel: Int = 4, sectionBytes: Int = 32 << 20, flushSeconds: Int = 30,
        program: String = "ShiftSim", date: String = ""
    ) {
        self.compressionLevel = compressionLevel
        self.sectionBytes = sectionBytes
        self.flushSeconds = flushSeconds
        self.program = program
        self.date = date
    }

    /// - Throws: `WaveformError.invalid` when a value is out of its range.
    func check() throws(WaveformError) {
        guard (0...9).contains(compressionLevel) else {
            throw .invalid("the trace compression level \(compressionLevel) is outside 0 to 9")
        }
        guard sectionBytes >= 1, flushSeconds >= 0 else {
            throw .invalid("the trace section size and flush interval must not be negative or zero")
        }
    }
}
