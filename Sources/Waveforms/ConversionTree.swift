// The scopes and signals of a trace that is converted.

/// The hierarchy of a read trace as a writer's hierarchy, with the way from one's indices to the other's.
struct ConversionTree {
    let hierarchy: SignalHierarchy
    /// The new handle of each source signal of the trace, -1 where it is not converted.
    private(set) var handleOfSource: [Int]
    /// The signals that are converted.
    let selection: Set<Int>

    init(_ file: TraceFile, selection: [Int]) throws {
        self.selection = Set(selection)
        var builder = Builder(file, selection: self.selection)
        let root = builder.scope(nil)
        hierarchy = try SignalHierarchy(root: [root], timescaleExponent: file.timescaleExponent, isConverted: true)
        handleOfSource = builder.handleOfSource
    }

    /// Rebuilds the tree in the writer's order: the signals of a scope first, then the scopes below it.
    private struct Builder {
        let file: TraceFile
        let selection: Set<Int>
        var children: [[Int]]
        var signals: [[Int]]
        var handleOfSource: [Int]
        private var handles = 0

        /// Lists are kept per scope, at the index of the scope plus one; 0 is outside all scopes.
        init(_ file: TraceFile, selection: Set<Int>) {
            self.file = file
            self.selection = selection
            children = Array(repeating: [], count: file.scopes.count + 1)
            signals = children
            handleOfSource = Array(repeating: -1, count: file.signals.count)
            for (index, scope) in file.scopes.enumerated() { children[(scope.parent ?? -1) + 1].append(index) }
            for (index, signal) in file.signals.enumerated() { signals[(signal.scope ?? -1) + 1].append(index) }
        }

        mutating func scope(_ index: Int?) -> SignalScope {
            let place = (index ?? -1) + 1
            var result = SignalScope(name: index.map { file.scopes[$0].name } ?? "")
            result.signals = signals[place].filter(selection.contains).map { declaration($0) }
            result.scopes = children[place].map { scope($0) }
            return result
        }

        private mutating func declaration(_ index: Int) -> SignalDeclaration {
            let signal = file.signals[index]
            let alias = handleOfSource[signal.source] >= 0 ? handleOfSource[signal.source] : nil
            if alias == nil { handleOfSource[signal.source] = handles }
            handles += 1
            return SignalDeclaration(
                name: signal.name, width: signal.width, kind: Self.kind(signal.kind), alias: alias,
                range: signal.range)
        }

        private static func kind(_ kind: TraceSignal.Kind) -> SignalKind {
            switch kind {
            case .wire, .other: .wire
            case .register: .register
            case .integer: .integer
            case .parameter: .parameter
            case .event: .event
            case .real: .real
            case .string: .string
            }
        }
    }
}
