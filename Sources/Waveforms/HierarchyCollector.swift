// Collects scopes and signals while a reader walks a file's declarations.

/// Builds the scope and signal lists of a `TraceFile`.
struct HierarchyCollector {
    private(set) var scopes: [TraceScope] = []
    private(set) var signals: [TraceSignal] = []
    private var open: [Int] = []
    private var bits = 0

    /// A pass keeps the state of every signal: 1 GiB at most.
    private static let mostBits = 1 << 33

    mutating func enter(_ name: String) {
        let parent = open.last
        let path = parent.map { scopes[$0].path + "." + name } ?? name
        open.append(scopes.count)
        scopes.append(TraceScope(name: name, path: path, parent: parent))
    }

    mutating func leave() throws(Malformed) {
        guard open.popLast() != nil else { throw Malformed(reason: "its hierarchy closes a scope that is not open") }
    }

    /// Adds a signal; `source` is the index of the first signal of its value, nil when it is the first.
    mutating func add(
        _ declaredName: String, width: Int, kind: TraceSignal.Kind, source: Int?
    ) throws(Malformed) {
        bits += width
        guard bits <= Self.mostBits else {
            throw Malformed(reason: "its signals have more than \(Self.mostBits) bits together", isUnsupported: true)
        }
        let name = TraceSignal.nameWithoutRange(declaredName)
        let path = open.last.map { scopes[$0].path + "." + name } ?? name
        signals.append(
            TraceSignal(
                name: name, path: path, width: width, kind: kind, scope: open.last, source: source ?? signals.count))
    }
}
