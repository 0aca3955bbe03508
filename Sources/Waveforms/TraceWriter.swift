// The seam between the simulator's trace recorder and the file formats.

/// A sink for the value changes of one run.
///
/// Every signal starts at zero; in a converted hierarchy without a value. Values changed before or at the first time are initial values; all signals are
/// written with their initial values at that first time. Later only real changes are written, and a time is
/// only written when something changed at it. Memory for all signals is taken when the writer is made; a
/// change allocates only when a buffer grows.
public protocol TraceWriter: AnyObject {
    /// Moves to time `time`, in units of the hierarchy's timescale. Setting the same time again does nothing.
    /// - Throws: `WaveformError.invalid` when time runs backwards or the writer is closed,
    ///   `WaveformError.file` when data cannot be written.
    func setTime(_ time: UInt64) throws

    /// Gives signal `handle` a value of any width at the current time.
    /// - Parameters:
    ///   - handle: a handle of the hierarchy; an alias changes the signal it shares.
    ///   - words: ceil(width / 64) words, least significant first; bits above the width are ignored.
    func change(_ handle: Int, _ words: UnsafePointer<UInt64>)

    /// Gives signal `handle`, at most 64 bits wide, a value at the current time; bits above the width are
    /// ignored.
    func change(_ handle: Int, value: UInt64)

    /// Puts what was collected into the file, which otherwise waits for more, so that a killed run keeps it. To be called
    /// when all changes of the current time are given. Before the second time this does nothing.
    /// - Throws: `WaveformError.file` when data cannot be written.
    func flush() throws

    /// Gives signal `handle` of a converted hierarchy a value of any kind at the current time.
    func change(_ handle: Int, _ change: TraceChange)

    /// Ends a trace whose end is missing, at the last time set: a format that can say so keeps its mark of an
    /// unfinished file.
    /// - Throws: `WaveformError.file` when data cannot be written.
    func closeUnfinished() throws

    /// Ends the trace at the last time set and completes the file. A second call does nothing.
    /// - Throws: `WaveformError.file` when data cannot be written.
    func close() throws
}

extension TraceWriter {
    /// Ends the trace at time `end`, which marks the end of the simulation, and completes the file.
    /// - Throws: as `setTime` and `close`.
    public func close(at end: UInt64) throws {
        try setTime(end)
        try close()
    }
}

/// Makes the writer that a file name asks for and creates its file, replacing an existing one.
/// - Parameters:
///   - path: a file name with the ending of a `TraceFormat`.
///   - hierarchy: the signals.
///   - options: compression and flushing.
/// - Throws: `WaveformError.invalid` for another ending, `WaveformError.file` when the file cannot be created;
///   no file is left then.
public func makeTraceWriter(
    path: String, hierarchy: SignalHierarchy, options: TraceWriterOptions = TraceWriterOptions()
) throws -> any TraceWriter {
    switch try TraceFormat(path: path) {
    case .fst: try FSTWriter(path: path, hierarchy: hierarchy, options: options)
    case .vcd, .compressedVCD: try VCDWriter(path: path, hierarchy: hierarchy, options: options)
    }
}
