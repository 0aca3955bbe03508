// Rewrites a trace in another format.

import Output

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
    /// stay; a signal without a value gets none. The new file appears whole or not at all. A file that was cut becomes
    /// an FST that says so; a VCD cannot.
    /// - Throws: `WaveformError.invalid` when `path` is the file itself or has an unknown ending, or when a pattern
    ///   matches nothing; `InputError` when it cannot be written; otherwise as `TraceFile.forEachChange` and the
    ///   writers.
    public func convert(_ file: TraceFile, to path: String) throws -> Result {
        guard !OutputFile.isSame(file.path, path) else {
            throw WaveformError.invalid("a trace cannot be converted into itself: '\(path)'")
        }
        let tree = try ConversionTree(file, selection: file.select(filter, SignalLabels(file)))
        _ = try TraceFormat(path: path)
        let target = try ResultFile.prepare(path, option: "the new file")
        defer { target.discard() }
        do {
            let writer = try makeTraceWriter(path: target.workingPath, hierarchy: tree.hierarchy, options: options)
            let result = try copy(file, tree, writer)
            try target.publish()
            return result
        } catch WaveformError.file(let action, let path, let reason) {
            throw WaveformError.file(action: action, path: target.named(path), reason: reason)
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
