// Rewrites a trace in another format.

/// Converts between FST and VCD.
public struct TraceConverter: Sendable {
    /// What a conversion wrote and what it could not keep.
    public struct Result: Sendable, Equatable, Codable {
        /// Signals written, aliases included.
        public var signals: Int
        /// Value changes read and handed to the writer.
        public var changes: UInt64
        /// Of these, changes with unknown bits.
        public var changesWithUnknownBits: UInt64
        /// Changes with VHDL's further values, which became x, 0 or 1.
        public var simplifiedChanges: UInt64
        /// What was read.
        public var extent: TraceExtent
    }

    /// The signals converted, nil for all.
    public var filter: SignalFilter?
    /// Compression and flushing of the new file.
    public var options: TraceWriterOptions

    /// A conversion of everything unless told otherwise.
    public init(filter: SignalFilter? = nil, options: TraceWriterOptions = TraceWriterOptions()) {
        self.filter = filter
        self.options = options
    }

    /// Writes `file` to `path` in the format its ending names. Names, ranges, values with x and z, reals and strings
    /// stay; a signal without a value gets none. A new file that could not be completed is removed. A file that was
    /// cut becomes an FST that says so; a VCD cannot.
    /// - Throws: `WaveformError.invalid` when `path` is the file itself or has an unknown ending, or when a pattern
    ///   matches nothing; otherwise as `TraceFile.forEachChange` and the writers.
    public func convert(_ file: TraceFile, to path: String) throws -> Result {
        guard !OutputFile.isSame(file.path, path) else {
            throw WaveformError.invalid("a trace cannot be converted into itself: '\(path)'")
        }
        let tree = try ConversionTree(file, selection: file.select(filter, SignalLabels(file)))
        let writer = try makeTraceWriter(path: path, hierarchy: tree.hierarchy, options: options)
        do {
            return try copy(file, tree, writer)
        } catch {
            OutputFile.remove(path)
            throw error
        }
    }

    private func copy(_ file: TraceFile, _ tree: ConversionTree, _ writer: any TraceWriter) throws -> Result {
        var (changes, unknown, simplified) = (UInt64(0), UInt64(0), UInt64(0))
        let extent = try file.forEachChange(of: tree.selection) { change in
            try writer.setTime(change.time)
            writer.change(tree.handleOfSource[change.signal], change)
            changes += 1
            if change.hasUnknown { unknown += 1 }
            if change.isSimplified { simplified += 1 }
        }
        if changes == 0 { try writer.setTime(extent.start) }
        try writer.setTime(extent.end)
        try extent.isComplete ? writer.close() : writer.closeUnfinished()
        return Result(
            signals: tree.hierarchy.signalCount, changes: changes, changesWithUnknownBits: unknown,
            simplifiedChanges: simplified, extent: extent)
    }
}
