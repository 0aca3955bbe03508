// Collects scopes and signals while a reader walks a file's declarations.

/// Builds the scope and signal lists of a `TraceFile`.
struct HierarchyCollector {
    private(set) var scopes: [TraceScope] = []
    private(set) var signals: [TraceSignal] = []
    /// By the first signal of a stored value those that show it in another width or form.
    private(set) var others: [Int: [Int]] = [:]
    private var open: [Int] = []
    private var bits = 0
    private var pathBytes = 0

    mutating func enter(_ name: String) throws(Malformed) {
        guard open.count < TraceLimits.nesting else {
            throw TraceLimits.passed("its scopes are nested deeper than the reader follows", TraceLimits.nesting)
        }
        let (path, key) = try place(name, "scope")
        let parent = open.last
        open.append(scopes.count)
        scopes.append(TraceScope(name: name, path: path, parent: parent, key: key))
    }

    mutating func leave() throws(Malformed) {
        guard open.popLast() != nil else { throw Malformed(reason: "its hierarchy closes a scope that is not open") }
    }

    /// Adds a signal; `first` is the index of the first signal of its stored value, nil when it is the first.
    mutating func add(
        _ declaredName: String, width: Int, kind: TraceSignal.Kind, first: Int?
    ) throws(Malformed) {
        guard signals.count < TraceLimits.signals else {
            throw TraceLimits.passed("it has more signals than the reader takes", TraceLimits.signals)
        }
        bits += width
        guard bits <= TraceLimits.bits else {
            throw TraceLimits.passed("its signals have too many bits together", TraceLimits.bits)
        }
        let form = kind.form
        let (name, range) = TraceSignal.split(declaredName, width: form == .bits && width > 0 ? width : nil)
        let (path, key) = try place(name, "signal")
        let source = try source(width, form, first)
        signals.append(
            TraceSignal(
                name: name, path: path, range: range, width: width, kind: kind, scope: open.last, source: source,
                key: key))
    }

    /// An earlier signal that shows the same stored value in the same way, or the new one.
    private mutating func source(_ width: Int, _ form: TraceSignal.Form, _ first: Int?) throws(Malformed) -> Int {
        guard let first else { return signals.count }
        let shown = [first] + others[first, default: []]
        if let same = shown.first(where: { signals[$0].width == width && signals[$0].kind.form == form }) {
            return same
        }
        guard shown.count < TraceLimits.views else {
            throw TraceLimits.passed("one of its values is shown in too many widths", TraceLimits.views)
        }
        others[first, default: []].append(signals.count)
        return signals.count
    }

    /// The path and the key of a name in the open scope.
    private mutating func place(_ name: String, _ what: String) throws(Malformed) -> (path: String, key: String) {
        guard name.utf8.count <= TraceLimits.nameBytes else {
            throw TraceLimits.passed("the name of a \(what) has \(name.utf8.count) bytes", TraceLimits.nameBytes)
        }
        let parent = open.last.map { scopes[$0] }
        let path = parent.map { $0.path + "." + name } ?? name
        pathBytes += path.utf8.count
        guard pathBytes <= TraceLimits.pathBytes else {
            throw TraceLimits.passed("the paths of its signals have too many bytes together", TraceLimits.pathBytes)
        }
        guard name.utf8.contains(UInt8(ascii: ".")) || parent.map({ $0.key != $0.path }) ?? false else {
            return (path, path)
        }
        let part = String(name.map { $0 == "." ? Character(TraceSignal.dotInName) : $0 })
        return (path, parent.map { $0.key + "." + part } ?? part)
    }
}
