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
        /// Of these, changes with unknown bits, which the two-state writers store as 0.
        public var changesWithUnknownBits: UInt64
        /// The paths of reals and strings, which the writers do not know.
        public var skippedSignals: [String]
    }

    /// The signals converted, nil for all.
    public var filter: SignalGlob?
    /// Compression and flushing of the new file.
    public var options: TraceWriterOptions

    /// A conversion of everything unless told otherwise.
    public init(filter: SignalGlob? = nil, options: TraceWriterOptions = TraceWriterOptions()) {
        self.filter = filter
        self.options = options
    }

    /// Writes `file` to `path` in the format its ending names. The new file appears whole or not at all.
    /// - Throws: `WaveformError.invalid` when `path` is the file itself or has an unknown ending; `InputError` when it cannot be written; otherwise as
    ///   `TraceFile.forEachChange` and the writers.
    public func convert(_ file: TraceFile, to path: String) throws -> Result {
        guard !OutputFile.isSame(file.path, path) else {
            throw WaveformError.invalid("a trace cannot be converted into itself: '\(path)'")
        }
        let tree = try ConversionTree(file, filter: filter)
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
        var result = Result(
            signals: tree.hierarchy.signalCount, changes: 0, changesWithUnknownBits: 0,
            skippedSignals: tree.skipped.map { file.signals[$0].path })
        let extent = try file.forEachChange(of: tree.selection) { change in
            guard let words = change.words.baseAddress else { return }
            try writer.setTime(change.time)
            writer.change(tree.handleOfSource[change.signal], words)
            result.changes += 1
            if change.hasUnknown { result.changesWithUnknownBits += 1 }
        }
        if result.changes == 0 { try writer.setTime(extent.start) }
        try writer.close(at: extent.end)
        return result
    }
}

/// The hierarchy of a read trace as a writer's hierarchy, with the way from one's indices to the other's.
private struct ConversionTree {
    let hierarchy: SignalHierarchy
    /// The new handle of each source signal of the trace, -1 where it is not converted.
    private(set) var handleOfSource: [Int]
    private(set) var selection: Set<Int> = []
    private(set) var skipped: [Int] = []

    init(_ file: TraceFile, filter: SignalGlob?) throws {
        var builder = Builder(file, filter: filter)
        let root = builder.scope(nil)
        hierarchy = try SignalHierarchy(root: [root], timescaleExponent: file.timescaleExponent)
        handleOfSource = builder.handleOfSource
        selection = builder.selection
        skipped = builder.skipped
    }

    /// Rebuilds the tree in the writer's order: the signals of a scope first, then the scopes below it.
    private struct Builder {
        let file: TraceFile
        let filter: SignalGlob?
        var children: [[Int]]
        var signals: [[Int]]
        var handleOfSource: [Int]
        var selection: Set<Int> = []
        var skipped: [Int] = []
        private var handles = 0

        /// Lists are kept per scope, at the index of the scope plus one; 0 is outside all scopes.
        init(_ file: TraceFile, filter: SignalGlob?) {
            self.file = file
            self.filter = filter
            children = Array(repeating: [], count: file.scopes.count + 1)
            signals = children
            handleOfSource = Array(repeating: -1, count: file.signals.count)
            for (index, scope) in file.scopes.enumerated() { children[(scope.parent ?? -1) + 1].append(index) }
            for (index, signal) in file.signals.enumerated() { signals[(signal.scope ?? -1) + 1].append(index) }
        }

        mutating func scope(_ index: Int?) -> SignalScope {
            let place = (index ?? -1) + 1
            var result = SignalScope(name: index.map { file.scopes[$0].name } ?? "")
            for signal in signals[place] where filter?.matches(file.signals[signal].path) ?? true {
                if let declaration = declaration(signal) { result.signals.append(declaration) }
            }
            result.scopes = children[place].map { scope($0) }
            return result
        }

        private mutating func declaration(_ index: Int) -> SignalDeclaration? {
            let signal = file.signals[index]
            guard signal.kind != .real, signal.width > 0 else {
                skipped.append(index)
                return nil
            }
            let alias = handleOfSource[signal.source] >= 0 ? handleOfSource[signal.source] : nil
            if alias == nil { handleOfSource[signal.source] = handles }
            handles += 1
            selection.insert(index)
            return SignalDeclaration(
                name: signal.name, width: signal.width, kind: signal.kind == .register ? .register : .wire, alias: alias
            )
        }
    }
}
